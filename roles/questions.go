package roles

import (
	"cmp"
	"fmt"
	"slices"

	"lockstep/policies/keyrange"
)

// Questions is what one identity has to ask etcd to prove that it may do what the
// policy says and no more: each range it was granted, both ends of each gap between
// them, what it may only read or only write, and ranges of other roles. sample is how
// many of the others are asked about, evenly spread; below 0 all of them.
//
// Expectations come from the user's whole union (fact 22), so a question never
// contradicts another role that the user holds.
func Questions(desired State, user string, sample int) []Question {
	u, found := desired.User(user)
	if !found {
		return nil
	}
	if u.Holds(rootName) {
		return everything()
	}
	own := canonical(desired.permissions(u))
	var asked []Question
	for _, a := range []keyrange.Access{keyrange.Read, keyrange.Write} {
		reach := keyrange.Reach(own, a)
		asked = append(asked, granted(own, a)...)
		asked = append(asked, halves(own, a, reach)...)
		asked = append(asked, gaps(own, a, reach)...)
		asked = append(asked, others(desired, u, a, reach, sample)...)
	}
	return distinct(asked)
}

func everything() []Question {
	all := keyrange.Everything(keyrange.ReadWrite)
	return []Question{
		{Access: keyrange.Read, Range: all.Range(), Want: Allowed, About: all.Target()},
		{Access: keyrange.Write, Range: all.Range(), Want: Allowed, About: all.Target()},
	}
}

// granted asks for each range as a whole.
func granted(own []keyrange.Permission, a keyrange.Access) []Question {
	var asked []Question
	for _, p := range own {
		if p.Access.Includes(a) {
			asked = append(asked, Question{Access: a, Range: p.Range(), Want: Allowed, About: p.Target()})
		}
	}
	return asked
}

// halves asks for the access that an entry does not give, where no other one does.
func halves(own []keyrange.Permission, a keyrange.Access, reach keyrange.Set) []Question {
	var asked []Question
	for _, p := range own {
		if !p.Access.Includes(a) {
			asked = append(asked, refused(keyrange.Union(p.Range()).Minus(reach), a, fmt.Sprintf("%s, which it may only %s", p.Target(), p.Access))...)
		}
	}
	return asked
}

// gaps asks for the first and the last key of everything between the ranges.
func gaps(own []keyrange.Permission, a keyrange.Access, reach keyrange.Set) []Question {
	var asked []Question
	for _, gap := range reach.Gaps().Ranges() {
		firstKey, lastKey := gap.Edges()
		asked = append(asked,
			denied(a, firstKey, beside(own, a, "just past", func(r keyrange.Range) bool { return r.To == gap.From }, "the first key")),
			denied(a, lastKey, beside(own, a, "just before", func(r keyrange.Range) bool { return r.From == gap.To }, "the last keys")))
	}
	return asked
}

// beside names the permission whose range ends or begins where a gap does.
func beside(own []keyrange.Permission, a keyrange.Access, where string, meets func(keyrange.Range) bool, none string) string {
	for _, p := range own {
		if p.Access.Includes(a) && meets(p.Range()) {
			return where + " " + p.Target()
		}
	}
	return none
}

// others asks for one key of each range that another role has and u has not. The
// sample is taken first: with thousands of roles the arithmetic would cost the most.
func others(desired State, u User, a keyrange.Access, reach keyrange.Set, sample int) []Question {
	type entry struct {
		role string
		keyrange.Permission
	}
	var all []entry
	for _, role := range desired.Roles {
		if u.Holds(role.Name) {
			continue
		}
		for _, p := range role.Permissions {
			all = append(all, entry{role.Name, p})
		}
	}
	var asked []Question
	for _, e := range spread(all, sample) {
		if beyond := keyrange.Union(e.Range()).Minus(reach).Ranges(); len(beyond) > 0 {
			key, _ := beyond[0].Edges()
			asked = append(asked, denied(a, key, fmt.Sprintf("%s of role %q", e.Target(), e.role)))
		}
	}
	return asked
}

// refused asks for both ends of each range of a set that shall not be reached.
func refused(set keyrange.Set, a keyrange.Access, about string) []Question {
	var asked []Question
	for _, r := range set.Ranges() {
		firstKey, lastKey := r.Edges()
		asked = append(asked, denied(a, firstKey, about), denied(a, lastKey, about))
	}
	return asked
}

func denied(a keyrange.Access, key, about string) Question {
	return Question{Access: a, Range: keyrange.Single(key), Want: Denied, About: about}
}

// spread takes n of them, evenly over all; below 0 all.
func spread[T any](all []T, n int) []T {
	if n < 0 || n >= len(all) {
		return all
	}
	out := make([]T, 0, n)
	for i := range n {
		out = append(out, all[i*len(all)/n])
	}
	return out
}

// distinct leaves out what is asked already: by access and range.
func distinct(asked []Question) []Question {
	type same struct {
		access keyrange.Access
		ranged keyrange.Range
	}
	seen := map[same]bool{}
	out := slices.DeleteFunc(asked, func(q Question) bool {
		key := same{q.Access, q.Range}
		defer func() { seen[key] = true }()
		return seen[key]
	})
	slices.SortStableFunc(out, func(a, b Question) int { return cmp.Compare(a.Want, b.Want) })
	return out
}
