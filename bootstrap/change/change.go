package change

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"lockstep/bootstrap/verify"
	"lockstep/bootstrap/world"
	"lockstep/certgen"
	"lockstep/policies/hint"
	"lockstep/policies/keyrange"
	"lockstep/roles"
	"lockstep/roles/store"
)

// Etcd is what a change needs of etcd, as an administrator.
type Etcd interface {
	Observe(ctx context.Context, probe []string) (roles.State, error)
	ObserveSome(ctx context.Context, users, held []string, other func(string) bool) (roles.State, error)
	Apply(ctx context.Context, plan roles.Plan, inFlight int, done func(roles.Step)) error
	ClusterID(context.Context) (uint64, error)
	Members(context.Context) ([]store.Member, error)
	Alarms(context.Context) ([]store.Alarm, error)
	Versions(context.Context) []string
	HoldsKey(context.Context, keyrange.Permission) (bool, error)
	Close() error
}

// Change is one change in progress. It knows only what it has asked itself.
type Change struct {
	World    *world.World
	Scope    Scope
	Operator Operator        // nil refuses every change
	Folder   certgen.State   // of the PKI folder, when it was last read
	Owned    roles.Ownership // which users lockstep made, by the folder
	Etcd     Etcd            // nil before Connect
	Seen     roles.State     // of etcd, when it was last read

	Changed   bool // the operator has confirmed a change
	Disturbed bool // another client has changed users or roles meanwhile

	desired  roles.State
	renewed  map[string]bool  // users whose password is about to be replaced
	versions []string         // of the members, when they were last asked
	restored *verify.Restored // what the plan said of a restore; nil: nothing
}

// New begins a change without reading anything.
func New(w *world.World, s Scope, o Operator) *Change {
	return &Change{World: w, Scope: s, Operator: o, Owned: verify.OwnsNone, desired: s.desired()}
}

// Open begins a change and reads the PKI folder. Without a folder, only users are taken for
// lockstep's that the policy names and that have no password.
func Open(w *world.World, s Scope, o Operator) (*Change, error) {
	c := New(w, s, o)
	if w.Folder == nil {
		return c, nil
	}
	err := c.ReadFolder()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, hint.Refuse("lockstep bootstrap makes the CAs; apply never does.", "the PKI folder holds no client CA")
	}
	return c, err
}

// ReadFolder reads the PKI folder and learns which users lockstep made.
func (c *Change) ReadFolder() error {
	state, err := c.World.Folder.Observe()
	if err != nil {
		return err
	}
	c.Folder = state
	owned, err := verify.Ownership(state)
	if err != nil {
		return err
	}
	c.Owned = owned
	return nil
}

// Close ends the connection.
func (c *Change) Close() {
	if c.Etcd != nil {
		_ = c.Etcd.Close() // nothing is written through it any more
	}
}

// Connect opens the administrator's connection. Without a PKI folder, the world's
// administrator has to name the CA of the servers and an identity.
func (c *Change) Connect(ctx context.Context) (*store.Client, error) {
	if a := c.World.Admin; c.World.Folder == nil && (a == nil || a.Servers == nil || a.Certificate == nil && a.User == "") {
		return nil, hint.With(errors.New("there is no PKI folder here, which would tell the CA to trust and the certificate of root"),
			"lockstep bootstrap makes it, --pki names another one, and --cacert with --cert and --key (or --user) look at etcd alone.")
	}
	etcd, err := c.World.Administrator(ctx)
	if err != nil {
		return nil, fmt.Errorf("connecting to etcd: %w", err)
	}
	c.Etcd = etcd
	return etcd, nil
}

// Do runs stages one after the other, up to the first error.
func Do(ctx context.Context, stages ...func(context.Context) error) error {
	for _, stage := range stages {
		if err := stage(ctx); err != nil {
			return err
		}
	}
	return nil
}
