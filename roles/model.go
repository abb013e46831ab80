package roles

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"lockstep/policies/keyrange"
)

// Error is a refusal of etcd's auth store, in etcd's words without the
// "etcdserver: " before them.
type Error string

const (
	ErrUserEmpty            Error = "user name is empty"
	ErrUserExists           Error = "user name already exists"
	ErrUserNotFound         Error = "user name not found"
	ErrRoleEmpty            Error = "role name is empty"
	ErrRoleExists           Error = "role name already exists"
	ErrRoleNotFound         Error = "role name not found"
	ErrRoleNotGranted       Error = "role is not granted to the user"
	ErrPermissionNotGranted Error = "permission is not granted to the role"
	ErrInvalidAuthMgmt      Error = "invalid auth management"
)

func (e Error) Error() string { return string(e) }

// Apply is the state that etcd would be in after the step, or etcd's refusal and s
// as it was. It follows etcd's server/auth/store.go, quirks included (facts 17 to
// 20, 25). s itself is not changed.
func (s State) Apply(step Step) (State, error) {
	next, err := s.apply(step)
	if err != nil {
		return s, err
	}
	return next, nil
}

func (s State) apply(step Step) (State, error) {
	switch step.Action {
	case RoleAdd:
		return s.addRole(step.Role)
	case RoleDelete:
		return s.deleteRole(step.Role)
	case RoleGrantPermission:
		if !valid(step.Permission) {
			return s, ErrInvalidAuthMgmt
		}
		return s.changeRole(step.Role, func(p []keyrange.Permission) ([]keyrange.Permission, error) {
			return grant(p, step.Permission), nil
		})
	case RoleRevokePermission:
		return s.changeRole(step.Role, func(p []keyrange.Permission) ([]keyrange.Permission, error) {
			return revoke(p, step.Permission)
		})
	case UserAdd:
		return s.addUser(step.User, step.WithPassword)
	case UserChangePassword:
		return s.changePassword(step.User)
	case UserDelete:
		return s.deleteUser(step.User)
	case UserGrantRole:
		return s.bind(step.User, step.Role)
	case UserRevokeRole:
		return s.unbind(step.User, step.Role)
	}
	return s, fmt.Errorf("no such action: %q", step.Action)
}

// valid is etcd's isValidPermissionRange (fact 21).
func valid(p keyrange.Permission) bool {
	return p.Key != "" && (p.RangeEnd == "" || p.RangeEnd == keyrange.FromKeyEnd || p.Key < p.RangeEnd)
}

// grant looks only at the first entry with the same key: it updates that one, or
// adds an entry beside it, even when the same pair follows further on (fact 20).
func grant(permissions []keyrange.Permission, p keyrange.Permission) []keyrange.Permission {
	out := slices.Clone(permissions)
	i := sort.Search(len(out), func(i int) bool { return out[i].Key >= p.Key })
	if i < len(out) && out[i].SamePair(p) {
		out[i].Access = p.Access
		return out
	}
	out = append(out, p)
	sort.Sort(byKey(out))
	return out
}

// revoke removes every entry of the pair, whatever its access.
func revoke(permissions []keyrange.Permission, p keyrange.Permission) ([]keyrange.Permission, error) {
	out := slices.DeleteFunc(slices.Clone(permissions), p.SamePair)
	if len(out) == len(permissions) {
		return nil, ErrPermissionNotGranted
	}
	return out, nil
}

// byKey sorts as etcd does: by key alone, not stably, with the same sort.Sort.
type byKey []keyrange.Permission

func (b byKey) Len() int           { return len(b) }
func (b byKey) Less(i, j int) bool { return b[i].Key < b[j].Key }
func (b byKey) Swap(i, j int)      { b[i], b[j] = b[j], b[i] }

func (s State) addRole(name string) (State, error) {
	if name == "" {
		return s, ErrRoleEmpty
	}
	i, found := s.roleIndex(name)
	if found {
		return s, ErrRoleExists
	}
	s.Roles = slices.Insert(slices.Clone(s.Roles), i, Role{Name: name})
	s.Revision++
	return s, nil
}

func (s State) changeRole(name string, change func([]keyrange.Permission) ([]keyrange.Permission, error)) (State, error) {
	i, found := s.roleIndex(name)
	if !found {
		return s, ErrRoleNotFound
	}
	permissions, err := change(s.Roles[i].Permissions)
	if err != nil {
		return s, err
	}
	s.Roles = slices.Clone(s.Roles)
	s.Roles[i].Permissions = permissions
	s.Revision++
	return s, nil
}

// deleteRole also takes the role from every user, in the same transaction.
func (s State) deleteRole(name string) (State, error) {
	if s.Enabled && name == rootName {
		return s, ErrInvalidAuthMgmt
	}
	i, found := s.roleIndex(name)
	if !found {
		return s, ErrRoleNotFound
	}
	s.Roles = slices.Delete(slices.Clone(s.Roles), i, i+1)
	s.Users = slices.Clone(s.Users)
	for i, u := range s.Users {
		s.Users[i].Roles = without(u.Roles, name)
	}
	s.Revision++
	return s, nil
}

func (s State) addUser(name string, withPassword bool) (State, error) {
	if name == "" {
		return s, ErrUserEmpty
	}
	i, found := s.userIndex(name)
	if found {
		return s, ErrUserExists
	}
	added := User{Name: name, Password: PasswordAbsent}
	if withPassword {
		added.Password = PasswordOurs
	}
	s.Users = slices.Insert(slices.Clone(s.Users), i, added)
	s.Revision++
	return s, nil
}

// changePassword moves the revision and does nothing else to a user without a password (fact 18).
func (s State) changePassword(name string) (State, error) {
	i, found := s.userIndex(name)
	if !found {
		return s, ErrUserNotFound
	}
	s.Users = slices.Clone(s.Users)
	if s.Users[i].Password.Exists() {
		s.Users[i].Password = PasswordOurs
	}
	s.Revision++
	return s, nil
}

func (s State) deleteUser(name string) (State, error) {
	if s.Enabled && name == rootName {
		return s, ErrInvalidAuthMgmt
	}
	i, found := s.userIndex(name)
	if !found {
		return s, ErrUserNotFound
	}
	s.Users = slices.Delete(slices.Clone(s.Users), i, i+1)
	s.Revision++
	return s, nil
}

// bind leaves the revision alone when the user holds the role already (fact 25).
func (s State) bind(user, role string) (State, error) {
	i, found := s.userIndex(user)
	if !found {
		return s, ErrUserNotFound
	}
	if _, exists := s.roleIndex(role); !exists && role != rootName {
		return s, ErrRoleNotFound
	}
	if s.Users[i].Holds(role) {
		return s, nil
	}
	held := append(slices.Clone(s.Users[i].Roles), role)
	slices.SortFunc(held, strings.Compare)
	return s.withRoles(i, held), nil
}

func (s State) unbind(user, role string) (State, error) {
	if s.Enabled && user == rootName && role == rootName {
		return s, ErrInvalidAuthMgmt
	}
	i, found := s.userIndex(user)
	if !found {
		return s, ErrUserNotFound
	}
	if !s.Users[i].Holds(role) {
		return s, ErrRoleNotGranted
	}
	return s.withRoles(i, without(s.Users[i].Roles, role)), nil
}

func (s State) withRoles(user int, held []string) State {
	s.Users = slices.Clone(s.Users)
	s.Users[user].Roles = held
	s.Revision++
	return s
}

func without(names []string, name string) []string {
	if !slices.Contains(names, name) {
		return names
	}
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == name })
}
