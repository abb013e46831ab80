package roles

import "lockstep/policies/keyrange"

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
	owned, read keyrange.Set // that it may write; that it may only read
}

// Overlaps lists what users that the policy does not name reach of its keys, by user,
// kind and role: s is what was observed. A role owns the keys that it may write.
func (s State) Overlaps(desired State) []Overlap {
	var all []territory
	var owned keyrange.Set
	for _, role := range desired.Roles {
		t := territory{role: role.Name, owned: keyrange.Reach(role.Permissions, keyrange.Write)}
		t.read = keyrange.Reach(role.Permissions, keyrange.Read)
		all, owned = append(all, t), owned.Union(t.owned)
	}
	for i := range all {
		all[i].read = all[i].read.Minus(owned)
	}
	var found []Overlap
	for _, u := range s.Users {
		if _, named := desired.User(u.Name); named {
			continue
		}
		if u.Holds(rootName) {
			found = append(found, Overlap{User: u.Name, Kind: Superuser, Keys: keyrange.Union(keyrange.Range{})})
			continue
		}
		found = append(found, s.overlaps(u.Name, all)...)
	}
	return found
}

func (s State) overlaps(user string, all []territory) []Overlap {
	reads, writes := s.Reach(user, keyrange.Read), s.Reach(user, keyrange.Write)
	var found []Overlap
	for _, kind := range []OverlapKind{Writes, Reads, Feeds} {
		for _, t := range all {
			keys := writes.Intersect(t.owned)
			switch kind {
			case Reads:
				keys = reads.Minus(writes).Intersect(t.owned)
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
