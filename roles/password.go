package roles

import (
	"fmt"

	"lockstep/policies/pending"
)

// passwordDisposition is dispositionOf for a user that shall have the password in its folder.
// etcd changes the password of a user that has one, and gives one to no user that has none: that
// takes deleting the user and adding it again. While auth is off, etcd does not tell which users
// have one, and deleting costs no user anything.
//
// A user that lockstep did not make keeps the password that its software knows, unless the
// operator permits another one.
func passwordDisposition(u User, enabled bool, owned Ownership, allow Allow) (disposition, *Pending) {
	switch {
	case u.Password == PasswordOurs:
		return kept, nil
	case !enabled && allow.Recreate, u.Password == PasswordAbsent && allow.Recreate:
		return recreated, nil
	case u.Password == PasswordAbsent:
		return alone, &Pending{Needs: pending.Recreate, Step: Step{Action: UserDelete, User: u.Name, TakesOver: true},
			Reason: "it has no password, and etcd gives it one only by deleting the user and adding it again"}
	case owned(u.Name), allow.Adopt:
		return kept, nil
	}
	why := "its password is not in the PKI folder"
	if u.Password == PasswordOther {
		why = "it does not log in with the password in its folder"
	}
	return alone, &Pending{Needs: pending.Adopt, Step: Step{Action: UserGrantRole, User: u.Name, TakesOver: true},
		Reason: "lockstep did not make this user, and " + why}
}

// setPassword gives a user the password in its folder where it is known to have another one.
func (d *difference) setPassword(user string) []Step {
	u, _ := d.observed.User(user)
	if u.Password != PasswordOther {
		return nil
	}
	return []Step{{Phase: setPasswords, Action: UserChangePassword, User: user, Reason: "its password is another one than the one in its folder",
		Interrupts: fmt.Sprintf("user %q is refused from then on until it uses the password in its folder", user)}}
}

// recreated is why a user is deleted and added again.
func (d *difference) recreated(user string) string {
	if want, _ := d.desired.User(user); want.Password == PasswordOurs {
		return "it may have no password, and only adding it again gives it one"
	}
	return "it may have a password, which only deleting it takes away"
}
