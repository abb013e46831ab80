package verify

import (
	"fmt"
	"slices"
	"strings"

	"lockstep/policies"
	"lockstep/roles"
)

func authChecks() []Check {
	return slices.Concat([]Check{
		{
			Code: "auth/off", Severity: Critical, Needs: NeedsAuth, Brief: "auth is off",
			Sentence: "auth is on: etcd checks the user of every request",
			Remedy:   "lockstep bootstrap turns it on without locking any client out",
			Find:     findAuthOff,
		},
		{
			Code: "auth/recovery", Severity: Critical, Brief: "temporary superuser",
			Sentence: "no temporary superuser with a password is left over",
			Remedy:   "lockstep bootstrap finishes or undoes what an interrupted run began",
			Find:     findRecovery,
		},
	}, userChecks(), unmanagedChecks(), roleChecks())
}

func userChecks() []Check {
	return []Check{
		{
			Code: "users/missing", Severity: Error, Needs: NeedsAuth,
			Sentence: "every component's user is there and holds its role",
			Remedy:   "lockstep apply adds what is missing",
			Find:     findSteps(missingUser),
		},
		{
			Code: "users/excess", Severity: Critical, Needs: NeedsAuth,
			Sentence: "no user of the policy holds a role beyond its own",
			Remedy:   "lockstep apply takes it away",
			Find:     findSteps(excessUser),
		},
		{
			Code: "users/password", Severity: Critical, Needs: NeedsAuth, Acceptable: true, Brief: "user with a password",
			Sentence: "no user of the policy can log in with a password",
			Remedy:   "lockstep apply --adopt=recreate deletes the user and adds it again without one: etcd has no other cure",
			Find:     findPasswords,
		},
		{
			Code: "users/unsettled", Severity: Error, Needs: NeedsAuth, Acceptable: true,
			Sentence: "nothing that lockstep may not mend unasked stands between policy and etcd",
			Remedy:   "look at it, then allow it by the flag that the text names",
			Find:     findRefused,
		},
	}
}

func roleChecks() []Check {
	return []Check{
		{
			Code: "roles/missing", Severity: Error, Needs: NeedsAuth,
			Sentence: "every role holds the permissions that the policy gives it",
			Remedy:   "lockstep apply grants what is missing",
			Find:     findSteps(missingRole),
		},
		{
			Code: "roles/excess", Severity: Critical, Needs: NeedsAuth,
			Sentence: "no role of the policy holds a permission beyond it",
			Remedy:   "lockstep apply revokes it",
			Find:     findSteps(excessRole),
		},
		{
			Code: "roles/redundant", Severity: Warning, Needs: NeedsAuth,
			Sentence: "no role of the policy holds a permission that adds nothing to what the policy gives it",
			Remedy:   "lockstep apply revokes it; no user loses or gains access by it",
			Find:     findSteps(redundantRole),
		},
	}
}

// owned is whose users are ours: by the folder, where there is one with a CA.
func (e *Evidence) owned() roles.Ownership {
	if e.Folder != nil {
		if owned, err := Ownership(*e.Folder); err == nil {
			return owned
		}
	}
	return OwnsNone
}

func findAuthOff(j *judgement) (out findings) {
	if !j.Auth.Enabled {
		out.add(Subject{}, "auth is off: every certificate that the members accept may read and write everything")
	}
	return out
}

func findRecovery(j *judgement) (out findings) {
	if j.Recovery {
		out.add(Subject{}, "the PKI folder holds the recovery file of an interrupted bootstrap")
	}
	if j.Auth == nil {
		return out
	}
	for _, u := range j.Auth.Users {
		if strings.HasPrefix(u.Name, roles.RecoveryPrefix) {
			out.add(Subject{SubjectUser, u.Name}, "a temporary superuser of an interrupted bootstrap is left in etcd")
		}
	}
	return out
}

func findPasswords(j *judgement) (out findings) {
	for _, want := range roles.Desired(j.Policy).Users {
		if have, ok := j.Auth.User(want.Name); ok && have.Password == roles.PasswordPresent {
			out.add(Subject{SubjectUser, have.Name}, "can log in with a password and without its certificate", passwordRemedy(have.Name))
		}
	}
	return out
}

// passwordRemedy is for root, whose password etcd keeps while auth is on.
func passwordRemedy(user string) string {
	if user != policies.Root().String() {
		return ""
	}
	return "etcdctl auth disable, then lockstep bootstrap at once: it makes root again without a password and turns auth on; until then every certificate that the members accept may do everything"
}

func findRefused(j *judgement) (out findings) {
	if !j.Auth.Enabled {
		return out // no user's password can be known; auth/off says what is wrong
	}
	for _, p := range j.rolesPlan().Pending {
		if !postponed(p) {
			out.add(subject(p.Step), fmt.Sprintf("%s; to mend: %s (needs %s)", p.Reason, p.Step, flagOf(p.Needs)))
		}
	}
	return out
}
