package store

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"

	"lockstep/policies/hint"
	"lockstep/roles"
)

// API is what users and roles need of etcd. clientv3.Client has it, and so has the fake.
type API interface {
	clientv3.Auth
	Txn(ctx context.Context) clientv3.Txn
}

// keepAlive finds out that a member is gone while calls wait for it; etcd by default
// takes no more than one such question in 5 s (--grpc-keepalive-min-time).
const keepAlive = 10 * time.Second

// Target is the members to connect to and the certificate to show. TLS must be set: plain http is refused.
type Target struct {
	Endpoints      []string // https URLs
	TLS            *tls.Config
	User, Password string        // "" for the certificate's identity; a password beats it (fact 4)
	As             Identity      // who that is, for the text of a refusal
	Passwords      Passwords     // of the users that get one; nil for none
	Timeout        time.Duration // of the first handshake, the login, and every single call
}

// Client is one connection as one identity. It may be used from many goroutines.
type Client struct {
	etcd   *clientv3.Client
	target Target
}

// Connect opens a connection once at least one endpoint has taken the certificate.
// An error is the endpoint's real reason, with a hint, and never a bare "context
// deadline exceeded" (fact 6): whatever keeps the connection from becoming ready, a
// handshake of our own asks why.
func Connect(ctx context.Context, t Target) (*Client, error) {
	if err := t.refused(); err != nil {
		return nil, err
	}
	if t.User != "" { // a login would wait for its time-out before it fails
		if err := firstHandshake(ctx, t, t.Timeout); err != nil {
			return nil, t.shown(err)
		}
	}
	etcd, err := clientv3.New(clientv3.Config{
		Context: ctx, Endpoints: t.Endpoints, TLS: t.TLS, Username: t.User, Password: t.Password,
		MaxCallRecvMsgSize: largestAnswer,
		DialTimeout:        t.Timeout, DialKeepAliveTime: keepAlive, DialKeepAliveTimeout: keepAlive,
		Logger: zap.NewNop(), // its default is JSON on stderr (fact 31)
	})
	if err != nil {
		return nil, connectError(t, err)
	}
	if !ready(ctx, etcd, t.Timeout/2) {
		if err := firstHandshake(ctx, t, t.Timeout/2); err != nil {
			_ = etcd.Close() // nothing went through it
			return nil, t.shown(err)
		}
		etcd.ActiveConnection().ResetConnectBackoff() // by now the endpoint takes it
	}
	return &Client{etcd: etcd, target: t}, nil
}

// refused says why no member is dialled: clientv3 itself would talk plain http to an
// endpoint that asks for it.
func (t Target) refused() error {
	if t.TLS == nil {
		return errors.New("connecting to etcd: no TLS configuration")
	}
	if len(t.Endpoints) == 0 {
		return errors.New("connecting to etcd: no endpoint")
	}
	for _, url := range t.Endpoints {
		if _, _, err := parseEndpoint(url); err != nil {
			return err
		}
	}
	return nil
}

// ready reports whether an endpoint has taken the certificate: gRPC is ready when the
// server has sent its settings, and a server that refuses a certificate never does.
// False means that all have failed, or that none has answered in the time given.
func ready(ctx context.Context, etcd *clientv3.Client, wait time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	conn := etcd.ActiveConnection()
	conn.Connect()
	for {
		switch state := conn.GetState(); {
		case state == connectivity.Ready:
			return true
		case state == connectivity.TransientFailure, !conn.WaitForStateChange(ctx, state):
			return false
		}
	}
}

// shown adds to a server's refusal which certificate it refuses.
func (t Target) shown(err error) error {
	var refused *HandshakeError
	if t.As.Certificate == "" || !errors.As(err, &refused) || !refused.ByServer() {
		return err
	}
	return fmt.Errorf("%w: it was shown %s", err, t.As.certificate())
}

func connectError(t Target, err error) error {
	who := t.As
	who.User, who.Certificate = t.User, ""
	switch {
	case IsAuthFailed(err):
		return hint.With(fmt.Errorf("logging in to etcd as %s: %w", who, err), "The user or its password is wrong.")
	case isNoPassword(err):
		return hint.With(fmt.Errorf("logging in to etcd as %s: %w", who, err), "This user has no password: use its certificate.")
	}
	return fmt.Errorf("connecting to etcd: %w", err)
}

