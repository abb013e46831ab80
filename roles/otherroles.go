package roles

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"lockstep/policies/count"
	"lockstep/policies/pending"
)

// decideOtherRoles decides for every role that etcd has and the policy does not
// name. Such a role is ours when it has the name of a user that lockstep made, or is the
// bridge of a role of ours. A role that another user holds stays. That only our users hold it
// does not make it ours: another client may have given it to them.
func (d *difference) decideOtherRoles(owned Ownership, allow Allow) {
	for _, role := range d.observed.Roles {
		_, inUse := d.deletions[role.Name]
		if _, named := d.desired.Role(role.Name); named || inUse || role.Name == rootName {
			continue
		}
		held := d.holders[role.Name]
		mine := d.isOurs(role.Name, owned)
		switch {
		case !mine || d.any(held, alone):
			d.foreign = append(d.foreign, fmt.Sprintf("role %q is not in the policy; %s", role.Name, heldBy(held)))
		case d.any(held, withheld), !IsBridge(role.Name) && !allow.Prune:
			d.pending = append(d.pending, Pending{Needs: pending.Prune, Step: Step{Action: RoleDelete, Role: role.Name},
				Reason: "the policy no longer names this role"})
		default:
			d.deletions[role.Name] = d.deletionPhase(held)
		}
	}
}

func (d *difference) isOurs(role string, owned Ownership) bool {
	base, _, _ := strings.Cut(role, "~")
	_, desired := d.desired.Role(base)
	return owned(role) || IsBridge(role) && (desired || owned(base))
}

// deletionPhase is the latest phase in which a user still holds the role: a run that ends
// after its last user is deleted would leave a role that looks like an unmanaged one.
func (d *difference) deletionPhase(held []User) int {
	switch {
	case len(held) == 0 || d.any(held, kept):
		return deleteRoles
	case d.any(held, recreated):
		return dropRoles
	}
	return removeRoles
}

func heldBy(users []User) string {
	if len(users) == 0 {
		return "no user holds it"
	}
	return "held by " + count.Quoted(names(users))
}

func (d *difference) any(users []User, f disposition) bool {
	return slices.ContainsFunc(users, func(u User) bool { return d.dispositions[u.Name] == f })
}

// deletionSteps deletes roles, bridges included.
func (d *difference) deletionSteps() []Step {
	var steps []Step
	for _, name := range slices.Sorted(maps.Keys(d.deletions)) {
		reason := "the policy no longer names this role"
		if IsBridge(name) {
			reason = "the role that it stood in for is right"
		}
		steps = append(steps, Step{Phase: d.deletions[name], Action: RoleDelete, Role: name, Reason: reason})
	}
	return steps
}

// reportForeign says which users are left as they are, and what they hold. A user whose
// rights the plan changes, through a role of the policy, is not among them.
func (d *difference) reportForeign() {
	for _, u := range d.observed.Users {
		if _, named := d.desired.User(u.Name); named {
			if u.Name == rootName && u.Password.Exists() && d.dispositions[u.Name] == kept {
				d.foreign = append(d.foreign, `user "root" has a password, which etcd cannot take away while auth is on`)
			}
			continue
		}
		if d.dispositions[u.Name] != alone || d.affected(u) {
			continue
		}
		sentence := fmt.Sprintf("user %q is not in the policy", u.Name)
		if len(u.Roles) > 0 {
			sentence += "; it holds " + count.Quoted(u.Roles)
		}
		if shared := d.ofPolicy(u.Roles); len(shared) > 0 {
			sentence += "; the policy has " + count.Quoted(shared)
		}
		d.foreign = append(d.foreign, sentence)
	}
}

// affected reports whether a change of a role that the plan makes names the user.
func (d *difference) affected(u User) bool {
	return slices.ContainsFunc(d.works, func(w work) bool {
		return !w.waits && !w.edit.empty() && w.effect.changes(u.Name)
	})
}

// ofPolicy is those of the roles that the policy names.
func (d *difference) ofPolicy(held []string) (out []string) {
	for _, role := range held {
		if _, named := d.desired.Role(role); named {
			out = append(out, role)
		}
	}
	return out
}
