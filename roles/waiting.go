package roles

import (
	"fmt"

	"lockstep/policies/keyrange"
)

// decideWaiting decides which roles of the policy are not changed: those that differ from
// it and are also held by a user that the plan leaves as it is. Such a user neither loses
// nor gains a right unasked.
//
// A user of the policy whose role waits may be bound to it as it is, or waits as well;
// then every other role that it holds waits with it.
func (d *difference) decideWaiting() {
	for again := true; again; {
		again = false
		for i := range d.works {
			w := &d.works[i]
			if w.flag = d.flagFor(*w); w.flag == "" {
				continue
			}
			for _, u := range d.users[w.role.Name] {
				if f := d.fates[u.Name]; ours(f) && !d.fits(u.Name, f, w.role) {
					d.postpone(u, f, w)
					again = true
				}
			}
		}
	}
}

// flagFor is the flag without which the role is not changed; "" for none.
func (d *difference) flagFor(w work) string {
	flag := ""
	if w.edit.empty() {
		return flag
	}
	for _, u := range d.holders[w.role.Name] {
		if f := d.flags[u.Name]; rank(f) > rank(flag) {
			flag = f
		}
	}
	return flag
}

// rank orders flags by how much they allow.
func rank(flag string) int {
	switch flag {
	case FlagPrune:
		return 1
	case FlagAdopt:
		return 2
	case FlagRecreate:
		return 3
	}
	return 0
}

// fits reports whether the user may hold the role as it is now, and no other one: it then
// reaches nothing that neither the policy nor its roles of today give it, and all that
// both give it. A user that is made again has no roles of today to begin with.
func (d *difference) fits(user string, f fate, want Role) bool {
	now, _ := d.observed.Role(want.Name)
	for _, a := range []keyrange.Access{keyrange.Read, keyrange.Write} {
		was, next := d.observed.Reach(user, a), keyrange.Reach(now.Permissions, a)
		will := keyrange.Reach(want.Permissions, a)
		most := will
		if f == kept {
			most = was.Union(will)
		}
		if !most.Covers(next) || !next.Covers(was.Intersect(will)) {
			return false
		}
	}
	return true
}

// postpone leaves the user of the policy as it is until its role may be changed.
func (d *difference) postpone(u User, f fate, w *work) {
	d.fates[u.Name], d.flags[u.Name] = alone, w.flag
	reason := fmt.Sprintf("role %q, which the policy gives the user, is not changed without the flag either", w.role.Name)
	refuse := func(a Action, role string) {
		d.refused = append(d.refused, Refusal{Flag: w.flag, Step: Step{Action: a, User: u.Name, Role: role, Reason: reason}})
	}
	have, _ := d.observed.User(u.Name)
	switch {
	case f == added:
		refuse(UserAdd, "")
	case f == recreated:
		refuse(UserDelete, "")
	case !have.Holds(w.role.Name):
		refuse(UserGrantRole, w.role.Name)
	}
	if f != kept {
		return
	}
	for _, role := range have.Roles {
		if !u.Holds(role) {
			refuse(UserRevokeRole, role)
		}
	}
}

// waitingSteps is what is not done to the role, and who holds it.
func (w work) waitingSteps() []Refusal {
	var out []Refusal
	for _, s := range w.changes() {
		s.Reason += ", and " + alsoHeldBy(w.crowd.unmanaged)
		out = append(out, Refusal{Step: s, Flag: w.flag})
	}
	return out
}

func alsoHeldBy(users []User) string {
	if len(users) == 1 {
		return fmt.Sprintf("user %q, which is left as it is, holds the role", users[0].Name)
	}
	return fmt.Sprintf("users %s, which are left as they are, hold the role", quoted(names(users)))
}
