package verify

import (
	"slices"

	"lockstep/roles"
)

// AcceptPending splits the pending changes of a plan: rest counts, and accepted is the
// findings that the policy accepts in place of the others. A user is accepted only as a
// whole: where a password that is not accepted, or a role, is found as well, its change counts.
//
// A user that lockstep did not make, and for which it would issue a certificate, is never
// accepted: the certificate would be power over that user.
func AcceptPending(e *Evidence, list []roles.Pending) (rest []roles.Pending, accepted []AcceptedFinding) {
	checks := slices.DeleteFunc(authChecks(), func(c Check) bool {
		return !slices.Contains([]string{"users/missing", "users/excess", "users/password", "users/unsettled"}, c.Code)
	})
	j := judging(e)
	report, owned := j.report(checks), j.owned()
	passes := func(p roles.Pending) bool {
		about := subject(p.Step).Name
		return !postponed(p) && (!p.Step.TakesOver || owned(p.Step.User) || !e.issuesFor(p.Step.User)) &&
			slices.ContainsFunc(report.Accepted, func(a AcceptedFinding) bool { return a.Code == "users/unsettled" && a.Subject.Name == about }) &&
			!slices.ContainsFunc(report.Findings, func(f Finding) bool { return f.Subject.Name == about })
	}
	subjects := map[string]bool{}
	for _, p := range list {
		if !passes(p) {
			rest = append(rest, p)
			continue
		}
		subjects[subject(p.Step).Name] = true
	}
	for _, a := range report.Accepted {
		if subjects[a.Subject.Name] {
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
