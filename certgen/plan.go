package certgen

import (
	"crypto"
	"crypto/x509"
	"fmt"
	"maps"
	"slices"
	"strings"

	"lockstep/policies/count"
	"lockstep/policies/pending"
)

// Action is one kind of change to the PKI folder.
type Action string

const (
	Finish   Action = "finish"   // what a crash left half written is put in place if it is whole, else cleared
	MakeCA   Action = "make CA"  // only where there is none, or a next generation
	TakeInCA Action = "bring CA" // the certificate of an external CA is taken in, only where there is none
	Issue    Action = "issue"    // a new key and certificate where there is none
	Reissue  Action = "reissue"  // the old certificate goes to retired/, its key is deleted
	Sign     Action = "sign"     // a certificate for the key of a request; what was there goes as by Reissue
	Renew    Action = "renew"    // a new certificate for the same key, which need not be here; the old one goes to retired/
	Note     Action = "note"     // an external certificate is copied, without a key; what was there goes as by Reissue
	Write    Action = "write"    // a file without secrets, which can be made again at any time
	Retire   Action = "retire"   // certificate to retired/, key deleted, nothing new
	Restrict Action = "restrict" // a key's or password's mode back to 0600

	MakePassword Action = "make"   // a new random password of a component's user; one that is there is overwritten
	DropPassword Action = "delete" // the password of a user that has none any more

	// Of a CA that is rotated; they come before everything that is signed.
	Promote Action = "promote CA" // the next generation becomes the current one, which becomes the previous one; its key is deleted
	Replace Action = "replace CA" // the next generation becomes the current one, which is dropped at once; its key is deleted
	Drop    Action = "drop CA"    // the previous generation is trusted no more

	Repair Action = "repair" // of a pending step only: the operator has to mend the CA; Plan.Pending says how
)

// Missing is the reason of a step that makes what is not there yet.
const Missing = "missing"

// NotNoted is the reason of the first Note of a certificate.
const NotNoted = "it is an external certificate"

// ForeignKey is the reason of a step for a certificate beside which another one's key lies.
const ForeignKey = "its key belongs to another certificate"

// SameMeaning is the reason of a Write after which a file sets what it set before: what was
// copied from it may stay as it is.
const SameMeaning = "sets the same, written in another form; copies of it may stay"

// FirstStart is the reason of a Write of an etcd.env that only lists other members than before:
// etcd reads that list when it starts with an empty data folder, and never again.
const FirstStart = "lists other members, which counts at a first start alone; copies of it may stay"

