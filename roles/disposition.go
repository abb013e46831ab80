package roles

import (
	"fmt"

	"lockstep/policies/pending"
)

// disposition is what a plan does with one user.
type disposition int

const (
	alone     disposition = iota // unmanaged: no call names this user
	withheld                     // to be removed without a permission to do so: no call names it either
	removed                      // deleted
	added                        // the policy names it and etcd has none
	kept                         // ours: its bindings are corrected
	recreated                    // deleted and added again, to lose its password
)

// dispositionOf decides for a user that the policy names and etcd has. A user is ours when
// lockstep made it, or when it is named in the policy and known to have no password;
// the second result is the pending change when it is not.
//
// While auth is on, etcd neither deletes root nor takes its password: it is kept.
func dispositionOf(u User, enabled bool, owned Ownership, allow Allow) (disposition, *Pending) {
	unknown := u.Password == PasswordUnknown
	switch {
	case u.Name == rootName && enabled, u.Password == PasswordAbsent:
		return kept, nil
	case allow.Recreate && (!unknown || !enabled || !owned(u.Name)):
		return recreated, nil
	case u.Password.Exists():
		return alone, &Pending{Needs: pending.Recreate, Step: Step{Action: UserDelete, User: u.Name, TakesOver: true},
			Reason: "it has a password, which etcd takes away only by deleting the user and adding it again"}
	case owned(u.Name) || allow.Adopt:
		return kept, nil
	}
	return alone, &Pending{Needs: pending.Adopt, Step: Step{Action: UserGrantRole, User: u.Name, TakesOver: true},
		Reason: "lockstep did not make this user, and it may have a password"}
}

// decideUsers decides for every user that the policy names or etcd has.
func (d *difference) decideUsers(owned Ownership, allow Allow) {
	for _, u := range d.observed.Users {
		want, named := d.desired.User(u.Name)
		switch {
		case named:
			decide := dispositionOf
			if want.Password == PasswordOurs {
				decide = passwordDisposition
			}
			f, waits := decide(u, d.observed.Enabled, owned, allow)
			d.dispositions[u.Name] = f
			if waits != nil {
				waits.Step.Role = first(want.Roles)
				d.needs[u.Name] = waits.Needs
				d.pending = append(d.pending, *waits)
			}
		case u.Name == rootName || !owned(u.Name):
			d.dispositions[u.Name] = alone
			if !allow.Adopt {
				d.needs[u.Name] = pending.Adopt
			}
		case allow.Prune:
			d.dispositions[u.Name] = removed
		default:
			d.dispositions[u.Name], d.needs[u.Name] = withheld, pending.Prune
			d.pending = append(d.pending, Pending{Needs: pending.Prune, Step: Step{Action: UserDelete, User: u.Name},
				Reason: "the policy no longer names this user"})
		}
	}
	for _, u := range d.desired.Users {
		if _, found := d.observed.User(u.Name); !found {
			d.dispositions[u.Name] = added
		}
	}
}

func first(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return names[0]
}

// userSteps deletes users, makes them again and adds them.
func (d *difference) userSteps() []Step {
	var steps []Step
	for _, u := range d.observed.Users {
		switch d.dispositions[u.Name] {
		case removed:
			steps = append(steps, Step{Phase: removeUsers, Action: UserDelete, User: u.Name, Reason: "the policy no longer names this user"})
		case recreated:
			steps = append(steps, Step{Phase: recreateUsers, Action: UserDelete, User: u.Name,
				Reason: d.recreated(u.Name), Interrupts: d.recreation(u.Name)})
		}
	}
	for _, u := range d.desired.Users {
		withPassword := u.Password == PasswordOurs
		switch d.dispositions[u.Name] {
		case added:
			steps = append(steps, Step{Phase: addUsers, Action: UserAdd, User: u.Name, WithPassword: withPassword, Reason: "the policy names this user and etcd has none"})
		case recreated:
			reason := "it is made again, without a password"
			if withPassword {
				reason = "it is made again, with a password"
			}
			steps = append(steps, Step{Phase: addUsers, Action: UserAdd, User: u.Name, WithPassword: withPassword, Reason: reason, Interrupts: d.recreation(u.Name)})
		case kept:
			if withPassword {
				steps = append(steps, d.setPassword(u.Name)...)
			}
		}
	}
	return steps
}

// recreation says which user is refused meanwhile. While auth is off, no user is refused.
func (d *difference) recreation(user string) string {
	if !d.observed.Enabled {
		return ""
	}
	return fmt.Sprintf("user %q is refused from its deletion until it is bound again", user)
}
