package roles

import (
	"slices"

	"lockstep/policies/keyrange"
)

// Reach is every key that the user may read or write (a is Read or Write), by range
// arithmetic over its roles. Role root is every key. A user that does not exist
// reaches nothing.
func (s State) Reach(user string, a keyrange.Access) keyrange.Set {
	u, found := s.User(user)
	if !found {
		return keyrange.Set{}
	}
	return keyrange.Reach(s.permissions(u), a)
}

// permissions is what the user holds through all its roles.
func (s State) permissions(u User) []keyrange.Permission {
	var all []keyrange.Permission
	for _, name := range u.Roles {
		all = append(all, s.permissionsOf(name)...)
	}
	return all
}

// canonical is the permissions as etcd would hold them after granting each pair
// once: sorted, with the accesses of one pair joined.
func canonical(permissions []keyrange.Permission) []keyrange.Permission {
	sorted := slices.SortedFunc(slices.Values(permissions), keyrange.Permission.Compare)
	var out []keyrange.Permission
	for _, p := range sorted {
		if last := len(out) - 1; last >= 0 && out[last].SamePair(p) {
			out[last].Access = joined(out[last].Access, p.Access)
			continue
		}
		out = append(out, p)
	}
	return out
}

// joined is the access of a user that holds both.
func joined(a, b keyrange.Access) keyrange.Access {
	if a.Includes(b) {
		return a
	}
	if b.Includes(a) {
		return b
	}
	return keyrange.ReadWrite
}
