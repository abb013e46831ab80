package verify

import (
	"context"
	"crypto/tls"
	"fmt"

	"lockstep/bootstrap/world"
	"lockstep/policies"
	"lockstep/roles/store"
)

// asker is how the members are asked: the zero value, with its identity, is root.
type asker struct {
	identity       *tls.Certificate // shown to every member; nil: none is here
	name           string           // whose it is; "" for root
	other          bool             // not root
	user, password string           // of an administrator with a password
}

// As is how the members were asked where root's certificate is not here. The zero value
// is that they were asked with it.
type As struct {
	RootErr  error  // why root's certificate is not here; nil: it is, or was named by --cert
	Who      string // the administrator, and what named it
	Shown    string // whose certificate was shown; "" for root's
	Password bool   // the administrator has a password: what the certificate may do does not matter
	Nameless bool   // no certificate with a CN is here, so that no member shows what it makes of one
}

// Whose is the certificate that was shown to every member.
func (a As) Whose() string {
	if a.Shown == "" {
		return "root's certificate"
	}
	return a.Shown + "'s certificate"
}

// anyAdministrator is root where its certificate is here, else the administrator that the
// operator named. The error is why root's certificate is not here when none was named.
func anyAdministrator(ctx context.Context, w *world.World) (asker, As, error) {
	root, err := w.Root(ctx)
	admin := w.Admin
	switch {
	case err == nil:
		return asker{identity: root}, As{}, nil
	case admin == nil, admin.Certificate == nil && admin.User == "":
		return asker{}, As{}, err
	case admin.User == "" && commonName(admin.Certificate) == policies.Root().String():
		return asker{identity: admin.Certificate}, As{}, nil
	}
	as := asker{identity: admin.Certificate, other: true, user: admin.User, password: admin.Password}
	as.name = fmt.Sprintf("%q", commonName(as.identity))
	if as.user != "" && commonName(as.identity) == "" {
		as.identity, as.name = anyComponent(ctx, w, as.identity)
	}
	return as, As{RootErr: err, Who: w.AdminIdentity().String(), Shown: as.name, Password: as.user != "", Nameless: commonName(as.identity) == ""}, nil
}

// anyComponent is a component's certificate from the folder, and its name; otherwise where
// no component's key is here.
func anyComponent(ctx context.Context, w *world.World, otherwise *tls.Certificate) (*tls.Certificate, string) {
	for _, c := range w.Policy.Holders() {
		if c.Password {
			continue // its certificate has no CN
		}
		if found, _, err := ComponentIdentity(ctx, w, c, false); err == nil {
			return found, c.ID()
		}
	}
	return otherwise, `""`
}

// commonName is the CN of the certificate, which etcd takes for the user; "" for none.
func commonName(c *tls.Certificate) string {
	if c == nil || c.Leaf == nil {
		return ""
	}
	return c.Leaf.Subject.CommonName
}

// shows is whose certificate is shown.
func (a asker) shows() string {
	if !a.other {
		return policies.Root().String()
	}
	return a.name
}

// connect opens the connection on which a member is asked.
func (a asker) connect(ctx context.Context, w *world.World, url string) (*store.Client, error) {
	identity := a.identity
	if a.user != "" {
		identity = w.Admin.Certificate // as every command of this administrator does
	}
	return w.ConnectAs(ctx, identity, a.user, a.password, url)
}

// see is what the member at url makes of the certificate alone. A password beats it, so
// that c tells only where there is none.
func (a asker) see(ctx context.Context, w *world.World, c *store.Client, url string) Attempt {
	if a.user != "" {
		if commonName(a.identity) == "" {
			return Attempt{}
		}
		alone, err := w.Connect(ctx, a.identity, url)
		if err != nil {
			return Attempt{Err: err}
		}
		defer alone.Close()
		c = alone
	}
	return a.learnt(c.CheckRoot(ctx))
}

// learnt is what the answer to something that needs root tells. "user name is empty" is a
// member's positive evidence that it did not take the CN. "permission denied" is so only
// for root, which is denied nothing: another user may not be an administrator.
func (a asker) learnt(err error) Attempt {
	switch {
	case err == nil:
		return Attempt{Outcome: Accepted}
	case store.IsUserEmpty(err), !a.other && store.IsPermissionDenied(err):
		return Attempt{Outcome: IdentityIgnored, Err: err}
	}
	return Attempt{Err: err}
}
