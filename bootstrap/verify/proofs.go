package verify

import (
	"errors"
	"fmt"
	"slices"

	"lockstep/certgen"
	"lockstep/policies/count"
	"lockstep/policies/hint"
	"lockstep/policies/pending"
	"lockstep/roles"
	"lockstep/roles/store"
)

func proofChecks() []Check {
	return []Check{
		{
			Code: "proof/denied", Severity: Error, Needs: NeedsProof,
			Sentence: "every component may do what the policy gives it",
			Remedy:   "lockstep apply grants what is missing",
			Find:     findDenied,
		},
		{
			Code: "proof/allowed", Severity: Critical, Needs: NeedsProof,
			Sentence: "no component may do what the policy does not give it",
			Remedy:   "lockstep apply takes away what users/excess and roles/excess name",
			Find:     findAllowed,
		},
		{
			Code: "proof/inconclusive", Severity: Error, Needs: NeedsProof,
			Sentence: "every question got a conclusive answer",
			Remedy:   "look at the log of the member that did not answer: it names why; then run lockstep verify again",
			Find:     findInconclusive,
		},
		{
			Code: "proof/not-live", Severity: Warning, Needs: NeedsProof, Acceptable: true,
			Sentence: "every component was tried with its own certificate",
			Remedy:   "run lockstep verify where the keys are, or with --mint where the client CA's key is",
			Find:     findNotLive,
		},
	}
}

func findDenied(j *judgement) (out findings) {
	for _, p := range j.Proofs {
		for _, text := range j.answers(p, roles.Allowed, roles.Denied, "is refused") {
			out.add(p.subject(), text)
		}
	}
	return out
}

func findAllowed(j *judgement) (out findings) {
	for _, p := range j.Proofs {
		for _, text := range j.answers(p, roles.Denied, roles.Allowed, "is allowed") {
			out.add(p.subject(), text, allowedRemedy(j, p))
		}
	}
	return out
}

// answers is a sentence for each question that expected want and got got, and whose cause no
// finding about users and roles names.
func (j *judgement) answers(p Proof, want, got roles.Verdict, verb string) (texts []string) {
	for _, a := range p.Failed {
		if a.Want == want && a.Got == got && !j.explained(p, a) {
			texts = append(texts, fmt.Sprintf("%s of %s %s", a.Access, a.About, verb))
		}
	}
	return texts
}

// explained reports whether the answer is what etcd's users and roles give the certificate's
// user, and one of these is not the policy's: that is a finding of its own.
func (j *judgement) explained(p Proof, a roles.Answer) bool {
	if j.Auth == nil || !j.Auth.Enabled {
		return false
	}
	user, named := p.User.String(), p.User.String()
	if leaf := j.shownBy(p); leaf != nil && !p.Minted {
		named = certgen.UserOf(leaf) // findMisnamed says that it is another
	}
	given := roles.Denied
	if j.Auth.Can(named, a.Access, a.Range).Whole {
		given = roles.Allowed
	}
	return a.Got == given && (named != user || j.differs(p))
}

// differs reports whether the user of p, or a role that it holds or should hold, is not what
// the policy says.
func (j *judgement) differs(p Proof) bool {
	if j.plans.changed == nil {
		j.plans.changed = j.changed()
	}
	c := j.plans.changed
	held, _ := j.Auth.User(p.User.String())
	if len(p.Gateways) > 0 && (held.Password == roles.PasswordAbsent || held.Password == roles.PasswordOther) {
		return true
	}
	return c.users[p.User.String()] || c.roles[p.Role] || slices.ContainsFunc(held.Roles, func(role string) bool { return c.roles[role] })
}

// changed is the users, and the roles themselves, that are not what the policy says.
type changed struct{ users, roles map[string]bool }

