package roles

import (
	"fmt"
	"slices"

	"lockstep/policies/count"
	"lockstep/policies/keyrange"
)

// roleSteps makes roles and bridges and edits permissions.
func (d *difference) roleSteps() []Step {
	var steps []Step
	for _, w := range d.works {
		if !w.exists {
			steps = append(steps, Step{Phase: addRoles, Action: RoleAdd, Role: w.role.Name, Reason: "the policy names this role and etcd has none"})
		}
		steps = append(steps, w.bridge.build(w.role.Name)...)
		if !w.waits {
			steps = append(steps, w.changes()...)
		}
	}
	return steps
}

// build makes the bridge before a user is bound to it.
func (b bridge) build(role string) []Step {
	if !b.needed() {
		return nil
	}
	reason := fmt.Sprintf("what role %q has in common before and after stays allowed while it is changed", role)
	var steps []Step
	if !b.found {
		steps = append(steps, Step{Phase: addRoles, Action: RoleAdd, Role: b.name, Reason: reason})
	}
	exists := indexed(b.exists)
	for _, p := range b.permissions {
		if !slices.Contains(exists.pairs[p.Pair()], p) {
			steps = append(steps, Step{Phase: grant1, Action: RoleGrantPermission, Role: b.name, Permission: p, Reason: reason})
		}
	}
	return steps
}

// changes is the role's edit, each part at its place in the order. A role with a
// bridge is lowered late, after its users are bound to the bridge; with a full one
// it is raised late, too.
func (w work) changes() []Step {
	up, down := early(), early()
	if w.bridge.needed() {
		down = late()
	}
	if w.bridge.full {
		up, down = late(), late()
	}
	step := func(phase int, a Action, p keyrange.Permission, from, to keyrange.Access, reason string) Step {
		return Step{Phase: phase, Action: a, Role: w.role.Name, Permission: p, Reason: reason, Affects: w.effect.of(p, from, to)}
	}
	inPlace := func(phase int, c change, reason string) Step {
		s := step(phase, RoleGrantPermission, c.to, c.was, c.to.Access, reason)
		s.Was = c.was
		return s
	}
	have := indexed(w.have)
	var steps []Step
	for _, c := range w.edit.raise {
		steps = append(steps, inPlace(up.raise, c, "the policy allows more"))
	}
	for _, p := range w.edit.add {
		steps = append(steps, step(up.grant, RoleGrantPermission, p, "", p.Access, "the policy allows it"))
	}
	for _, p := range w.edit.revoke {
		steps = append(steps, step(down.revoke, RoleRevokePermission, p, have.access(p), "", "the policy does not allow it"))
	}
	for _, c := range w.edit.lower {
		steps = append(steps, inPlace(down.lower, c, "the policy allows less"))
	}
	for _, p := range w.edit.renew {
		revoke := step(down.revoke, RoleRevokePermission, p, have.access(p), p.Access, "etcd cannot change this entry beside another one with the same key")
		revoke.Interrupts = w.concerned.interrupted()
		steps = append(steps, revoke, step(down.renew, RoleGrantPermission, p, p.Access, p.Access, "the policy allows it"))
	}
	return steps
}

// interrupted says who is refused while an entry is renewed: unmanaged users of the
// role are not bound to its bridge, because they are left as they are.
func (c concerned) interrupted() string {
	if len(c.unmanaged) == 0 {
		return ""
	}
	return fmt.Sprintf("%s may be refused for a moment", count.Quoted(names(c.unmanaged)))
}

func names(users []User) []string {
	var out []string
	for _, u := range users {
		out = append(out, u.Name)
	}
	return out
}

// bindingSteps binds every user of ours to its role and to nothing else.
func (d *difference) bindingSteps() []Step {
	var steps []Step
	for _, u := range d.desired.Users {
		if !ours(d.dispositions[u.Name]) {
			continue
		}
		for _, role := range u.Roles {
			steps = append(steps, d.bind(u.Name, role)...)
		}
		if d.dispositions[u.Name] == kept {
			steps = append(steps, d.unbind(u)...)
		}
	}
	return steps
}

func (d *difference) bind(user, role string) []Step {
	var steps []Step
	phase := bindUsers
	if b := d.bridges[role]; b.needed() {
		phase = bindLate
		if !d.keeps(user, b.name) {
			steps = append(steps, Step{Phase: bindUsers, Action: UserGrantRole, User: user, Role: b.name,
				Reason: fmt.Sprintf("it relies on the bridge while role %q is changed", role)})
		}
	}
	if !d.keeps(user, role) {
		steps = append(steps, Step{Phase: phase, Action: UserGrantRole, User: user, Role: role, Reason: "the policy gives the user this role"})
	}
	return steps
}

// unbind leaves out roles that are deleted: their deletion takes them from every user.
func (d *difference) unbind(want User) []Step {
	var steps []Step
	have, _ := d.observed.User(want.Name)
	for _, role := range have.Roles {
		if _, deleted := d.deletions[role]; !deleted && !want.Holds(role) {
			steps = append(steps, Step{Phase: unbindUsers, Action: UserRevokeRole, User: want.Name, Role: role, Reason: "the policy does not give the user this role"})
		}
	}
	return steps
}
