package verify

import (
	"fmt"

	"lockstep/policies/count"
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
			Find:     eachAnswer(roles.Denied, roles.Allowed, "is allowed"),
		},
		{
			Code: "proof/inconclusive", Severity: Error, Needs: NeedsProof,
			Sentence: "every question got an answer that tells",
			Remedy:   "look at the text, mend it and run lockstep verify again",
			Find:     findInconclusive,
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
		var first error
		var about string
		n := 0
		for _, a := range p.Failed {
			if a.Got == roles.Inconclusive {
				if n == 0 {
					first, about = a.Err, fmt.Sprintf("%s of %s", a.Access, a.About)
				}
				n++
			}
		}
		if n > 0 {
			found(p.Component, fmt.Sprintf("%s without an answer that tells; the first, %s: %v", count.Of(n, "question"), about, first))
		}
	}
}