// firstHandshake asks all endpoints together; one that takes the certificate is enough,
// and a silent one costs no time. If none does, the error is the first endpoint's.
func firstHandshake(ctx context.Context, t Target, wait time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	type answer struct {
		i   int
		err error
	}
	answers := make(chan answer, len(t.Endpoints))
	for i, url := range t.Endpoints {
		go func() {
			_, err := Handshake(ctx, url, t.TLS)
			answers <- answer{i, err}
		}()
	}
	errs := make([]error, len(t.Endpoints))
	for range t.Endpoints {
		a := <-answers
		if a.err == nil {
			return nil
		}
		errs[a.i] = a.err
	}
	return errs[0]
}

// bounded is ctx for one call: clientv3 itself would wait for a lost quorum for ever.
func (c *Client) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, c.target.Timeout)
}

// api is the connection with the passwords that are known.
func (c *Client) api() API { return With(c.etcd, c.target.Passwords) }

// Close ends the connection.
func (c *Client) Close() error { return c.etcd.Close() }

// Observe is the function Observe on this connection.
func (c *Client) Observe(ctx context.Context, probe []string) (roles.State, error) {
	s, err := Observe(ctx, c.api(), probe)
	return s, c.explain(ctx, err)
}

// Apply is the function Apply on this connection.
func (c *Client) Apply(ctx context.Context, plan roles.Plan, inFlight int, done func(roles.Step)) error {
	return c.explain(ctx, apply(ctx, c.api(), plan, inFlight, c.bounded, done))
}

// Probe is the function Probe on this connection.
func (c *Client) Probe(ctx context.Context, questions []roles.Question, inFlight int) ([]roles.Answer, error) {
	return Probe(ctx, c.etcd, questions, inFlight)
}

// explain says of a refusal who is refused and why, and of a time-out what the members
// show. It is for calls that name no user of their own, whose absence would read like a
// refusal of ours.
func (c *Client) explain(ctx context.Context, err error) error {
	if err == nil || hint.Text(err) != "" {
		return err
	}
	method, unknown := isUnknownCall(err)
	switch {
	case refusesUser(err):
		return c.explainRefusal(ctx, err)
	case unknown:
		return c.explainVersion(ctx, method, err)
	case isTooLarge(err):
		return hint.With(err, fmt.Sprintf("The answer is larger than the %d MiB that lockstep reads. Look with etcdctl which user or role is that large, or what else answers at that port.", largestAnswer>>20))
	}
	return c.explainSilence(ctx, err)
}

// explainSilence adds to a time-out what a handshake and the cluster show.
func (c *Client) explainSilence(ctx context.Context, err error) error {
	if err == nil || hint.Text(err) != "" {
		return err
	}
	if IsLearner(err) {
		return hint.With(err, "This member is a learner, which knows no users and roles: name a voting member (etcdctl member list), or let it vote: etcdctl member promote ID.")
	}
	if k := code(err); k != codes.DeadlineExceeded && k != codes.Unavailable {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookTime)
	defer cancel()
	silent, cause := c.silentEndpoints(ctx)
	n := len(c.target.Endpoints)
	switch {
	case len(silent) == n:
		return hint.With(fmt.Errorf("%w: %w", err, cause), hint.Text(cause))
	case len(silent) > n/2:
		return hint.With(fmt.Errorf("%w; silent: %s: %w", err, strings.Join(silent, ", "), cause),
			"The cluster has lost its quorum. Start the members that do not answer.")
	case len(silent) > 0:
		return hint.With(fmt.Errorf("%w; silent: %s: %w", err, strings.Join(silent, ", "), cause),
			"Run it again, or give it a longer --timeout: after 20s connections move on to the other members.")
	}
	return hint.With(err, "The members answer and the cluster does not: it has probably lost its quorum. Start the missing members.")
}

// silentEndpoints is the endpoints that do not take a handshake, all asked together, and
// why the first of them does not.
func (c *Client) silentEndpoints(ctx context.Context) (silent []string, first error) {
	errs := make([]error, len(c.target.Endpoints))
	var group sync.WaitGroup
	for i, url := range c.target.Endpoints {
		group.Go(func() { _, errs[i] = Handshake(ctx, url, c.target.TLS) })
	}
	group.Wait()
	for i, err := range errs {
		if err == nil {
			continue
		}
		if first == nil {
			first = err
		}
		silent = append(silent, c.target.Endpoints[i])
	}
	return silent, first
}
