package change

import (
	"lockstep/policies"
	"lockstep/roles"
)

// Scope is what a change covers and what it may do. The zero value permits nothing beyond
// the plain difference.
type Scope struct {
	// Policy says what etcd and the folder shall hold. When a component is removed, it is the
	// policy without the component, and the world's policy still names it.
	Policy *policies.Policy

	// Component limits the change to one component; nil is the whole policy. Such a change
	// reads only what it touches, so its cost does not depend on the other components.
	Component *policies.Component

	Permitted

	// Sweep deletes temporary superusers that interrupted runs left.
	Sweep bool

	// Reviewed executes after a lost answer only steps of the confirmed plan. Without it, the
	// change answers what other clients change meanwhile.
	Reviewed bool
}

// Permitted is what the operator permits beyond the plain difference. The zero value
// permits nothing.
type Permitted struct {
	roles.Allow
	ReuseName bool // add a user although an earlier certificate in its name is still valid
}

// desired is what etcd shall hold within the scope.
func (s Scope) desired() roles.State {
	all := roles.Desired(s.Policy)
	if s.Component == nil {
		return all
	}
	return part(all, *s.Component)
}

// part is the desired state cut down to one component: its user, its role, and the
// others that share that role.
func part(all roles.State, c policies.Component) roles.State {
	role := c.Role.String()
	out := roles.State{}
	for _, u := range all.Users {
		if u.Name == c.User.String() || !c.Administrator && u.Holds(role) {
			out.Users = append(out.Users, u)
		}
	}
	for _, r := range all.Roles {
		if r.Name == role {
			out.Roles = append(out.Roles, r)
		}
	}
	return out
}

// selection is the part of etcd's users and roles that a change of one component reads.
type selection struct {
	users, roles []string
	named        map[string]bool // users of the policy; a user beside them may hold the role, too
}

// selected is the users that hold the component's role by the policy, the role and its
// bridge. p is the policy that names the component.
func selected(p *policies.Policy, c policies.Component) selection {
	s := selection{users: []string{c.User.String()}, named: map[string]bool{}}
	for _, other := range p.Components {
		s.named[other.User.String()] = true
		if other.Role == c.Role && !c.Administrator && other.Name != c.Name {
			s.users = append(s.users, other.User.String())
		}
	}
	if !c.Administrator {
		s.roles = []string{c.Role.String(), roles.BridgeOf(c.Role.String())}
	}
	return s
}

// unmanaged reports whether the policy does not name the user.
func (s selection) unmanaged(user string) bool {
	return user != policies.Root().String() && !s.named[user]
}
