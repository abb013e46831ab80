package roles

import (
	"slices"
	"strings"
)

// rootName is both etcd's superuser and the role that may do everything. etcd needs
// no entry for the role (fact 19).
const rootName = "root"

// User is the user of that name.
func (s State) User(name string) (User, bool) {
	i, ok := s.userIndex(name)
	if !ok {
		return User{}, false
	}
	return s.Users[i], true
}

// Role is the role of that name.
func (s State) Role(name string) (Role, bool) {
	i, ok := s.roleIndex(name)
	if !ok {
		return Role{}, false
	}
	return s.Roles[i], true
}

// Holds reports whether the user is bound to the role.
func (u User) Holds(role string) bool { return slices.Contains(u.Roles, role) }

func (s State) userIndex(name string) (int, bool) {
	return slices.BinarySearchFunc(s.Users, name, func(u User, name string) int {
		return strings.Compare(u.Name, name)
	})
}

func (s State) roleIndex(name string) (int, bool) {
	return slices.BinarySearchFunc(s.Roles, name, func(r Role, name string) int {
		return strings.Compare(r.Name, name)
	})
}

// holders lists, for each role, the users bound to it, sorted.
func (s State) holders() map[string][]User {
	held := map[string][]User{}
	for _, u := range s.Users {
		for _, role := range u.Roles {
			held[role] = append(held[role], u)
		}
	}
	return held
}
