package verify

import "cmp"

// Check is one question to the evidence, as data. Find is pure: it reads the
// evidence and reports each finding's subject and text; code, severity and remedy
// are the check's.
type Check struct {
	Code     string // area/name, stable: people write it into their policies and alerts
	Severity Severity
	Sentence string // what holds when the check passes
	Remedy   string // what to do about a finding
	Needs    Needs
	Find     func(e *Evidence, found func(subject, text string))
	// RemedyFor is the remedy for one subject, where it depends on the evidence; nil, and
	// "" of it, for Remedy.
	RemedyFor func(e *Evidence, subject string) string
	// Brief is what a finding is, in a few words, for the last line of a plan; "" where the
	// plan shows the thing itself, or cannot know it.
	Brief string
	// Acceptable is whether the policy may accept a finding until a day. What opens etcd to
	// every client, or makes the report prove less than it says, never is.
	Acceptable bool
}

func (c Check) remedy(e *Evidence, subject string) string {
	if c.RemedyFor != nil {
		return cmp.Or(c.RemedyFor(e, subject), c.Remedy)
	}
	return c.Remedy
}

// Needs says which evidence a check cannot do without.
type Needs uint

const (
	NeedsFolder  Needs = 1 << iota // the PKI folder
	NeedsAuth                      // etcd's users and roles
	NeedsSurvey                    // that the members were asked
	NeedsMembers                   // that one of them answered
	NeedsProof                     // what the components proved themselves
	NeedsRoot                      // root's certificate
	NeedsName                      // any certificate with a CN, root's or another's
)

// Checks is every check, in the order of the pages of docs/checks.md.
func Checks() []Check {
	var all []Check
	for _, area := range [][]Check{certificateChecks(), authorityChecks(), folderChecks(), authChecks(), MemberChecks(), serverChecks(), proofChecks(), acceptChecks()} {
		all = append(all, area...)
	}
	return all
}

// Judge runs the checks over the evidence. A check whose evidence is missing is
// skipped with the reason.
func Judge(e *Evidence, checks []Check) Report {
	var r Report
	judged := *e
	e, judged.plans = &judged, plans{} // made for another evidence, they would be wrong
	e.looked, e.found = map[string]bool{}, map[string]bool{}
	acceptable := map[string]bool{}
	for _, c := range checks {
		if reason, remedy := e.missing(c.Needs); reason != "" {
			other, _ := e.missing(c.Needs &^ NeedsRoot)
			r.Skipped = append(r.Skipped, Skip{Code: c.Code, Reason: reason, Remedy: remedy, Chosen: other == ""})
			continue
		}
		before := len(r.Findings)
		e.looked[c.Code], acceptable[c.Code] = true, c.Acceptable
		c.Find(e, func(subject, text string) {
			e.found[c.Code+" "+subject] = true
			r.Findings = append(r.Findings, Finding{Code: c.Code, Severity: c.Severity, Subject: subject, Text: text, Remedy: c.remedy(e, subject)})
		})
		if len(r.Findings) == before {
			r.Passed = append(r.Passed, c.Code)
		}
	}
	r.split(e.Policy, e.Now, acceptable)
	r.Findings = sorted(r.Findings)
	return r
}
