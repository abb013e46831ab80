package fake

import (
	"context"
	"maps"
	"slices"
	"sync"

	"go.etcd.io/etcd/api/v3/authpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"lockstep/policies/keyrange"
	"lockstep/roles"
	"lockstep/roles/store"
)

// Etcd is a connection to the store as one identity.
type Etcd struct {
	*cluster
	user string // the CN; "" for none
}

var _ store.API = (*Etcd)(nil)

// cluster is what all connections share.
type cluster struct {
	mu        sync.Mutex
	state     roles.State
	passwords map[string]string // of the users that have one; "" is one, too (fact 17)
	calls     int               // mutations so far, failed ones included
	fault     Fault
}

// Fault makes the nth mutation (from 1) fail: before it is done, or after, which is
// an answer that was lost. nil for neither.
type Fault func(n int, call string) (before, after error)

// OurPassword is the password that a user has whose password is ours, for store.With.
func OurPassword(user string) string { return "ours of " + user }

// New is a store that holds s, connected as root. Users whose password is present
// have the password "password", or OurPassword.
func New(s roles.State) *Etcd {
	c := &cluster{state: s, passwords: map[string]string{}}
	for _, u := range s.Users {
		if u.Password.Exists() {
			c.passwords[u.Name] = "password"
		}
		if u.Password == roles.PasswordOurs {
			c.passwords[u.Name] = OurPassword(u.Name)
		}
	}
	return &Etcd{cluster: c, user: "root"}
}

// As is a connection as another user.
func (e *Etcd) As(user string) *Etcd { return &Etcd{cluster: e.cluster, user: user} }

// Break installs a fault.
func (e *Etcd) Break(f Fault) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.fault, e.calls = f, 0
}

// State is what the store holds, passwords told.
func (e *Etcd) State() roles.State {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.state
	s.Users = slices.Clone(s.Users)
	for i, u := range s.Users {
		s.Users[i].Password = roles.PasswordAbsent
		if _, has := e.passwords[u.Name]; has {
			s.Users[i].Password = roles.PasswordPresent
		}
	}
	return s
}

// admin is etcd's IsAdminPermitted.
func (e *Etcd) admin() error {
	if !e.state.Enabled {
		return nil
	}
	if e.user == "" {
		return rpctypes.ErrUserEmpty
	}
	u, found := e.state.User(e.user)
	switch {
	case !found:
		return rpctypes.ErrUserNotFound
	case !u.Holds("root"):
		return rpctypes.ErrPermissionDenied
	}
	return nil
}

// mutate is one call that changes the store: faults, permission, then the change.
func (e *Etcd) mutate(ctx context.Context, call string, change func() error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	var before, after error
	if e.calls++; e.fault != nil {
		before, after = e.fault(e.calls, call)
	}
	if before != nil {
		return before
	}
	if err := e.admin(); err != nil {
		return err
	}
	if err := change(); err != nil {
		return onWire(err)
	}
	return after
}

func (e *Etcd) apply(ctx context.Context, step roles.Step) error {
	return e.mutate(ctx, string(step.Action), func() error {
		next, err := e.state.Apply(step)
		if err != nil {
			return err
		}
		e.state = next
		if step.Action == roles.UserDelete {
			e.passwords = maps.Clone(e.passwords)
			delete(e.passwords, step.User)
		}
		return nil
	})
}

// onWire is the model's refusal as clientv3 returns it.
func onWire(err error) error {
	if refusal, is := err.(roles.Error); is {
		return rpctypes.Error(status.Error(codes.Unknown, "etcdserver: "+string(refusal)))
	}
	return err
}

// noPassword is etcd's answer to a password for a user without one (fact 18): the one
// refusal that has no code of its own.
func noPassword() error {
	return status.Error(codes.Unknown, "auth: authentication failed, password was given for no password user")
}

func accessOf(t clientv3.PermissionType) keyrange.Access {
	switch authpb.Permission_Type(t) {
	case authpb.Permission_READ:
		return keyrange.Read
	case authpb.Permission_WRITE:
		return keyrange.Write
	}
	return keyrange.ReadWrite
}

func typeOf(a keyrange.Access) authpb.Permission_Type {
	switch a {
	case keyrange.Read:
		return authpb.Permission_READ
	case keyrange.Write:
		return authpb.Permission_WRITE
	}
	return authpb.Permission_READWRITE
}
