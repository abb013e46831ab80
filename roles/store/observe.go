package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	clientv3 "go.etcd.io/etcd/client/v3"
	"golang.org/x/sync/errgroup"

	"lockstep/policies/hint"
	"lockstep/policies/keyrange"
	"lockstep/roles"
)

// readsInFlight bounds reads: each is a raft proposal (fact 28), and etcd batches
// those that arrive together.
const readsInFlight = 128

// looks is how often Observe starts again when users or roles change meanwhile.
const looks = 5

// Observe reads all users and roles, as they were at one auth revision: when that
// moves meanwhile, it looks again. For the users named in probe it also finds out,
// while auth is on, whether they have a password, and whether it is the one that api knows
// (see With); etcd logs each such question that fails (fact 18).
func Observe(ctx context.Context, api API, probe []string) (roles.State, error) {
	for range looks {
		s, whole, err := look(ctx, api, probe)
		if err != nil {
			return roles.State{}, err
		}
		on, revision, err := authStatus(ctx, api)
		if err != nil {
			return roles.State{}, fmt.Errorf("asking whether auth is on: %w", err)
		}
		if whole && on == s.Enabled && revision == s.Revision {
			return s, nil
		}
	}
	return roles.State{}, hint.With(errors.New("reading users and roles: another program changes them all the time"),
		"Find out which program writes etcd's users and roles, and run the command again when it has ended.")
}

// look reads everything once. It is not whole when a user or role that was listed is not
// there any more. That no user is found by a list is no such thing: it is who asks.
func look(ctx context.Context, api API, probe []string) (s roles.State, whole bool, err error) {
	on, revision, err := authStatus(ctx, api)
	if err != nil {
		return s, false, fmt.Errorf("asking whether auth is on: %w", err)
	}
	s.Enabled, s.Revision = on, revision
	users, list, err := lists(ctx, api)
	if err != nil {
		return s, false, err
	}
	asked := map[string]bool{}
	for _, name := range probe {
		asked[name] = on
	}
	s.Users, s.Roles = make([]roles.User, len(users)), make([]roles.Role, len(list))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(readsInFlight)
	for i, name := range list {
		g.Go(func() (err error) {
			s.Roles[i], err = observeRole(ctx, api, name)
			return err
		})
	}
	for i, name := range users {
		g.Go(func() (err error) {
			s.Users[i], err = observeUser(ctx, api, name, asked[name])
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return s, false, present(err)
	}
	slices.SortFunc(s.Users, func(a, b roles.User) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(s.Roles, func(a, b roles.Role) int { return strings.Compare(a.Name, b.Name) })
	return s, true, nil
}

// lists is the names of all users and of all roles.
func lists(ctx context.Context, api API) (users, list []string, err error) {
	var noUsers, noRoles error
	var group sync.WaitGroup
	group.Go(func() { users, noUsers = userList(ctx, api) })
	group.Go(func() { list, noRoles = roleList(ctx, api) })
	group.Wait()
	switch {
	case noUsers != nil:
		err = fmt.Errorf("listing users: %w", noUsers)
	case noRoles != nil:
		err = fmt.Errorf("listing roles: %w", noRoles)
	}
	return users, list, err
}

func observeRole(ctx context.Context, api API, name string) (roles.Role, error) {
	r := roles.Role{Name: name}
	permissions, err := permissionsOf(ctx, api, name)
	if err != nil {
		return r, fmt.Errorf("reading role %q: %w", name, err)
	}
	r.Permissions = permissions
	return r, nil
}

func observeUser(ctx context.Context, api API, name string, probe bool) (roles.User, error) {
	u := roles.User{Name: name}
	var unknown error
	var group sync.WaitGroup
	if probe {
		group.Go(func() { u.Password, unknown = observePassword(ctx, api, name) })
	}
	held, err := rolesOf(ctx, api, name)
	group.Wait()
	if err != nil {
		return u, fmt.Errorf("reading user %q: %w", name, err)
	}
	u.Roles = slices.Sorted(slices.Values(held))
	return u, unknown
}

func observePassword(ctx context.Context, api API, user string) (roles.Password, error) {
	if found, known, err := tryPassword(ctx, api, user); known {
		return found, err
	}
	// No user has this password; etcd tells a wrong one from none at all.
	switch _, err := api.Authenticate(ctx, user, rand.Text()); {
	case isNoPassword(err):
		return roles.PasswordAbsent, nil
	case err == nil, IsAuthFailed(err):
		return roles.PasswordPresent, nil
	default:
		return roles.PasswordUnknown, fmt.Errorf("asking whether user %q has a password: %w", user, err)
	}
}

// authStatus tells whether auth is on. Before 3.7 the question itself needs root while
// it is (fact 29): any auth error is a yes, then without a revision.
func authStatus(ctx context.Context, api API) (on bool, revision uint64, err error) {
	status, err := api.AuthStatus(ctx)
	switch {
	case err == nil:
		return status.Enabled, status.AuthRevision, nil
	case refusedByAuth(err):
		return true, 0, nil
	}
	return false, 0, err
}

func permissionType(a keyrange.Access) clientv3.PermissionType {
	switch a {
	case keyrange.Read:
		return clientv3.PermissionType(clientv3.PermRead)
	case keyrange.Write:
		return clientv3.PermissionType(clientv3.PermWrite)
	}
	return clientv3.PermissionType(clientv3.PermReadWrite)
}
