package verify

import (
	"cmp"
	"slices"

	"lockstep/policies/keyrange"
	"lockstep/policies/pending"
	"lockstep/roles"
)

// waiting is the changes of users and roles that need a flag: those that the plan names,
// and the bindings of users that the plan leaves alone, on which it says nothing.
func (j *judgement) waiting() []roles.Pending {
	if j.plans.waiting == nil {
		plan := j.rolesPlan()
		waits := slices.DeleteFunc(slices.Clone(plan.Pending), func(p roles.Pending) bool { return !postponed(p) })
		waits = append(waits, silentBindings(roles.Desired(j.Policy), *j.Auth, plan, waits)...)
		j.plans.waiting = &waits
	}
	return *j.plans.waiting
}

// silentBindings compares the roles of every user of the policy with etcd's, whatever the
// plan does with the user, and leaves out what a step or a waiting one of the plan says
// already. So no user of the policy holds a role unseen.
func silentBindings(desired, observed roles.State, plan roles.Plan, waits []roles.Pending) []roles.Pending {
	type binding struct {
		action     roles.Action
		user, role string
	}
	said, needs := map[binding]bool{}, map[string]pending.Needs{}
	for _, s := range plan.Steps {
		said[binding{s.Action, s.User, s.Role}] = true
	}
	for _, p := range waits {
		said[binding{p.Step.Action, p.Step.User, p.Step.Role}] = true
	}
	for _, p := range plan.Pending {
		if p.Step.TakesOver {
			needs[p.Step.User] = p.Needs
		}
	}
	var out []roles.Pending
	add := func(a roles.Action, user, role, reason string) {
		if !said[binding{a, user, role}] && !said[binding{roles.RoleDelete, "", role}] {
			out = append(out, roles.Pending{Step: roles.Step{Action: a, User: user, Role: role, TakesOver: true},
				Reason: reason, Needs: cmp.Or(needs[user], pending.Recreate)})
		}
	}
	for _, want := range desired.Users {
		have, found := observed.User(want.Name)
		if !found {
			continue
		}
		for _, role := range want.Roles {
			if !have.Holds(role) {
				add(roles.UserGrantRole, want.Name, role, "the policy gives the user this role")
			}
		}
		for _, role := range have.Roles {
			if !want.Holds(role) {
				add(roles.UserRevokeRole, want.Name, role, "the policy does not give the user this role: "+added(desired, observed, want.Name, role))
			}
		}
	}
	return out
}

// added is what the role adds to what the policy gives the user.
func added(desired, observed roles.State, user, role string) string {
	if role == "root" {
		return "by it the user may read and write everything, and change users and roles"
	}
	held, _ := observed.Role(role)
	beyond := func(a keyrange.Access) keyrange.Set {
		return keyrange.Reach(held.Permissions, a).Minus(desired.Reach(user, a))
	}
	if text := keyrange.Describe(beyond(keyrange.Read), beyond(keyrange.Write)); text != "" {
		return "it adds " + text
	}
	return "it adds no access now"
}

// takeoverRemedy is what puts the roles of a user right that lockstep leaves alone.
func takeoverRemedy(needs pending.Needs) string {
	if needs == pending.Recreate {
		return Permitting(needs) + " deletes the user and adds it again without a password, with its own role alone"
	}
	return Permitting(needs) + " takes the user over and leaves it its own role alone"
}
