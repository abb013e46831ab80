package verify

import (
	"cmp"
	"fmt"
	"slices"

	"lockstep/policies/keyrange"
	"lockstep/roles"
)

// waiting is the changes of users and roles that need a flag: those that the plan names,
// and the bindings of users that the plan leaves alone, on which it says nothing.
func (e *Evidence) waiting() []roles.Refusal {
	if e.plans.waiting == nil {
		plan := e.rolesPlan()
		waits := slices.DeleteFunc(slices.Clone(plan.Refused), func(r roles.Refusal) bool { return !postponed(r) })
		waits = append(waits, silentBindings(roles.Desired(e.Policy), *e.Auth, plan, waits)...)
		e.plans.waiting = &waits
	}
	return *e.plans.waiting
}

// silentBindings compares the roles of every user of the policy with etcd's, whatever the
// plan does with the user, and leaves out what a step or a waiting one of the plan says
// already. So no user of the policy holds a role unseen.
func silentBindings(desired, observed roles.State, plan roles.Plan, waits []roles.Refusal) []roles.Refusal {
	type binding struct {
		action     roles.Action
		user, role string
	}
	said, flags := map[binding]bool{}, map[string]string{}
	for _, s := range plan.Steps {
		said[binding{s.Action, s.User, s.Role}] = true
	}
	for _, r := range waits {
		said[binding{r.Action, r.User, r.Role}] = true
	}
	for _, r := range plan.Refused {
		if r.Takeover {
			flags[r.User] = r.Flag
		}
	}
	var out []roles.Refusal
	add := func(a roles.Action, user, role, reason string) {
		if !said[binding{a, user, role}] && !said[binding{roles.RoleDelete, "", role}] {
			out = append(out, roles.Refusal{Step: roles.Step{Action: a, User: user, Role: role, Reason: reason},
				Flag: cmp.Or(flags[user], roles.FlagRecreate), Takeover: true})
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
func takeoverRemedy(flag string) string {
	if flag == roles.FlagRecreate {
		return fmt.Sprintf("lockstep apply %s deletes the user and adds it again without a password, with its own role alone", flag)
	}
	return fmt.Sprintf("lockstep apply %s takes the user over and leaves it its own role alone", flag)
}
