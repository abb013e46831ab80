package roles

import "fmt"

// Empty reports whether there is nothing to do: applying an empty plan sends nothing.
// What is pending is not counted; a state is in step when Pending is empty as well.
func (p Plan) Empty() bool { return len(p.Steps) == 0 }

// Takes reports whether the step takes a right away: from its user, or from the users of
// its role.
func (s Step) Takes() bool {
	switch s.Action {
	case RoleDelete, RoleRevokePermission, UserRevokeRole, UserDelete:
		return true
	case RoleGrantPermission:
		return s.Was != "" && !s.Permission.Access.Includes(s.Was)
	}
	return false
}

// String is the step as a sentence: `grant role "flannel" readwrite on prefix "/coreos.com/network/"`.
func (s Step) String() string {
	switch s.Action {
	case RoleAdd:
		return fmt.Sprintf("add role %q", s.Role)
	case RoleGrantPermission:
		text := fmt.Sprintf("grant role %q %s on %s", s.Role, s.Permission.Access, s.Permission.Target())
		if s.Was != "" {
			text += fmt.Sprintf(" (was %s)", s.Was)
		}
		return text
	case RoleRevokePermission:
		return fmt.Sprintf("revoke %s from role %q", s.Permission.Target(), s.Role)
	case RoleDelete:
		return fmt.Sprintf("delete role %q", s.Role)
	case UserAdd:
		if s.WithPassword {
			return fmt.Sprintf("add user %q with the password in its folder", s.User)
		}
		return fmt.Sprintf("add user %q without a password", s.User)
	case UserChangePassword:
		return fmt.Sprintf("set the password of user %q to the one in its folder", s.User)
	case UserGrantRole:
		return fmt.Sprintf("bind user %q to role %q", s.User, s.Role)
	case UserRevokeRole:
		return fmt.Sprintf("unbind user %q from role %q", s.User, s.Role)
	case UserDelete:
		return fmt.Sprintf("delete user %q", s.User)
	}
	return fmt.Sprintf("do nothing (unknown action %q)", s.Action)
}
