package roles

import (
	"slices"

	"lockstep/policies/keyrange"
)

// Grant is one permission that gives a user access to keys that were asked about.
type Grant struct {
	Role       string
	Permission keyrange.Permission // everything, of role root
}

// Holding is what one user may do with the keys of one range.
type Holding struct {
	User   string
	Whole  bool         // all keys of the range: etcd answers a request for a range only then
	Part   keyrange.Set // the keys of the range that the user reaches
	Grants []Grant      // the permissions that give them, by role and in etcd's order
}

// WhoCan is the users that may read or write (a is Read or Write) a key of r, sorted by name.
func (s State) WhoCan(a keyrange.Access, r keyrange.Range) []Holding {
	var out []Holding
	for _, u := range s.Users {
		if h := s.holding(u, a, r); !h.Part.IsEmpty() {
			out = append(out, h)
		}
	}
	return out
}

// Can is what the user may read or write (a is Read or Write) of r. A user that does not
// exist may nothing.
func (s State) Can(user string, a keyrange.Access, r keyrange.Range) Holding {
	u, found := s.User(user)
	if !found {
		return Holding{User: user}
	}
	return s.holding(u, a, r)
}

func (s State) holding(u User, a keyrange.Access, r keyrange.Range) Holding {
	h := Holding{User: u.Name}
	for _, role := range u.Roles {
		for _, p := range s.permissionsOf(role) {
			if p.Access.Includes(a) && p.Range().Overlaps(r) {
				h.Grants = append(h.Grants, Grant{Role: role, Permission: p})
			}
		}
	}
	held := make([]keyrange.Range, len(h.Grants))
	for i, g := range h.Grants {
		held[i] = g.Permission.Range()
	}
	all := keyrange.Union(held...)
	h.Whole, h.Part = all.Contains(r), all.Intersect(keyrange.Union(r))
	return h
}

// permissionsOf is what a role gives. Role root gives everything without an entry.
func (s State) permissionsOf(role string) []keyrange.Permission {
	if role == rootName {
		return []keyrange.Permission{keyrange.Everything(keyrange.ReadWrite)}
	}
	r, _ := s.Role(role)
	return r.Permissions
}

// Spaces is the ranges of all permissions of s, each once, sorted, without those of no keys.
func (s State) Spaces() []keyrange.Range {
	var out []keyrange.Range
	for _, role := range s.Roles {
		for _, p := range role.Permissions {
			if r := p.Range(); !r.Empty() {
				out = append(out, r)
			}
		}
	}
	slices.SortFunc(out, func(a, b keyrange.Range) int {
		return a.Permission(keyrange.Read).Compare(b.Permission(keyrange.Read))
	})
	return slices.Compact(out)
}

// Space is a range of keys that a permission names, and who reaches it. Superusers are left out.
type Space struct {
	Range keyrange.Range
	Read  []Holding // by user
	Write []Holding
}

// Matrix is every space of s, sorted, with the users that reach it.
func (s State) Matrix() []Space {
	rest := s
	super := s.Superusers()
	rest.Users = slices.DeleteFunc(slices.Clone(s.Users), func(u User) bool { return slices.Contains(super, u.Name) })
	var out []Space
	for _, r := range s.Spaces() {
		out = append(out, Space{Range: r, Read: rest.WhoCan(keyrange.Read, r), Write: rest.WhoCan(keyrange.Write, r)})
	}
	return out
}

// Superusers is the users that hold role root, sorted.
func (s State) Superusers() []string {
	var out []string
	for _, u := range s.Users {
		if u.Holds(rootName) {
			out = append(out, u.Name)
		}
	}
	return out
}
