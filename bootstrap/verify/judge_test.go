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
				{Text: "is the check's"},
			}
		},
	}})
	want := []Finding{
		{Code: "a/a", Severity: Error, Text: "is the check's", Remedy: "the check's"},
		{Code: "a/a", Severity: Warning, Subject: member, Text: "is its own", Remedy: "its own"},
	}
	if diff := cmp.Diff(want, r.Findings); diff != "" {
		t.Error(diff)
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
