package bootstrap

import (
	"context"

	"lockstep/bootstrap/change"
	"lockstep/bootstrap/world"
	"lockstep/roles"
)

// UsersAndRoles is etcd's users and roles, read as the administrator. Nothing is changed.
func UsersAndRoles(ctx context.Context, w *world.World) (roles.State, error) {
	c := change.New(w, change.Scope{Policy: w.Policy}, nil)
	defer c.Close()
	if _, err := c.Connect(ctx); err != nil {
		return roles.State{}, err
	}
	return c.Observe(ctx)
}
