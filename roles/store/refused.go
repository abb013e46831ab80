package store

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"lockstep/policies/hint"
)

// lookTime is how long the members are asked, after a refusal or a time-out, for its
// cause: the caller's own time may be used up.
const lookTime = time.Second

// Identity is what a connection shows of its user, for the text of a refusal.
type Identity struct {
	User string // the certificate's CN, or the name of a user with a password
	// Certificate says which certificate it is: a path, or "root's certificate made in
	// memory"; "" for a user with a password.
	Certificate string
	Source      string // the flag or variable that named it; "" for none
}

// String is `"ops", the CN of ops.pem (named by --cert)`.
func (i Identity) String() string {
	switch {
	case i.Certificate != "":
		return fmt.Sprintf("%q, the CN of %s", i.User, i.certificate())
	case i.Source != "":
		return fmt.Sprintf("%q (named by %s)", i.User, i.Source)
	}
	return fmt.Sprintf("%q", i.User)
}

func (i Identity) certificate() string {
	switch {
	case i.Certificate == "":
		return "the certificate"
	case i.Source != "":
		return fmt.Sprintf("%s (named by %s)", i.Certificate, i.Source)
	}
	return i.Certificate
}

// Reason is why etcd refuses an identity. The zero value is that the answer does not tell.
type Reason int

const (
	NoReason        Reason = iota
	NoUser                 // etcd has no user of that name
	NotRoot                // the user is there, and it does not hold role root
	EmptyCN                // the certificate names no user
	IdentityIgnored        // some of the members ignore the CN (fact 2)
	LockedOut              // all of the members ignore the CN: root cannot get in by certificate
)

// RefusedError is etcd's refusal of the administrator: who was refused, and why.
type RefusedError struct {
	Who      Identity
	Reason   Reason
	Ignoring []string // the endpoints that ignore the CN; set for IdentityIgnored and LockedOut
	Seeing   []string // those that take it for the user
	Err      error    // etcd's answer, behind what was asked
}

func (e *RefusedError) Error() string { return fmt.Sprintf("%v: %s", e.Err, e.why()) }
func (e *RefusedError) Unwrap() error { return e.Err }

func (e *RefusedError) why() string {
	switch e.Reason {
	case NoUser:
		return fmt.Sprintf("etcd has no user %s", e.Who)
	case NotRoot:
		return fmt.Sprintf("the user %s does not hold role root", e.Who)
	case EmptyCN:
		return fmt.Sprintf("etcd takes a certificate's CN for the user, and the CN of %s is empty", e.Who.certificate())
	case IdentityIgnored:
		return fmt.Sprintf("%s ignores the user %s: it is not started with --client-cert-auth", strings.Join(e.Ignoring, ", "), e.Who)
	case LockedOut:
		return fmt.Sprintf("every member ignores the user %s: none is started with --client-cert-auth, and root cannot get in by certificate", e.Who)
	}
	return fmt.Sprintf("etcd refuses the user %s", e.Who)
}

// RestartHint is the cure, on the hosts, for members that ignore the CN.
const RestartHint = "On the host of each member named, restart etcd with --client-cert-auth (ETCD_CLIENT_CERT_AUTH=true, which the etcd.env of a member that lockstep makes holds): root then gets in by certificate (docs/auth-on.md). Then run the same command again."

// advice is what helps.
func (e *RefusedError) advice() string {
	switch e.Reason {
	case LockedOut:
		return strings.Replace(RestartHint, "each member named", "each member", 1)
	case IdentityIgnored:
		if len(e.Seeing) == 0 {
			return RestartHint
		}
		return RestartHint + " Until then these take the certificate: --endpoints " + strings.Join(e.Seeing, ",") + "."
	}
	const made = "lockstep then makes root's certificate in memory where the client CA's key is (in the PKI folder, or named by --ca-key). To write one: lockstep certs issue root --ttl 1h."
	switch {
	case strings.HasPrefix(e.Who.Source, "ETCDCTL_"):
		return "unset ETCDCTL_CERT ETCDCTL_KEY ETCDCTL_USER ETCDCTL_PASSWORD: " + made
	case e.Who.Source == "--user":
		return "Name a user that holds role root, or leave out --user: " + made
	case e.Who.Source != "":
		return "Name root's certificate with --cert and --key, or leave both out: " + made
	}
	return "Look whether that port is etcd's own: behind an etcd grpc-proxy no certificate reaches etcd. Name the members themselves with --endpoints."
}

// explainRefusal makes a *RefusedError, with a hint, of a refusal of this connection's
// own user. Callers leave out answers about a user or role that the call itself names.
func (c *Client) explainRefusal(ctx context.Context, err error) error {
	refused := &RefusedError{Who: c.target.As, Err: err}
	switch {
	case isUserNotFound(err):
		refused.Reason = NoUser
	case IsPermissionDenied(err):
		refused.Reason = NotRoot
	case refused.Who.User == "":
		refused.Reason = EmptyCN
	default:
		refused.Reason = IdentityIgnored
		refused.Ignoring, refused.Seeing = c.ignoringEndpoints(ctx)
		if len(refused.Ignoring) == len(c.target.Endpoints) {
			refused.Reason = LockedOut
		}
	}
	return hint.With(refused, refused.advice())
}

// refusesUser reports whether err refuses the user of the connection, whatever was asked.
func refusesUser(err error) bool {
	return IsPermissionDenied(err) || IsUserEmpty(err) || isUserNotFound(err)
}

// ignoringEndpoints is the endpoints that ignore the certificate's CN, and those where it is
// root, all asked together, each by a connection of its own.
func (c *Client) ignoringEndpoints(ctx context.Context) (ignoring, seeing []string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookTime)
	defer cancel()
	answers := make([]error, len(c.target.Endpoints))
	var group sync.WaitGroup
	for i, url := range c.target.Endpoints {
		group.Go(func() {
			one := c.target
			one.Endpoints, one.Timeout = []string{url}, lookTime
			etcd, err := Connect(ctx, one)
			if err == nil {
				err = etcd.CheckRoot(ctx)
				_ = etcd.Close() // nothing was written through it
			}
			answers[i] = err
		})
	}
	group.Wait()
	for i, url := range c.target.Endpoints {
		switch {
		case answers[i] == nil:
			seeing = append(seeing, url)
		case IsUserEmpty(answers[i]):
			ignoring = append(ignoring, url)
		}
	}
	return ignoring, seeing
}
