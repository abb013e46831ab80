package bootstrap

import (
	"context"
	"slices"

	"lockstep/bootstrap/change"
	"lockstep/bootstrap/world"
	"lockstep/certgen"
	"lockstep/policies"
	"lockstep/policies/count"
	"lockstep/policies/edit"
	"lockstep/policies/hint"
	"lockstep/roles"
)

// Remove takes the component's binding, user and role away, retires its certificate,
// deletes the key, and last takes it out of the policy file. The world's policy still
// names it; next is the policy without it. A role that another user holds stays.
func Remove(ctx context.Context, w *world.World, next *policies.Policy, remove ComponentChange, o change.Operator) error {
	component, err := component(w.Policy, "removing", remove.Name)
	if err != nil {
		return err
	}
	scope := change.Scope{Policy: next, Component: &component, Permitted: change.Permitted{Allow: roles.Allow{Prune: true}}}
	c, err := change.Open(w, scope, o)
	if err != nil {
		return err
	}
	defer c.Close()
	p, err := planRemoval(ctx, c, component)
	if err != nil {
		return err
	}
	p.Diff = edit.Diff(remove.Before, remove.After)
	if err := c.Confirm(ctx, p); err != nil {
		return err
	}
	return wholly(ctx, w,
		func(ctx context.Context) error { return c.Converge(ctx, p.Roles) },
		func(ctx context.Context) error { return c.Note(ctx, p.Roles.Revision) },
		func(ctx context.Context) error { return c.Write(ctx, p.Retire) },
		remove.writePolicy,
		func(context.Context) error {
			if w.Policy.Gateway() && !next.Gateway() {
				w.Say("certificates", "no component needs the HTTP gateway any more: lockstep apply turns it off in each member's etcd.env")
			}
			return nil
		},
	)
}

// RemoveInstance retires the certificate of one instance, deletes its key, and takes the
// instance out of the policy file. etcd is not asked: the user is that of the other
// instances. The world's policy still names the instance; next does not.
func RemoveInstance(ctx context.Context, w *world.World, next *policies.Policy, remove ComponentChange, o change.Operator) error {
	component, err := component(w.Policy, "removing", remove.Name)
	if err != nil {
		return err
	}
	c, err := change.Open(w, change.Scope{Policy: next, Component: &component}, o)
	if err != nil {
		return err
	}
	removals := certgen.Diff(certgen.Desired(next), c.Folder, w.Now()).Removals()
	p := &change.Plan{Diff: edit.Diff(remove.Before, remove.After)}
	p.Retire = change.Keep(removals, func(s certgen.Step) bool {
		return change.Concerns(s, component.Name) && s.Place().Instance == remove.Instance
	})
	if err := c.Confirm(ctx, p); err != nil {
		return err
	}
	return wholly(ctx, w,
		func(ctx context.Context) error { return c.Write(ctx, p.Retire) },
		remove.writePolicy,
	)
}

// planRemoval is what removing the component needs.
func planRemoval(ctx context.Context, c *change.Change, component policies.Component) (*change.Plan, error) {
	p := &change.Plan{}
	observed, err := c.LookAt(ctx, p)
	if err != nil {
		return nil, err
	}
	c.Owned = alsoWithoutPassword(c.Owned, observed, component)
	p.Roles = c.PlanRoles(observed)
	if _, there := observed.User(component.User.String()); there && !c.Owned(component.User.String()) {
		return nil, hint.Refuse("Look at it with etcdctl user get, and delete it by hand if it is yours.",
			"user %q was not made by lockstep; nothing was changed", component.User)
	}
	if err := c.RefuseOwnLoss(p.Roles); err != nil {
		return nil, err
	}
	certificates := certgen.Diff(certgen.Desired(c.Scope.Policy), c.Folder, c.World.Now())
	p.Retire = change.Keep(certificates.Removals(), func(s certgen.Step) bool { return change.Concerns(s, component.Name) })
	sayKeptRole(c, p.Roles, observed, component)
	return p, nil
}

// sayKeptRole names the other users of the role of a component that is removed: for their
// sake it stays, with all that it allows.
func sayKeptRole(c *change.Change, plan roles.Plan, observed roles.State, component policies.Component) {
	role := component.Role.String()
	deleted := slices.ContainsFunc(plan.Steps, func(s roles.Step) bool { return s.Action == roles.RoleDelete && s.Role == role })
	if component.Administrator || deleted {
		return
	}
	var holders []string
	for _, u := range observed.Users {
		if u.Holds(role) && u.Name != component.User.String() {
			holders = append(holders, u.Name)
		}
	}
	if len(holders) > 0 {
		c.World.Warn("etcd", "role %q stays, with all that it allows: it is also held by %s", role, count.Quoted(holders))
	}
}

// alsoWithoutPassword widens the folder's ownership by the rule for users that the
// policy names: one that is known to have no password is ours.
func alsoWithoutPassword(folder roles.Ownership, observed roles.State, component policies.Component) roles.Ownership {
	u, found := observed.User(component.User.String())
	return func(user string) bool {
		return folder(user) || found && user == u.Name && u.Password == roles.PasswordAbsent
	}
}
