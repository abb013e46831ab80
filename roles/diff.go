package roles

import (
	"cmp"
	"slices"

	"lockstep/policies/keyrange"
	"lockstep/policies/pending"
)

// difference is what Diff has found out and decided; the methods that return steps
// only read it.
type difference struct {
	desired, observed State
	users             map[string][]User        // of the policy, by the role they shall hold
	holders           map[string][]User        // in etcd, by the role they hold
	dispositions      map[string]disposition   // by user
	needs             map[string]pending.Needs // by user that is left as it is and that a permission would change
	works             []work                   // one for each desired role, by name
	bridges           map[string]bridge        // by the role it stands for
	deletions         map[string]int           // roles that are deleted, and in which phase
	pending           []Pending
	foreign           []string
}

// work is the change of one desired role.
type work struct {
	role      Role // as desired, canonical
	exists    bool
	have      []keyrange.Permission // what it holds in etcd
	edit      edit
	waits     bool          // it is not done, because it needs a permission
	needs     pending.Needs // of work that waits
	concerned concerned
	bridge    bridge
	effect    effect
}

// Diff is the plan that turns observed into desired: pure, deterministic, and with
// as few calls as keep its promises (see the package). Each user of desired holds
// one role.
func Diff(desired, observed State, owned Ownership, allow Allow) Plan {
	d := &difference{
		desired: desired, observed: observed,
		users: desired.holders(), holders: observed.holders(),
		dispositions: map[string]disposition{}, needs: map[string]pending.Needs{}, bridges: map[string]bridge{}, deletions: map[string]int{},
	}
	d.decideUsers(owned, allow)
	d.decideDesiredRoles()
	d.decideOtherRoles(owned, allow)
	d.reportForeign()

	steps := slices.Concat(d.userSteps(), d.roleSteps(), d.bindingSteps(), d.deletionSteps())
	slices.SortStableFunc(steps, func(a, b Step) int { return cmp.Compare(a.Phase, b.Phase) })
	slices.Sort(d.foreign)
	return Plan{Steps: steps, Pending: d.pending, Foreign: d.foreign, Revision: observed.Revision}
}

func (d *difference) decideDesiredRoles() {
	for _, want := range d.desired.Roles {
		want.Permissions = canonical(want.Permissions)
		have, exists := d.observed.Role(want.Name)
		d.works = append(d.works, work{role: want, exists: exists, have: have.Permissions, edit: compare(have.Permissions, want.Permissions)})
	}
	d.decideWaiting()
	wanted := d.wanted()
	for i := range d.works {
		w := &d.works[i]
		w.concerned = d.concerned(w.role.Name)
		w.effect = d.effects(w.concerned.unmanaged, wanted)
		if w.waits {
			d.pending = append(d.pending, w.pending()...)
		} else if w.bridge = d.bridgeFor(w.role, w.edit, w.concerned); w.bridge.needed() {
			d.bridges[w.role.Name] = w.bridge
			d.deletions[w.bridge.name] = deleteRoles
		}
	}
}

// ours reports whether a user of this disposition is bound as the policy says.
func ours(f disposition) bool { return f == added || f == kept || f == recreated }

// wants reports whether the policy gives the user the role.
func (d *difference) wants(user, role string) bool {
	u, named := d.desired.User(user)
	return named && u.Holds(role)
}

// keeps reports whether the user holds the role now and is not made again.
func (d *difference) keeps(user, role string) bool {
	u, found := d.observed.User(user)
	return found && d.dispositions[user] == kept && u.Holds(role)
}
