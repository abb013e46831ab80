package roles

import (
	"cmp"
	"fmt"
	"slices"

	"lockstep/policies/keyrange"
)

// After is the state that the steps lead to, as Apply after Apply would, at n log n for n
// permissions: Apply copies the whole role at each. Only the order of entries with the same
// key may be another than etcd's, which nothing that a user reaches depends on.
func (s State) After(steps []Step) (State, error) {
	open := map[string]ledger{}
	for _, step := range steps {
		next, err := s.after(step, open)
		if err != nil {
			return s, fmt.Errorf("planning to %s: %w", step, err)
		}
		s = next
	}
	s.Roles = slices.Clone(s.Roles)
	for name, l := range open {
		if i, found := s.roleIndex(name); found {
			s.Roles[i].Permissions = l.entries()
		}
	}
	return s, nil
}

// after does one step. A role whose permissions change is open until the last one.
func (s State) after(step Step, open map[string]ledger) (State, error) {
	switch step.Action {
	case RoleGrantPermission, RoleRevokePermission:
		role, found := s.Role(step.Role)
		if !found || step.Action == RoleGrantPermission && !valid(step.Permission) {
			return s.apply(step) // which has the words for it
		}
		if open[step.Role] == nil {
			open[step.Role] = ledgerOf(role.Permissions)
		}
		s.Revision++
		return s, open[step.Role].apply(step)
	case RoleDelete:
		delete(open, step.Role)
	}
	return s.apply(step)
}

// ledger is one role's entries by their keys, in etcd's order for each key.
type ledger map[string][]keyrange.Permission

func ledgerOf(permissions []keyrange.Permission) ledger {
	l := make(ledger, len(permissions))
	for _, p := range permissions {
		l[p.Key] = append(l[p.Key], p)
	}
	return l
}

func (l ledger) apply(step Step) (err error) {
	key := step.Permission.Key
	if step.Action == RoleGrantPermission {
		l[key] = grant(l[key], step.Permission)
		return nil
	}
	l[key], err = revoke(l[key], step.Permission)
	return err
}

func (l ledger) entries() []keyrange.Permission {
	var out []keyrange.Permission
	for _, entries := range l {
		out = append(out, entries...)
	}
	slices.SortStableFunc(out, func(a, b keyrange.Permission) int { return cmp.Compare(a.Key, b.Key) })
	return out
}
