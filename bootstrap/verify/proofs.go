package verify

import (
	"fmt"
	"slices"

	"lockstep/policies/count"
	"lockstep/policies/hint"
	"lockstep/roles"
)

func proofChecks() []Check {
	return []Check{
		{
			Code: "proof/denied", Severity: Error, Needs: NeedsProof,
			Sentence: "every component may do what the policy gives it",
			Remedy:   "lockstep apply grants what is missing",
			Find:     eachAnswer(roles.Allowed, roles.Denied, "is refused"),
		},
		{
			Code: "proof/allowed", Severity: Critical, Needs: NeedsProof,
			Sentence: "no component may do what the policy does not give it",
			Remedy:   "lockstep apply takes away what users/excess and roles/excess name",
			Find:     eachAnswer(roles.Denied, roles.Allowed, "is allowed"), RemedyFor: allowedRemedy,
		},
		{
			Code: "proof/inconclusive", Severity: Error, Needs: NeedsProof,
			Sentence: "every question got an answer that tells",
			Remedy:   "look at the log of the member that did not answer: it names why; then run lockstep verify again",
			Find:     findInconclusive,
			RemedyFor: func(e *Evidence, subject string) string {
				for _, p := range e.Proofs {
					if p.Component == subject {
						return hint.Text(p.unanswered())
					}
				}
				return ""
			},
		},
		{
			Code: "proof/not-live", Severity: Warning, Needs: NeedsProof, Acceptable: true,
			Sentence: "every component was tried with its own certificate",
			Remedy:   "run lockstep verify where the keys are, or with --mint where the client CA's key is",
			Find: func(e *Evidence, found func(subject, text string)) {
				for _, p := range e.Proofs {
					if p.NotLive != "" {
						found(p.Component, "not proven live: "+p.NotLive)
					}
				}
			},
		},
	}
}

// allowedRemedy is for an access that etcd does not give the component's user: its
// certificate then speaks for another user.
func allowedRemedy(e *Evidence, component string) string {
	i := slices.IndexFunc(e.Proofs, func(p Proof) bool { return p.Component == component })
	if i < 0 || e.Auth == nil || !e.Auth.Enabled {
		return ""
	}
	p := e.Proofs[i]
	excess := func(s roles.Step) bool {
		return s.Takes() && (s.User == p.User.String() || s.User == "" && s.Role == p.Role)
	}
	if slices.ContainsFunc(e.rolesPlan().Steps, excess) || slices.ContainsFunc(e.waiting(), func(w roles.Pending) bool { return excess(w.Step) }) {
		return ""
	}
	return fmt.Sprintf("look at the certificate that stands in its place (certificates/identity): etcd does not give user %q this access, so another user's certificate was shown", p.User)
}

func eachAnswer(want, got roles.Verdict, verb string) func(*Evidence, func(subject, text string)) {
	return func(e *Evidence, found func(subject, text string)) {
		for _, p := range e.Proofs {
			for _, a := range p.Failed {
				if a.Want == want && a.Got == got {
					found(p.Component, fmt.Sprintf("%s of %s %s", a.Access, a.About, verb))
				}
			}
		}
	}
}

// findInconclusive names each identity once with its first reason: one broken
// connection makes hundreds of questions inconclusive.
func findInconclusive(e *Evidence, found func(subject, text string)) {
	for _, p := range e.Proofs {
		if p.Err != nil {
			found(p.Component, fmt.Sprintf("could not be asked: %v", p.Err))
			continue
		}
		if first, n := p.inconclusive(); n > 0 {
			found(p.Component, fmt.Sprintf("%s without an answer that tells; the first, %s of %s: %v", count.Of(n, "question"), first.Access, first.About, first.Err))
		}
	}
}

// inconclusive is the first question without an answer that tells, and how many there are.
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

// unanswered is why there is no answer that tells; nil when there is.
func (p Proof) unanswered() error {
	if p.Err != nil {
		return p.Err
	}
	first, _ := p.inconclusive()
	return first.Err
}
