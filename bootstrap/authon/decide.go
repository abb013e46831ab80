package authon

import (
	"slices"
	"time"
)

// Outcome is how a member answered root's certificate.
type Outcome int

const (
	Unknown  Outcome = iota // no conclusive answer: down, a learner, a failed handshake
	Accepted                // root gets in
	Ignored                 // certificate identity ignored: no --client-cert-auth (fact 2)
)

// Answer is one member's outcome, and the error where it is not known.
type Answer struct {
	Outcome Outcome
	Err     error
}

// answers is each member's, by name.
type answers map[string]Answer

func (a answers) named(want Outcome) []string {
	var out []string
	for name, answer := range a {
		if answer.Outcome == want {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// voters is the members that answered as etcd does: a learner takes no login.
func (a answers) voters() []string {
	return append(a.named(Accepted), a.named(Ignored)...)
}

// seen is all that the next step is decided from.
type seen struct {
	file    *recovery // nil: there is none
	healing bool      // a run that was cut off is continued
	on      bool      // auth is on
	answers answers   // empty while auth is off
	now     time.Time
	cluster uint64 // 0 until the connection that makes the change has told it
}

// step is what is done next. The zero value changes nothing.
type step int

const (
	nothing       step = iota
	reportCluster      // the file belongs to another cluster
	reportUnknown      // it is not known whether root gets in
	reportLate         // root is refused, and the window is over
	deleteHere         // auth is off: delete the user on the connection that is open
	deleteAsRoot       // root gets in: delete the user through a member that accepts root
	turnOff            // root is refused: turn auth off as the temporary superuser
)

// decide is the table in the package's documentation.
func decide(s seen) step {
	switch {
	case s.file == nil:
		return nothing
	case s.cluster != 0 && s.cluster != s.file.ClusterID:
		return reportCluster
	case !s.on:
		return deleteHere
	case s.healing:
		return decideHealing(s)
	case len(s.answers.named(Ignored)) > 0:
		return turnOff
	case len(s.answers) == 0 || len(s.answers.named(Unknown)) > 0:
		return reportUnknown
	}
	return deleteAsRoot
}

// decideHealing needs one member that accepts root: the operator is then not locked out,
// and preflight reports the other members.
func decideHealing(s seen) step {
	age := s.now.Sub(s.file.Time)
	switch {
	case len(s.answers.named(Accepted)) > 0:
		return deleteAsRoot
	case len(s.answers.named(Ignored)) == 0:
		return reportUnknown
	case age > recoveryWindow || age < -recoveryWindow:
		return reportLate
	}
	return turnOff
}
