package roles

import (
	"fmt"

	"lockstep/policies/count"
	"lockstep/policies/keyrange"
	"lockstep/policies/pending"
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
			if w.needs, w.waits = d.needsOf(*w); !w.waits {
				continue
			}
			for _, u := range d.users[w.role.Name] {
				if f := d.dispositions[u.Name]; ours(f) && !d.fits(u.Name, f, w.role) {
					d.postpone(u, f, w)
					again = true
				}
			}
		}
	}
}

// needsOf is the permission without which the role is not changed, and whether there is one:
// the widest of those that its holders wait for. Prune, Adopt and Recreate are ordered so.
func (d *difference) needsOf(w work) (needs pending.Needs, waits bool) {
	if w.edit.empty() {
		return needs, false
	}
	for _, u := range d.holders[w.role.Name] {
		if n, found := d.needs[u.Name]; found {
			needs, waits = max(needs, n), true
		}
	}
	return needs, waits
}

// fits reports whether the user may hold the role as it is now, and no other one: it then
// reaches nothing that neither the policy nor its roles of today give it, and all that
// both give it. A user that is made again has no roles of today to begin with.
func (d *difference) fits(user string, f disposition, want Role) bool {
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
func (d *difference) postpone(u User, f disposition, w *work) {
	d.dispositions[u.Name], d.needs[u.Name] = alone, w.needs
	reason := fmt.Sprintf("role %q, which the policy gives the user, is not changed without the flag either", w.role.Name)
	wait := func(a Action, role string) {
		d.pending = append(d.pending, Pending{Needs: w.needs, Step: Step{Action: a, User: u.Name, Role: role}, Reason: reason})
	}
	have, _ := d.observed.User(u.Name)
	switch {
	case f == added:
		wait(UserAdd, "")
	case f == recreated:
		wait(UserDelete, "")
	case !have.Holds(w.role.Name):
		wait(UserGrantRole, w.role.Name)
	}
	if f != kept {
		return
	}
	for _, role := range have.Roles {
		if !u.Holds(role) {
			wait(UserRevokeRole, role)
		}
	}
}

// pending is what is not done to the role, and which users hold it.
func (w work) pending() []Pending {
	var out []Pending
	for _, s := range w.changes() {
		reason := s.Reason + ", and " + alsoHeldBy(w.concerned.unmanaged)
		s.Reason = ""
		out = append(out, Pending{Step: s, Reason: reason, Needs: w.needs})
	}
	return out
}

func alsoHeldBy(users []User) string {
	if len(users) == 1 {
		return fmt.Sprintf("user %q, which is left as it is, holds the role", users[0].Name)
	}
	return fmt.Sprintf("users %s, which are left as they are, hold the role", count.Quoted(names(users)))
}
