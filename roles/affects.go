package roles

import (
	"fmt"
	"slices"
	"strings"

	"lockstep/policies/keyrange"
)

// effect is what one change of an entry does to the users that hold its role and that the
// plan leaves as they are.
type effect struct {
	users         []string
	before, after map[string]reach // by user, through all its roles; after: as the policy wants those
}

// reach is what a user may read and what it may write.
type reach map[keyrange.Access]keyrange.Set

func reachOf(permissions []keyrange.Permission) reach {
	return reach{keyrange.Read: keyrange.Reach(permissions, keyrange.Read), keyrange.Write: keyrange.Reach(permissions, keyrange.Write)}
}

func (r reach) equal(o reach) bool {
	return r[keyrange.Read].Equal(o[keyrange.Read]) && r[keyrange.Write].Equal(o[keyrange.Write])
}

// effects is what the users hold before and after.
func (d *difference) effects(unmanaged []User, wanted State) effect {
	e := effect{before: map[string]reach{}, after: map[string]reach{}, users: names(unmanaged)}
	for _, u := range unmanaged {
		e.before[u.Name] = reachOf(d.observed.permissions(u))
		e.after[u.Name] = reachOf(wanted.permissions(u))
	}
	return e
}

// wanted is etcd's roles, those of the policy as the policy wants them.
func (d *difference) wanted() State {
	s := State{Roles: slices.Clone(d.observed.Roles)}
	for _, w := range d.works {
		if i, found := s.roleIndex(w.role.Name); found {
			s.Roles[i] = w.role
		}
	}
	return s
}

// changes reports whether the user reaches more or less afterwards.
func (e effect) changes(user string) bool {
	return !e.before[user].equal(e.after[user])
}

// of says who loses and who gains when the entry changes from one access to another; ""
// for no access.
func (e effect) of(p keyrange.Permission, from, to keyrange.Access) string {
	var out []string
	for _, user := range e.users {
		if text := lost(p, from, to, e.before[user], e.after[user]); text != "" {
			out = append(out, fmt.Sprintf("user %q loses %s", user, text))
		}
		if a := e.gained(user, p, from, to); a != "" {
			out = append(out, fmt.Sprintf("user %q gains %s on %s", user, a, p.Target()))
		}
	}
	return strings.Join(out, "; ")
}

// lost is `readwrite on prefix "/a", and keeps read on prefix "/a/"`.
func lost(p keyrange.Permission, from, to keyrange.Access, before, after reach) string {
	var gone keyrange.Access
	kept := map[keyrange.Access]keyrange.Set{}
	all := keyrange.Union(p.Range())
	for _, a := range []keyrange.Access{keyrange.Read, keyrange.Write} {
		had, stays := all.Intersect(before[a]), all.Intersect(after[a])
		if from.Includes(a) && !to.Includes(a) && !stays.Covers(had) {
			gone, kept[a] = plus(gone, a), stays
		}
	}
	if gone == "" {
		return ""
	}
	text := fmt.Sprintf("%s on %s", gone, p.Target())
	if rest := keyrange.Describe(kept[keyrange.Read], kept[keyrange.Write]); rest != "" {
		text += ", and keeps " + rest
	}
	return text
}

func (e effect) gained(user string, p keyrange.Permission, from, to keyrange.Access) (gains keyrange.Access) {
	for _, a := range []keyrange.Access{keyrange.Read, keyrange.Write} {
		if to.Includes(a) && !from.Includes(a) && !e.before[user][a].Contains(p.Range()) {
			gains = plus(gains, a)
		}
	}
	return gains
}

// plus is joined for an access that may be none yet.
func plus(a, b keyrange.Access) keyrange.Access {
	if a == "" {
		return b
	}
	return joined(a, b)
}
