package verify

import (
	"slices"

	"lockstep/roles"
)

// AcceptRefused parts what a plan refuses: rest counts, and accepted is what the policy
// accepts in its place, as verify finds it. A user is accepted only as a whole: where a
// password that is not accepted, or a role, is found as well, the refusal counts.
//
// A user that lockstep did not make, and to whom it would issue a certificate, is never
// accepted: the certificate would be power over that user.
func AcceptRefused(e *Evidence, refused []roles.Refusal) (rest []roles.Refusal, accepted []AcceptedFinding) {
	checks := slices.DeleteFunc(authChecks(), func(c Check) bool {
		return !slices.Contains([]string{"users/missing", "users/excess", "users/password", "users/unsettled"}, c.Code)
	})
	report := Judge(e, checks)
	owned := e.owned()
	passes := func(r roles.Refusal) bool {
		about := subject(r.Step)
		return !postponed(r) && (!r.Takeover || owned(r.User) || !e.issuesFor(r.User)) &&
			slices.ContainsFunc(report.Accepted, func(a AcceptedFinding) bool { return a.Code == "users/unsettled" && a.Subject == about }) &&
			!slices.ContainsFunc(report.Findings, func(f Finding) bool { return f.Subject == about })
	}
	subjects := map[string]bool{}
	for _, r := range refused {
		if !passes(r) {
			rest = append(rest, r)
			continue
		}
		subjects[subject(r.Step)] = true
	}
	for _, a := range report.Accepted {
		if subjects[a.Subject] {
			accepted = append(accepted, a)
		}
	}
	return rest, accepted
}

// issuesFor reports whether lockstep makes the certificate of the user.
func (e *Evidence) issuesFor(user string) bool {
	for _, c := range e.Policy.Components {
		if c.User.String() == user {
			return c.Certificate.IsZero()
		}
	}
	return true
}
