package view

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"lockstep/bootstrap/verify"
	"lockstep/policies/strict"
)

// printed is the report as -o sarif prints it.
func printedSARIF(t *testing.T, p Proof) string {
	t.Helper()
	var out bytes.Buffer
	if err := NewPrinter(&out, SARIF, false).Print(p); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// The schema is the part of OASIS' sarif-schema-2.1.0.json for the objects that a report holds:
// their required fields, their values, and that they hold no other field.
func TestSARIFFollowsItsSchema(t *testing.T) {
	t.Parallel()
	file, err := os.Open("testdata/sarif-2.1.0-part.json")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	document, err := jsonschema.UnmarshalJSON(file)
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("sarif.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	valid := func(text string) error {
		instance, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		return schema.Validate(instance)
	}
	text := printedSARIF(t, everySubject(t))
	if err := valid(text); err != nil {
		t.Error(err)
	}
	for old, wrong := range map[string]string{`"version": "2.1.0"`: `"version": "2.2"`, `"level": "note"`: `"level": "info"`, `"ruleId"`: `"rule"`, `"executionSuccessful": true,`: ""} {
		if valid(strings.Replace(text, old, wrong, 1)) == nil {
			t.Errorf("the schema takes %s for %s", wrong, old)
		}
	}
}

// everySubject is proofOf with a finding about each kind of subject.
func everySubject(t *testing.T) Proof {
	t.Helper()
	p := proofOf(t)
	p.Evidence.Policy.Components[0].At = strict.Position{File: "my policy.yaml", Line: 7, Column: 5}
	p.Report.Findings = nil
	for kind, name := range map[verify.SubjectKind]string{
		verify.SubjectWhole: "", verify.SubjectMember: "etcd1", verify.SubjectComponent: "app", verify.SubjectUser: "a:b\u202e",
		verify.SubjectRole: "r", verify.SubjectFile: "components/a b/client.crt", verify.SubjectCheck: "users/missing",
	} {
		p.Report.Findings = append(p.Report.Findings, verify.Finding{Code: "users/missing", Severity: verify.Info, Subject: verify.Subject{Kind: kind, Name: name}, Text: "is wrong", Remedy: "mend it"})
	}
	return p
}

func TestSARIF(t *testing.T) {
	t.Parallel()
	p := everySubject(t)
	for _, c := range []struct {
		kind verify.SubjectKind
		want []sarifLocation
	}{
		{verify.SubjectWhole, nil},
		{verify.SubjectMember, []sarifLocation{{Logical: []sarifLogical{{"etcd1", "member"}}}}},
		{verify.SubjectFile, []sarifLocation{{Physical: &sarifPhysical{Artifact: sarifArtifact{"pki/components/a%20b/client.crt"}}}}},
		{verify.SubjectComponent, []sarifLocation{{&sarifPhysical{sarifArtifact{"my%20policy.yaml"}, &sarifRegion{7, 5}}, []sarifLogical{{"app", "component"}}}}},
	} {
		for _, f := range p.Report.Findings {
			if f.Subject.Kind == c.kind {
				if diff := cmp.Diff(c.want, p.sarifLocations(f.Subject)); diff != "" {
					t.Error(diff)
				}
			}
		}
	}
	p = proofOf(t)
	text := printedSARIF(t, p)
	for _, want := range []string{
		`"text": "etcd3: is a learner; remedy: mend <it>"`, `"justification": "grows (until 2027-06-30)"`, `"severity": "critical"`,
		`"text": "not checked: no <b>\u001b[31m\u202e&\"'; remedy: bring it"`, `"endTimeUtc": "2026-11-27T12:00:00Z"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not in %s", want, text[len(text)-4000:])
		}
	}
	if n := strings.Count(text, `"shortDescription"`); n != len(verify.Checks()) {
		t.Errorf("%d rules for %d checks", n, len(verify.Checks()))
	}
}
