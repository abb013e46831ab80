package roles

import (
	"slices"
	"strings"

	"lockstep/policies"
	"lockstep/policies/keyrange"
)

// Desired is what the policy wants in etcd: user root with role root, and for each
// component one user with one role. Administrators hold role root, for which etcd
// needs no entry. No user has a password but those of components that the policy gives one.
func Desired(p *policies.Policy) State {
	wanted := map[string][]keyrange.Permission{}
	s := State{Enabled: true, Users: []User{certificateUser(policies.Root(), policies.RootRole())}}
	for _, c := range p.Components {
		role := c.Role
		if c.Administrator {
			role = policies.RootRole()
		}
		user := certificateUser(c.User, role)
		if c.Password {
			user.Password = PasswordOurs
		}
		s.Users = append(s.Users, user)
		if role != policies.RootRole() {
			wanted[role.String()] = append(wanted[role.String()], c.Permissions...)
		}
	}
	for name, permissions := range wanted {
		s.Roles = append(s.Roles, Role{Name: name, Permissions: canonical(permissions)})
	}
	slices.SortFunc(s.Users, func(a, b User) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(s.Roles, func(a, b Role) int { return strings.Compare(a.Name, b.Name) })
	return s
}

func certificateUser(name policies.UserName, role policies.RoleName) User {
	return User{Name: name.String(), Roles: []string{role.String()}, Password: PasswordAbsent}
}
