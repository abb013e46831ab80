package roles

import (
	"slices"

	"lockstep/policies/keyrange"
)

// OverlapKind is how an unmanaged user meets the keys of a role of the policy. The zero
// value is the gravest.
type OverlapKind int

const (
	Superuser OverlapKind = iota // the user holds role root
	Writes                       // it may write keys that the role may write
	Reads                        // it may read such keys, and not write them
	Feeds                        // it may write keys that roles of the policy only read
)

// Overlap is what one unmanaged user may do with keys of one role of the policy.
type Overlap struct {
	User string
	Kind OverlapKind
	Role string       // the policy's; "" for a superuser
	Keys keyrange.Set // exactly those; every key for a superuser
}

// territory is the keys of one role of the policy.
type territory struct {
	role        string
	owned, read keyrange.Set // that it may write; that no role may write and it may read
}

// territories is those of all roles, and where they lie.
type territories struct {
	all   []territory
	index keyrange.Index
	of    []int // the place in all of each range in index
}

func newTerritories(desired State) territories {
	var t territories
	var written []keyrange.Range
	for _, role := range desired.Roles {
		owned := keyrange.Reach(role.Permissions, keyrange.Write)
		t.all = append(t.all, territory{role: role.Name, owned: owned, read: keyrange.Reach(role.Permissions, keyrange.Read)})
		written = append(written, owned.Ranges()...)
	}
	owned := keyrange.Union(written...)
	var ranges []keyrange.Range
	for i := range t.all {
		t.all[i].read = t.all[i].read.Minus(owned)
		for _, r := range append(t.all[i].owned.Ranges(), t.all[i].read.Ranges()...) {
			ranges, t.of = append(ranges, r), append(t.of, i)
		}
	}
	t.index = keyrange.NewIndex(ranges)
	return t
}

// near is the territories that share a key with one of the ranges, in the order of roles.
func (t territories) near(ranges []keyrange.Range) []territory {
	var places []int
	for _, r := range ranges {
		t.index.Overlapping(r, func(i int) { places = append(places, t.of[i]) })
	}
	slices.Sort(places)
	var out []territory
	for _, i := range slices.Compact(places) {
		out = append(out, t.all[i])
	}
	return out
}

// Overlaps lists what users that the policy does not name reach of its keys, by user,
// kind and role: s is what was observed. A role owns the keys that it may write. The cost
// is n log n in users, roles and permissions, and what is found.
func (s State) Overlaps(desired State) []Overlap {
	t := newTerritories(desired)
	var found []Overlap
	for _, u := range s.Users {
		if _, named := desired.User(u.Name); named {
			continue
		}
		if u.Holds(rootName) {
			found = append(found, Overlap{User: u.Name, Kind: Superuser, Keys: keyrange.Union(keyrange.Range{})})
			continue
		}
		found = append(found, s.overlaps(u.Name, t)...)
	}
	return found
}

func (s State) overlaps(user string, t territories) []Overlap {
	reads, writes := s.Reach(user, keyrange.Read), s.Reach(user, keyrange.Write)
	readsOnly := reads.Minus(writes)
	near := t.near(append(writes.Ranges(), readsOnly.Ranges()...))
	var found []Overlap
	for _, kind := range []OverlapKind{Writes, Reads, Feeds} {
		for _, t := range near {
			keys := writes.Intersect(t.owned)
			switch kind {
			case Reads:
				keys = readsOnly.Intersect(t.owned)
			case Feeds:
				keys = writes.Intersect(t.read)
			}
			if !keys.IsEmpty() {
				found = append(found, Overlap{User: user, Kind: kind, Role: t.role, Keys: keys})
			}
		}
	}
	return found
}
