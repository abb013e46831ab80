package roles

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"lockstep/policies/keyrange"
)

// After is the state that the steps lead to, as [State.Apply] for each step would, at n log n
// for n users, roles and permissions: Apply copies the whole state at each step. Only the
// order of entries with the same key may differ from etcd's. No user's reach depends on it.
func (s State) After(steps []Step) (State, error) {
	x := draftOf(s)
	for _, step := range steps {
		next, err := x.part(step).apply(step)
		if err != nil {
			return s, fmt.Errorf("planning to %s: %w", step, err)
		}
		x.put(step, next)
	}
	return x.state(), nil
}

// draft is a state by names, so that a step is applied to the part that it names.
type draft struct {
	enabled  bool
	revision uint64
	users    map[string]Password
	roles    map[string]map[string][]keyrange.Permission // by role and key, in etcd's order
	held     map[string]map[string]bool                  // by user, then role
	holders  map[string]map[string]bool                  // by role, then user
}

func draftOf(s State) *draft {
	x := &draft{
		enabled: s.Enabled, revision: s.Revision, users: map[string]Password{},
		roles: map[string]map[string][]keyrange.Permission{},
		held:  map[string]map[string]bool{}, holders: map[string]map[string]bool{},
	}
	for _, u := range s.Users {
		x.users[u.Name] = u.Password
		for _, role := range u.Roles {
			x.bind(u.Name, role)
		}
	}
	for _, r := range s.Roles {
		entries := make(map[string][]keyrange.Permission, len(r.Permissions))
		for _, p := range r.Permissions {
			entries[p.Key] = append(entries[p.Key], p)
		}
		x.roles[r.Name] = entries
	}
	return x
}

// part is all that the result of a step depends on: its user, its role, the role's entries
// with the step's key, and whether the user holds the role.
func (x *draft) part(step Step) State {
	part := State{Enabled: x.enabled, Revision: x.revision}
	if password, found := x.users[step.User]; found {
		u := User{Name: step.User, Password: password}
		if x.held[step.User][step.Role] {
			u.Roles = []string{step.Role}
		}
		part.Users = []User{u}
	}
	if entries, found := x.roles[step.Role]; found {
		part.Roles = []Role{{Name: step.Role, Permissions: entries[step.Permission.Key]}}
	}
	return part
}

// put takes over what the step made of its part.
func (x *draft) put(step Step, next State) {
	x.revision = next.Revision
	if u, found := next.User(step.User); !found {
		for role := range x.held[step.User] {
			delete(x.holders[role], step.User)
		}
		delete(x.held, step.User)
		delete(x.users, step.User)
	} else {
		x.users[u.Name] = u.Password
		if u.Holds(step.Role) {
			x.bind(u.Name, step.Role)
		} else {
			delete(x.held[u.Name], step.Role)
			delete(x.holders[step.Role], u.Name)
		}
	}
	switch r, found := next.Role(step.Role); {
	case step.Action == RoleDelete:
		for user := range x.holders[step.Role] {
			delete(x.held[user], step.Role)
		}
		delete(x.holders, step.Role)
		delete(x.roles, step.Role)
	case found && x.roles[r.Name] == nil:
		x.roles[r.Name] = map[string][]keyrange.Permission{}
		fallthrough
	case found:
		x.roles[r.Name][step.Permission.Key] = r.Permissions
	}
}

func (x *draft) bind(user, role string) {
	if x.held[user] == nil {
		x.held[user] = map[string]bool{}
	}
	if x.holders[role] == nil {
		x.holders[role] = map[string]bool{}
	}
	x.held[user][role], x.holders[role][user] = true, true
}

func (x *draft) state() State {
	s := State{Enabled: x.enabled, Revision: x.revision}
	for _, name := range slices.Sorted(maps.Keys(x.users)) {
		s.Users = append(s.Users, User{Name: name, Roles: slices.Sorted(maps.Keys(x.held[name])), Password: x.users[name]})
	}
	for _, name := range slices.Sorted(maps.Keys(x.roles)) {
		var entries []keyrange.Permission
		for _, ofKey := range x.roles[name] {
			entries = append(entries, ofKey...)
		}
		slices.SortStableFunc(entries, func(a, b keyrange.Permission) int { return cmp.Compare(a.Key, b.Key) })
		s.Roles = append(s.Roles, Role{Name: name, Permissions: entries})
	}
	return s
}
