package verify

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"lockstep/certgen"
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
		{
			Code: "auth/restored", Severity: Error, Needs: NeedsAuth | NeedsFolder,
			Sentence: "etcd is the cluster that lockstep changed last, and its users and roles are not older than then",
			Remedy:   "lockstep plan shows what came back; lockstep apply makes users and roles as the policy says and notes which cluster it is now; users of removed components need lockstep apply --prune",
			Find:     findRestored,
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
			Sentence: "no user of the policy can log in with a password, but those to which it gives one",
			Remedy:   "lockstep apply --adopt=recreate deletes the user and adds it again without one: etcd has no other cure",
			Find:     findPasswords,
		},
		{
			Code: "users/other-password", Severity: Error, Needs: NeedsAuth,
			Sentence: "every user to which the policy gives a password logs in with the one in its component's folder",
			Remedy:   "lockstep apply sets it; the component is refused from then until it uses that password",
			Find:     findOtherPasswords,
		},
		{
			Code: "users/weak-password", Severity: Error, Needs: NeedsFolder, Brief: "password that can be guessed",
			Sentence: "every password in a component's folder is one line that cannot be guessed: at least 16 bytes, no name, and not another component's",
			Remedy:   "lockstep certs rekey makes a random one with a new certificate, and lockstep apply sets it",
			Find:     findWeakPasswords,
		},
		{
			Code: "users/former-certificate", Severity: Error, Needs: NeedsAuth | NeedsFolder, Acceptable: true, Brief: "former certificate that needs no password",
			Sentence: "no user to which the policy gives a password is named by a former certificate that still works: etcd takes its CN for the user, and asks for no password",
			Remedy:   "lockstep certs revoke COMPONENT --serial HEX ends the certificate and leaves the user; copy client.crl to the members",
			Find:     findFormerCertificates,
		},
		{
			Code: "users/empty-password", Severity: Critical, Needs: NeedsAuth,
			Sentence: "no unmanaged user, and no user to which the policy gives a password, has an empty one",
			Remedy:   "etcdctl user passwd USER sets another one, etcdctl user delete USER ends it: until then every client that a member lets in can be that user",
			Find:     findEmptyPasswords,
		},
		{
			Code: "users/case", Severity: Warning, Needs: NeedsAuth, Acceptable: true,
			Sentence: "no unmanaged user has the name of a policy's user in other letters' case",
			Remedy:   "delete the user (etcdctl user delete USER) if it is a slip; a certificate with that CN is that user, and not the policy's",
			Find:     findOtherCase,
		},
		{
			Code: "users/revived", Severity: Critical, Needs: NeedsAuth | NeedsFolder,
			Sentence: "no user of a removed component is in etcd while a former certificate of it works",
			Remedy:   "lockstep apply --prune deletes the user; lockstep certs revoke NAME ends its certificates",
			Find:     findRevived,
		},
		{
			Code: "users/unsettled", Severity: Error, Needs: NeedsAuth, Acceptable: true,
			Sentence: "policy and etcd differ in nothing that needs the permission of the operator",
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
		if want.Password == roles.PasswordOurs {
			continue // findOtherPasswords
		}
		if have, ok := j.Auth.User(want.Name); ok && have.Password.Exists() {
			text := "can log in with a password and without its certificate"
			if slices.Contains(j.Empty, have.Name) {
				text = "can log in with an empty password and without its certificate"
			}
			out.add(Subject{SubjectUser, have.Name}, text, passwordRemedy(have.Name))
		}
	}
	return out
}

// findOtherPasswords finds users that etcd does not log in with the password in their folder.
func findOtherPasswords(j *judgement) (out findings) {
	for _, s := range j.rolesPlan().Steps {
		if s.Action == roles.UserChangePassword && !slices.Contains(j.Empty, s.User) { // else findEmptyPasswords
			out.add(Subject{SubjectUser, s.User}, "does not log in with the password in its folder")
		}
	}
	return out
}

func findWeakPasswords(j *judgement) (out findings) {
	for _, c := range j.Policy.Components {
		if text := j.Passwords[c.Name]; text != "" {
			out.add(Subject{SubjectFile, certgen.PasswordPath(c.Name)}, text, fmt.Sprintf("lockstep certs rekey %s makes a random one with a new certificate, and lockstep apply sets it", c.Name))
		}
	}
	return out
}

// passwordRemedy is for root, whose password etcd keeps while auth is on.
func passwordRemedy(user string) string {
	if user != policies.Root().String() {
		return ""
	}
	return "lockstep auth off --for REASON, then lockstep bootstrap at once: it makes root again without a password and turns auth on; until then every certificate that the members accept may do everything"
}

func findRefused(j *judgement) (out findings) {
	if !j.Auth.Enabled {
		return out // no user's password can be known; auth/off says what is wrong
	}
	for _, p := range j.rolesPlan().Pending {
		if !postponed(p) {
			if j.formerUntil(p.Step).IsZero() { // else findRevived says it
				out.add(subject(p.Step), fmt.Sprintf("%s; to mend: %s (needs %s)", p.Reason, p.Step, flagOf(p.Needs)))
			}
		}
	}
	return out
}

// findRevived finds users of removed components whose former certificates still work: the
// removal was not finished, or etcd was restored from before it.
func findRevived(j *judgement) (out findings) {
	if !j.Auth.Enabled {
		return out
	}
	for _, p := range j.rolesPlan().Pending {
		if until := j.formerUntil(p.Step); !until.IsZero() {
			out.add(subject(p.Step), fmt.Sprintf("the policy does not name it, it is in etcd, and its former certificate works until %s", until.UTC().Format(time.DateOnly)))
		}
	}
	return out
}

// formerUntil is until when a retired certificate of the user that the step deletes works; zero
// where there is none.
func (j *judgement) formerUntil(s roles.Step) (until time.Time) {
	if j.Folder == nil {
		return until
	}
	return FormerUntil(*j.Folder, s, j.Now)
}

// FormerUntil is until when a retired certificate of the user that the step deletes is valid and
// not revoked; zero where there is none.
func FormerUntil(folder certgen.State, s roles.Step, now time.Time) (until time.Time) {
	if s.Action != roles.UserDelete {
		return until
	}
	revoked := folder.Listed(certgen.ClientCA)
	for _, r := range folder.Retired {
		if r.Leaf.Subject.CommonName == s.User && now.Before(r.Leaf.NotAfter) && !revoked[r.Leaf.SerialNumber.String()] && until.Before(r.Leaf.NotAfter) {
			until = r.Leaf.NotAfter
		}
	}
	return until
}

// findEmptyPasswords leaves the policy's users that shall have no password to users/password.
func findEmptyPasswords(j *judgement) (out findings) {
	desired := roles.Desired(j.Policy)
	for _, name := range j.Empty {
		want, named := desired.User(name)
		given, remedy := want.Password == roles.PasswordOurs, ""
		if given {
			remedy = "lockstep apply sets the password in its folder; the component is refused from then until it uses that password"
		}
		if !named || given {
			out.add(Subject{SubjectUser, name}, "has an empty password: every client can log in as it", remedy)
		}
	}
	return out
}

func findOtherCase(j *judgement) (out findings) {
	byCase := map[string]string{}
	for _, u := range roles.Desired(j.Policy).Users {
		byCase[strings.ToLower(u.Name)] = u.Name
	}
	for _, u := range j.Auth.Users {
		if own, near := byCase[strings.ToLower(u.Name)]; near && own != u.Name {
			out.add(Subject{SubjectUser, u.Name}, fmt.Sprintf("is another user than the policy's %q", own))
		}
	}
	return out
}
