package verify

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"lockstep/policies"
	"lockstep/policies/strict"
	"lockstep/roles"
)

// AcceptedFinding is a finding that the policy accepts until a day.
type AcceptedFinding struct {
	Finding
	Until  time.Time // the last day, in UTC
	Reason string
}

// JudgeAccept says what is wrong with the policy's accept: checks that do not exist, and
// checks whose findings have to be mended.
func JudgeAccept(p *policies.Policy) strict.Problems {
	var problems strict.Problems
	checks := Checks()
	var codes []string
	for _, c := range checks {
		codes = append(codes, c.Code)
	}
	for _, a := range p.Accept {
		problem := strict.Problem{Position: a.At, Path: a.Path + ".check"}
		i := slices.Index(codes, a.Check)
		switch {
		case i < 0:
			problem.Message, problem.Hint = fmt.Sprintf("there is no check %q", a.Check), cmp.Or(strict.Suggest(a.Check, codes, ""), "docs/checks.md lists the checks")
		case !checks[i].Acceptable:
			problem.Message, problem.Hint = fmt.Sprintf("a finding of %s cannot be accepted", a.Check), "mend it: "+checks[i].Remedy
		default:
			continue
		}
		problems = append(problems, problem)
	}
	return problems
}

// split takes the accepted findings out of the report. One whose acceptance has ended, or
// is of another text, says so and counts again.
func (r *Report) split(p *policies.Policy, now time.Time, acceptable map[string]bool) {
	findings := r.Findings[:0]
	for _, f := range r.Findings {
		a, found := p.Accepts(f.Code, f.Subject.Name)
		switch {
		case !found || !acceptable[f.Code]:
		case !a.Covers(f.Text):
			f.Text += fmt.Sprintf(" (accepted is another finding: %s)", a.Finding)
		case a.Counts(now):
			r.Accepted = append(r.Accepted, AcceptedFinding{f, a.Until, a.Reason})
			continue
		default:
			f.Text += fmt.Sprintf(" (it was accepted until %s: %s)", a.Until.Format(time.DateOnly), a.Reason)
		}
		findings = append(findings, f)
	}
	r.Findings = findings
}

// acceptChecks judges what the policy accepts by what the other checks found.
func acceptChecks() []Check {
	return []Check{{
		Code: "accept/unused", Severity: Warning,
		Sentence: "everything that the policy accepts is there",
		Remedy:   "delete the entry under accept: what it accepts is gone, or has another subject",
		Find:     findUnusedAccepts,
	}}
}

func findUnusedAccepts(j *judgement) (out findings) {
	for _, a := range j.Policy.Accept {
		if j.looked[a.Check] && !j.found[said{a.Check, a.Subject}] && j.told(a.Check, a.Subject) {
			out.add(Subject{SubjectCheck, a.Check}, fmt.Sprintf("%s accepts a finding about %q, and there is none", a.Path, a.Subject))
		}
	}
	return out
}

// told reports whether the evidence tells that the subject has no finding of the check: a
// member that is down, or a user whose password cannot be known, has none only because
// it was not seen.
func (e *Evidence) told(check, subject string) bool {
	switch area, _, _ := strings.Cut(check, "/"); {
	case area == "members":
		m := e.member(subject)
		if m.Name == "" {
			return true // there is no such member
		}
		return m.Err == nil && m.Described && (check != "members/peer-ca-shared" || m.PeerPort.Component.Outcome != Unknown)
	case area == "proxies":
		i := slices.IndexFunc(e.Proxies, func(x Proxy) bool { return x.Name == subject })
		return i < 0 || e.Proxies[i].Err == nil || e.Proxies[i].defective() || check == "proxies/reached"
	case check == "users/unsettled":
		return e.Auth.Enabled
	case check == "users/password":
		user, found := e.Auth.User(subject)
		return !found || user.Password != roles.PasswordUnknown
	}
	return true
}
