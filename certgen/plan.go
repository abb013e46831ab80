package certgen

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"lockstep/policies/count"
)

// Action is one kind of change to the PKI folder.
type Action string

const (
	Finish   Action = "finish"   // what a crash left half written is put in place if it is whole, else cleared
	MakeCA   Action = "make CA"  // only where there is none; a CA is never replaced
	BringCA  Action = "bring CA" // the certificate of a CA that somebody else made is taken in, only where there is none
	Issue    Action = "issue"    // a new key and certificate where there is none
	Reissue  Action = "reissue"  // the old certificate goes to retired/, its key is deleted
	Note     Action = "note"     // a certificate that somebody else makes is copied, without a key; what was there goes as by Reissue
	Write    Action = "write"    // a file without secrets, which can be made again at any time
	Retire   Action = "retire"   // certificate to retired/, key deleted, nothing new
	Restrict Action = "restrict" // a key's mode back to 0600
)

// Missing is the reason of a step that makes what is not there yet.
const Missing = "missing"

// NotNoted is the reason of the first Note of a certificate.
const NotNoted = "somebody else makes it"

// SameMeaning is the reason of a Write after which a file sets what it set before: what was
// copied from it may stay as it is.
const SameMeaning = "sets the same, written in another form; copies of it may stay"

// Step is one change, with its own sentence (String) and reason.
type Step struct {
	Action  Action
	Profile Profile // of MakeCA, BringCA, Issue, Reissue, Note, Retire
	File    string  // of Finish, Write and Restrict: path below the PKI folder (of a pair without .crt and .key)
	Content []byte  // of Write, BringCA and Note
	Carries bool    // of Reissue: what is replaced names the same user under the same CA, and only its time is past
	CopyOf  CA      // of Write, instead of Content: this CA's certificate, which may only be made in the same plan
	CRLOf   CA      // of Write, instead of Content: this CA's CRL, made empty and signed if it has none yet
	Reason  string
}

// Path is what the step changes, below the PKI folder; of a pair without .crt and .key.
func (s Step) Path() string {
	if s.File != "" {
		return s.File
	}
	return s.Profile.Path
}

// OfComponent reports whether the step concerns a component: something that gets a
// right in etcd, and so comes later than CAs, members and proxies.
func (s Step) OfComponent() bool { return strings.HasPrefix(s.Path(), "components/") }

// Outdates reports whether a copy of the step's folder that was made before the step is
// not the same any more. What is noted lies where it is used already.
func (s Step) Outdates() bool {
	return s.Reason != Missing && s.Reason != SameMeaning && s.Action != Finish && s.Action != Restrict && s.Action != Note
}

// String is the step as a sentence without its reason.
func (s Step) String() string {
	switch s.Action {
	case MakeCA:
		return fmt.Sprintf("make the %s CA", s.Profile.CA)
	case BringCA:
		return fmt.Sprintf("take in the %s CA", s.Profile.CA)
	case Note:
		return fmt.Sprintf("note %s of user %q", s.Profile.External, s.Profile.User)
	case Issue, Reissue:
		return fmt.Sprintf("%s %s%s", s.Action, s.Profile.Path, s.Profile.holder())
	case Finish:
		return fmt.Sprintf("finish %s", s.File)
	case Restrict:
		return fmt.Sprintf("restrict %s to mode 0600", s.File)
	}
	return fmt.Sprintf("%s %s", s.Action, s.Path())
}

func (p Profile) holder() string {
	switch {
	case !p.User.IsZero():
		return fmt.Sprintf(" to user %q", p.User)
	case len(p.Hosts) > 0:
		return " for " + strings.Join(p.Hosts, ", ")
	}
	return ""
}

// Plan is what Diff found. It is carried out from the front: what was cut off first,
// then authorities, certificates, files.
type Plan struct {
	Steps   []Step
	Blocked []string // what cannot be mended by a step and needs the operator, in sentences (a CA without certificate, an expired CA)

	// Brought is the file of the one CA that others made and whose key is given for one run;
	// "" where the CAs are lockstep's own.
	Brought string

	// Keyless is what must be signed by a CA whose key is not here. It is no part of
	// Steps and stands in nobody else's way.
	Keyless []Step

	// Outside is the certificates that somebody else makes and that do not do.
	Unfit []Unfit

	// Removable retires the pairs that nobody in the policy stands for. They are no
	// part of Steps: who takes away the user first (power goes first on the way
	// down) appends them.
	Removable []Step
}

// Unfit is a certificate that lockstep does not make, and why it does not do.
type Unfit struct {
	Profile Profile
	Reason  string
	Carries bool // as Step.Carries
}

// String is what is wrong as a sentence.
func (u Unfit) String() string {
	return fmt.Sprintf("%s, of component %s: %s", u.Profile.External, u.Profile.Identity, u.Reason)
}

// Empty reports whether there is nothing to do and nothing in the way.
func (p Plan) Empty() bool {
	return len(p.Steps) == 0 && len(p.Blocked) == 0 && len(p.Keyless) == 0 && len(p.Unfit) == 0
}

// Waiting says, for each CA whose key is not here, what it would have to sign.
func (p Plan) Waiting() []string {
	names := map[string][]string{}
	for _, s := range p.Keyless {
		signer := p.absentKey(s.Signer())
		names[signer] = append(names[signer], s.Path())
	}
	var out []string
	for _, signer := range slices.Sorted(maps.Keys(names)) {
		out = append(out, fmt.Sprintf("%s (%s) must be signed by %s", count.Of(len(names[signer]), "file"), shortened(names[signer]), signer))
	}
	return out
}

// absentKey says whose key is not here, and how to give it.
func (p Plan) absentKey(ca CA) string {
	if p.Brought != "" {
		return fmt.Sprintf("the CA %s, and its key was not given: name it by --ca-key", p.Brought)
	}
	return fmt.Sprintf("the %s CA, and its key, %s.key, is not here: bring it back for this run", ca, CAPath(ca))
}

// Signer is the CA whose key the step needs.
func (s Step) Signer() CA { return cmp.Or(s.CRLOf, s.Profile.CA) }