// Step is one change, with its own sentence (String) and reason.
type Step struct {
	Action  Action
	Profile Profile          // of MakeCA, TakeInCA, Promote, Replace, Drop, Issue, Reissue, Sign, Note, Retire, Repair, Renew
	File    string           // of Finish, Write, Restrict, MakePassword and DropPassword: path below the PKI folder (of a pair without .crt and .key; of Finish also a folder)
	Content []byte           // of Write, TakeInCA and Note
	Carries bool             // of Reissue and Renew: the CA issued the present certificate for this user, and only its dates are wrong
	Early   bool             // of Renew and Write: the present certificate or list is still valid
	Key     crypto.PublicKey // of Sign: the request's
	CopyOf  CA               // of Write, instead of Content: this CA's certificate, which may only be made in the same plan
	List    *List            // of Write, instead of Content: a revocation list that has to be signed
	Reason  string

	Signed *x509.Certificate // of Issue, Reissue, Sign and Renew that were carried out: what is in place now
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
func (s Step) OfComponent() bool { return s.Place().Kind == PlaceComponent }

// Records reports whether the step records that a certificate is revoked. That comes before
// everything that names or replaces the certificate.
func (s Step) Records() bool {
	return s.Action == Write && Locate(s.File).Purpose == ForRetired && recordsRevocation(s.File)
}

// Outdates reports whether a copy of the step's folder that was made before the step is
// not the same any more. What is noted lies where it is used already.
func (s Step) Outdates() bool {
	return s.Reason != Missing && s.Reason != SameMeaning && s.Reason != FirstStart && !s.Records() && s.Action != Finish && s.Action != Restrict && s.Action != Note
}

// String is the step as a sentence without its reason.
func (s Step) String() string {
	switch s.Action {
	case MakeCA:
		return fmt.Sprintf("make the %s%s CA", nextWord(s.Profile), s.Profile.CA)
	case Promote:
		return fmt.Sprintf("let the next %s CA sign", s.Profile.CA)
	case Replace:
		return fmt.Sprintf("replace the %s CA by the next one", s.Profile.CA)
	case Drop:
		return fmt.Sprintf("drop the previous %s CA", s.Profile.CA)
	case TakeInCA:
		return fmt.Sprintf("take in the %s CA", s.Profile.CA)
	case Note:
		return fmt.Sprintf("note %s of user %q", s.Profile.External, s.Profile.User)
	case Renew:
		if s.Profile.External != "" {
			return fmt.Sprintf("make %s again", s.Profile.External)
		}
		return fmt.Sprintf("renew %s%s", s.Profile.Path, s.Profile.holder())
	case Issue, Reissue, Sign:
		return fmt.Sprintf("%s %s%s", s.Action, s.Profile.Path, s.Profile.holder())
	case Finish:
		return fmt.Sprintf("finish %s", s.File)
	case Restrict:
		return fmt.Sprintf("restrict %s to mode 0600", s.File)
	}
	return fmt.Sprintf("%s %s", s.Action, s.Path())
}

// nextWord is "next " for the profile of a next generation.
func nextWord(p Profile) string {
	if p.Path == CAPlace(p.CA, Next).String() {
		return "next "
	}
	return ""
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
	Steps []Step

	// Pending is the steps that are not executed:
	//   - pending.Operator: Repair of a CA that cannot be used (its certificate is missing,
	//     or it has expired). Nothing that it would sign is planned.
	//   - pending.CAKey, pending.FolderKey: what a CA has to sign whose key is not here.
	//     Other steps do not depend on it.
	//   - pending.Issuer: Renew of an external certificate that cannot be used, by its issuer.
	//   - pending.Prune: Retire of a pair that the policy does not name. On the way down the
	//     user is deleted first, and the caller executes these steps last.
	Pending []Pending

	// Defects is what was found in the certificates that were judged, by Profile.Path. The fatal
	// ones are the reasons of steps; for the others there is no step.
	Defects map[string][]Defect

	// ExternalCA is the file of the one CA that others made and whose key is given for one run;
	// "" where the CAs are lockstep's own.
	ExternalCA string
	// Inherited is the CAs that would have to sign, and are the external one of an earlier policy:
	// they sign nothing before certs rotate-ca has replaced them.
	Inherited []CA
}

// Pending is a step that is not executed, and why.
type Pending = pending.Change[Step]

// Blocked is what the operator has to mend before the PKI folder can be used, in sentences.
func (p Plan) Blocked() []string {
	var out []string
	for _, c := range pending.Needing(p.Pending, pending.Operator) {
		out = append(out, c.Reason)
	}
	return out
}

// Unsigned is the steps that wait for the key of a CA.
func (p Plan) Unsigned() []Pending {
	return pending.Needing(p.Pending, pending.CAKey, pending.FolderKey)
}

// Unfit is the external certificates that cannot be used.
func (p Plan) Unfit() []Pending { return pending.Needing(p.Pending, pending.Issuer) }

// Removals is the steps that retire what the policy does not name.
func (p Plan) Removals() []Step { return pending.Steps(pending.Needing(p.Pending, pending.Prune)) }

// UnfitText says why an external certificate cannot be used, as a sentence.
func UnfitText(c Pending) string {
	return fmt.Sprintf("%s, of component %s: %s", c.Step.Profile.External, c.Step.Profile.Identity, c.Reason)
}

// Empty reports whether there is nothing to do and nothing in the way. A certificate that
// the policy does not name is in no step's way.
func (p Plan) Empty() bool {
	return len(p.Steps) == 0 && len(p.Pending) == len(p.Removals())
}

// Waiting says, for each CA whose key is not here, what it would have to sign.
func (p Plan) Waiting() []string {
	names := map[string][]string{}
	for _, s := range pending.Steps(p.Unsigned()) {
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
	if p.ExternalCA != "" {
		return fmt.Sprintf("the CA %s, and its key was not given", p.ExternalCA)
	}
	if slices.Contains(p.Inherited, ca) {
		return fmt.Sprintf("the %s CA, which is external still, and the policy does not name it: lockstep certs rotate-ca %[1]s replaces it by one that signs", ca)
	}
	return fmt.Sprintf("the %s CA, and its key, %s.key, is not here: bring it back for this run", ca, CAPath(ca))
}

// Signer is the CA whose key the step needs.
func (s Step) Signer() CA {
	if s.List != nil {
		return s.List.CA
	}
	return s.Profile.CA
}
