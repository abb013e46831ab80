// Package rolestest makes random states of etcd and random policies, and holds the
// judges of what a plan may do to them. The same cases run on the pure model and on
// real etcd.
package rolestest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"lockstep/policies/keyrange"
	"lockstep/roles"
)

// Case is what etcd holds, what the policy wants, and what is allowed.
type Case struct {
	Desired, Observed roles.State
	Owned             map[string]bool
	Allow             roles.Allow
}

// Diff plans from s towards the case's policy.
func (c Case) Diff(s roles.State) roles.Plan {
	return roles.Diff(c.Desired, s, func(user string) bool { return c.Owned[user] }, c.Allow)
}

// String is the case for a failing test.
func (c Case) String() string {
	return fmt.Sprintf("owned %v, %+v\ndesired %s\nobserved %s", c.Owned, c.Allow, text(c.Desired), text(c.Observed))
}

func text(s roles.State) string {
	var b strings.Builder
	fmt.Fprintf(&b, "auth %v", s.Enabled)
	for _, u := range s.Users {
		fmt.Fprintf(&b, "\n  user %q roles %q password %d", u.Name, u.Roles, u.Password)
	}
	for _, r := range s.Roles {
		fmt.Fprintf(&b, "\n  role %q %v", r.Name, r.Permissions)
	}
	return b.String()
}

// few names, so that they meet often.
func policyNames() []string { return []string{"a", "b", "c", "d"} }
func otherNames() []string  { return []string{"x", "y", "a~bridge", "b~bridge", "x~bridge"} }

// NewCase makes a random case.
func NewCase(r *rand.Rand) Case {
	c := Case{Owned: map[string]bool{}, Allow: roles.Allow{Prune: r.IntN(2) == 0, Adopt: r.IntN(3) == 0, Recreate: r.IntN(4) == 0}}
	c.Desired = policy(r)
	c.Observed = found(r, c.Desired)
	for _, n := range slices.Concat(policyNames(), otherNames()) {
		c.Owned[n] = r.IntN(3) > 0
	}
	return c
}

func policy(r *rand.Rand) roles.State {
	s := roles.State{Enabled: true, Users: []roles.User{{Name: "root", Roles: []string{"root"}, Password: roles.PasswordAbsent}}}
	for _, name := range policyNames() {
		if r.IntN(4) == 0 {
			continue
		}
		role := policyNames()[r.IntN(len(policyNames()))]
		if r.IntN(8) == 0 {
			role = "root"
		} else if _, known := s.Role(role); !known {
			s.Roles = append(s.Roles, roles.Role{Name: role, Permissions: distinct(permissions(r))})
			sortRoles(&s)
		}
		u := roles.User{Name: name, Roles: []string{role}, Password: roles.PasswordAbsent}
		if role != "root" && r.IntN(4) == 0 {
			u.Password = roles.PasswordOurs
		}
		s.Users = append(s.Users, u)
	}
	sortUsers(&s)
	return s
}

// found is a state as it may be after years: parts of the policy, damaged, and more.
func found(r *rand.Rand, desired roles.State) roles.State {
	s := roles.State{Enabled: r.IntN(3) > 0, Revision: uint64(1 + r.IntN(1000))}
	for _, name := range slices.Concat(policyNames(), otherNames()) {
		if r.IntN(3) == 0 {
			continue
		}
		role := roles.Role{Name: name, Permissions: permissions(r)}
		if want, named := desired.Role(strings.TrimSuffix(name, "~bridge")); named && r.IntN(2) == 0 {
			role.Permissions = damaged(r, want.Permissions)
		}
		slices.SortStableFunc(role.Permissions, func(p, q keyrange.Permission) int { return strings.Compare(p.Key, q.Key) })
		s.Roles = append(s.Roles, role)
	}
	sortRoles(&s)
	for _, name := range append(policyNames(), "x", "y", "z") {
		if r.IntN(4) == 0 {
			continue
		}
		u := roles.User{Name: name, Roles: held(r, s.Roles), Password: roles.Password(r.IntN(3))}
		want, named := desired.User(name)
		if want.Password == roles.PasswordOurs {
			u.Password = roles.Password(r.IntN(int(roles.PasswordOther) + 1))
		}
		if named && r.IntN(2) == 0 {
			for _, role := range want.Roles {
				if _, exists := s.Role(role); (exists || role == "root") && !u.Holds(role) {
					u.Roles = append(u.Roles, role)
				}
			}
		}
		slices.Sort(u.Roles)
		s.Users = append(s.Users, u)
	}
	if s.Enabled || r.IntN(2) == 0 {
		s.Users = append(s.Users, roles.User{Name: "root", Roles: []string{"root"}, Password: roles.Password(r.IntN(3))})
	}
	sortUsers(&s)
	return s
}

func held(r *rand.Rand, all []roles.Role) []string {
	var names []string
	for _, role := range all {
		if r.IntN(4) == 0 {
			names = append(names, role.Name)
		}
	}
	if r.IntN(12) == 0 {
		names = append(names, "root")
	}
	return names
}

func damaged(r *rand.Rand, want []keyrange.Permission) []keyrange.Permission {
	var out []keyrange.Permission
	for _, p := range want {
		switch r.IntN(6) {
		case 0: // lost
		case 1: // another access
			p.Access = access(r)
			out = append(out, p)
		case 2: // twice
			out = append(out, p)
			p.Access = access(r)
			out = append(out, p)
		default:
			out = append(out, p)
		}
	}
	if r.IntN(3) == 0 {
		out = append(out, permission(r))
	}
	return out
}

func permissions(r *rand.Rand) []keyrange.Permission {
	var out []keyrange.Permission
	for range r.IntN(4) {
		out = append(out, permission(r))
	}
	return out
}

func permission(r *rand.Rand) keyrange.Permission {
	keys := []string{"/a", "/a/", "/a/b", "/b"}
	key, a := keys[r.IntN(len(keys))], access(r)
	switch r.IntN(8) {
	case 0, 1:
		return keyrange.Key(key, a)
	case 2:
		return keyrange.FromKey(key, a)
	case 3:
		return keyrange.Between(key, "/c", a)
	case 4:
		return keyrange.Everything(a)
	}
	return keyrange.Prefix(key, a)
}

func access(r *rand.Rand) keyrange.Access {
	return []keyrange.Access{keyrange.Read, keyrange.Write, keyrange.ReadWrite}[r.IntN(3)]
}

func distinct(permissions []keyrange.Permission) []keyrange.Permission {
	var out []keyrange.Permission
	for _, p := range permissions {
		if !slices.ContainsFunc(out, p.SamePair) {
			out = append(out, p)
		}
	}
	return out
}

func sortRoles(s *roles.State) {
	slices.SortFunc(s.Roles, func(a, b roles.Role) int { return strings.Compare(a.Name, b.Name) })
}

func sortUsers(s *roles.State) {
	slices.SortFunc(s.Users, func(a, b roles.User) int { return strings.Compare(a.Name, b.Name) })
}

// Names is every user that the policy names.
func (c Case) Names() []string {
	var names []string
	for _, u := range c.Desired.Users {
		names = append(names, u.Name)
	}
	return names
}
