package verify

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A finding takes from its check what it does not say itself, and is sorted by what it says.
func TestJudgeFillsInFindings(t *testing.T) {
	t.Parallel()
	member := Subject{SubjectMember, "etcd1"}
	r := Judge(sound(), []Check{{
		Code: "a/a", Severity: Error, Remedy: "the check's",
		Find: func(*judgement) findings {
			return findings{
				{Subject: member, Text: "is its own", Severity: Warning, Remedy: "its own"},
				{Subject: member, Text: "is worth knowing", Severity: Info},
				{Text: "is the check's"},
				{Subject: member, Text: "is graver", Severity: Critical},
			}
		},
	}, {Code: "a/b", Remedy: "mend it", Find: func(*judgement) findings { return findings{{Text: "is of a check without severity"}} }}})
	want := []Finding{
		{Code: "a/a", Severity: Critical, Subject: member, Text: "is graver", Remedy: "the check's"},
		{Code: "a/b", Severity: Critical, Text: "is of a check without severity", Remedy: "mend it"},
		{Code: "a/a", Severity: Error, Text: "is the check's", Remedy: "the check's"},
		{Code: "a/a", Severity: Warning, Subject: member, Text: "is its own", Remedy: "its own"},
		{Code: "a/a", Severity: Info, Subject: member, Text: "is worth knowing", Remedy: "the check's"},
	}
	if diff := cmp.Diff(want, r.Findings); diff != "" {
		t.Error(diff)
	}
}

// A report is in step by the gravest of its findings; what has no severity counts always.
func TestSeverities(t *testing.T) {
	t.Parallel()
	for at, s := range append([]Severity{unset}, Severities()...) {
		r := Report{Findings: []Finding{{Severity: s}}}
		if want := s > Error; r.InStep() != want {
			t.Errorf("%s: in step is %v", s, !want)
		}
		for from, other := range append([]Severity{unset}, Severities()...) {
			if want := at > from; r.InStepBut(other) != want {
				t.Errorf("%s, from %s: in step is %v", s, other, !want)
			}
		}
		if got, err := ParseSeverity(s.String()); err != nil || got != max(s, Critical) {
			t.Errorf("%s was read as %s: %v", s, got, err)
		}
	}
}

// Judging twice finds the same: the evidence is not changed, and nothing is remembered of it.
func TestJudgeLeavesTheEvidence(t *testing.T) {
	t.Parallel()
	e := sound()
	e.Members[0].Learner = true
	before := Judge(e, MemberChecks())
	e.Members[0].Learner = false
	after := Judge(e, MemberChecks())
	if len(before.Findings) != 1 || before.Findings[0].Code != "members/learner" || len(after.Findings) != 0 {
		t.Errorf("got %v, then %v", before.Findings, after.Findings)
	}
}
