package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"lockstep/roles"
)

// ObserveSome reads only the named users and roles, and every user whose name stranger
// says it wants to see, nil for none; those that are not there are left out. The number of calls
// does not depend on how many users and roles etcd has beside them, and without users no user is
// listed. Passwords are looked for in the named users, as Observe does.
func ObserveSome(ctx context.Context, api API, users, held []string, stranger func(string) bool) (roles.State, error) {
	var s roles.State
	on, revision, err := authStatus(ctx, api)
	if err != nil {
		return s, fmt.Errorf("asking whether auth is on: %w", err)
	}
	s.Enabled, s.Revision = on, revision
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(readsInFlight)
	for _, name := range held {
		g.Go(func() error {
			r, err := observeRole(ctx, api, name)
			if err == nil {
				mu.Lock()
				defer mu.Unlock()
				s.Roles = append(s.Roles, r)
			}
			return present(err)
		})
	}
	var all []string
	var unlisted error
	if len(users) > 0 || stranger != nil {
		all, unlisted = userList(ctx, api)
	}
	for _, name := range all {
		named := slices.Contains(users, name)
		if !named && (stranger == nil || !stranger(name)) {
			continue
		}
		g.Go(func() error {
			u, err := observeUser(ctx, api, name, on && named)
			if err == nil {
				mu.Lock()
				defer mu.Unlock()
				s.Users = append(s.Users, u)
			}
			return present(err)
		})
	}
	switch err := g.Wait(); {
	case err != nil:
		return roles.State{}, err
	case unlisted != nil:
		return roles.State{}, fmt.Errorf("listing users: %w", unlisted)
	}
	slices.SortFunc(s.Users, func(a, b roles.User) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(s.Roles, func(a, b roles.Role) int { return strings.Compare(a.Name, b.Name) })
	return s, nil
}

// present lets pass that something is not there.
func present(err error) error {
	if isUserNotFound(err) || isRoleNotFound(err) {
		return nil
	}
	return err
}

// ObserveSome is the function ObserveSome on this connection.
func (c *Client) ObserveSome(ctx context.Context, users, held []string, stranger func(string) bool) (roles.State, error) {
	s, err := ObserveSome(ctx, c.api(), users, held, stranger)
	return s, c.explain(ctx, err)
}

// Self reads what the user may read of itself: itself and its roles (fact 24).
func (c *Client) Self(ctx context.Context, user string) (roles.State, error) {
	s := roles.State{}
	u, err := observeUser(ctx, c.etcd, user, false)
	if err != nil {
		return s, c.explain(ctx, fmt.Errorf("reading user %q: %w", user, err))
	}
	s.Users = []roles.User{u}
	for _, name := range u.Roles {
		r, err := observeRole(ctx, c.etcd, name)
		if err := present(err); err != nil {
			return s, c.explain(ctx, fmt.Errorf("reading role %q: %w", name, err))
		}
		if err == nil {
			s.Roles = append(s.Roles, r)
		}
	}
	return s, nil
}