func (j *judgement) changed() *changed {
	c := &changed{map[string]bool{}, map[string]bool{}}
	for _, s := range slices.Concat(j.rolesPlan().Steps, pending.Steps(j.waiting())) {
		if s.User != "" {
			c.users[s.User] = true
		} else {
			c.roles[s.Role] = true
		}
	}
	return c
}

func (p Proof) subject() Subject { return Subject{SubjectComponent, p.Component} }

// allowedRemedy is for an access that etcd does not give the component's user: its
// certificate then speaks for another user.
func allowedRemedy(j *judgement, p Proof) string {
	if j.Auth == nil || !j.Auth.Enabled {
		return ""
	}
	excess := func(s roles.Step) bool {
		return s.Takes() && (s.User == p.User.String() || s.User == "" && s.Role == p.Role)
	}
	if slices.ContainsFunc(j.rolesPlan().Steps, excess) || slices.ContainsFunc(j.waiting(), func(w roles.Pending) bool { return excess(w.Step) }) {
		return ""
	}
	return fmt.Sprintf("look at the certificate that stands in its place (certificates/identity): etcd does not give user %q this access, so another user's certificate was shown", p.User)
}

func findNotLive(j *judgement) (out findings) {
	for _, p := range j.Proofs {
		if p.NotLive == "" || j.replaced()[p.Component] {
			continue
		}
		f := Finding{Subject: p.subject(), Text: "not proven live: " + p.NotLive}
		switch p.NotLive {
		case keyDelivered:
			f.Severity = Info // as it should be
		case passwordAway:
			f.Severity = Info
			f.Remedy = fmt.Sprintf("run lockstep verify where the password is, or write it into %s (mode 0600); lockstep certs rekey %s makes another one, which lockstep apply sets", certgen.PasswordPath(p.Component), p.Component)
		}
		out = append(out, f)
	}
	return out
}

// findInconclusive names each identity once with its first reason: one broken
// connection makes hundreds of questions inconclusive.
func findInconclusive(j *judgement) (out findings) {
	for _, p := range j.Proofs {
		if j.hungUpOn(p) || j.unheard(p) || j.replaced()[p.Component] && refusedCertificate(p.Err) {
			continue // findNewerLists, findRevoked or a check of certificates says why
		}
		if p.Err != nil {
			out.add(p.subject(), fmt.Sprintf("could not be asked: %v", p.Err), hint.Text(p.unanswered()))
			continue
		}
		if first, n := p.inconclusive(); n > 0 {
			out.add(p.subject(), fmt.Sprintf("%s without a conclusive answer; the first, %s of %s: %v", count.Of(n, "question"), first.Access, first.About, first.Err), hint.Text(p.unanswered()))
		}
	}
	return out
}

// refusedCertificate reports whether the server ended the handshake because of what it was shown.
func refusedCertificate(err error) bool {
	failed := (*store.HandshakeError)(nil)
	return errors.As(err, &failed) && failed.Alert != ""
}

// replaced is the components and instances whose certificate is missing or is no use, which is
// a finding of its own.
func (j *judgement) replaced() map[string]bool {
	if j.Folder == nil {
		return nil
	}
	if j.plans.replaced == nil {
		j.plans.replaced = map[string]bool{}
		j.steps(func(s certgen.Step) {
			if !s.Early {
				j.plans.replaced[certgen.NameOf(s.Profile.Path)] = true
			}
		}, certgen.Issue, certgen.Reissue, certgen.Renew)
	}
	return j.plans.replaced
}

// inconclusive is the first question without a conclusive answer, and how many there are.
func (p Proof) inconclusive() (first roles.Answer, n int) {
	for _, a := range p.Failed {
		if a.Got == roles.Inconclusive {
			if n == 0 {
				first = a
			}
			n++
		}
	}
	return first, n
}

// unanswered is why there is no conclusive answer; nil when there is.
func (p Proof) unanswered() error {
	if p.Err != nil {
		return p.Err
	}
	first, _ := p.inconclusive()
	return first.Err
}
