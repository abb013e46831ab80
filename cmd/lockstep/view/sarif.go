package view

import (
	"net/url"
	"path"
	"strings"
	"time"

	"lockstep/bootstrap/verify"
	"lockstep/policies"
)

// The types are the part of SARIF 2.1.0 (OASIS) that a report of verify needs.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Invocations []sarifInvocation `json:"invocations"`
		Results     []sarifResult     `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name  string      `json:"name"`
		Rules []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID      string       `json:"id"`
		Short   sarifText    `json:"shortDescription"`
		Help    sarifText    `json:"help"`
		Default sarifDefault `json:"defaultConfiguration"`
	}
	sarifDefault struct {
		Level string `json:"level"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	// sarifInvocation is the run; a check that could not look is a notification of it.
	sarifInvocation struct {
		Successful bool                `json:"executionSuccessful"`
		End        string              `json:"endTimeUtc"`
		Notes      []sarifNotification `json:"toolExecutionNotifications,omitempty"`
	}
	sarifNotification struct {
		Level   string    `json:"level"`
		Rule    sarifID   `json:"associatedRule"`
		Message sarifText `json:"message"`
	}
	sarifID struct {
		ID string `json:"id"`
	}
	sarifResult struct {
		Rule         string             `json:"ruleId"`
		Level        string             `json:"level"`
		Message      sarifText          `json:"message"`
		Locations    []sarifLocation    `json:"locations,omitempty"`
		Related      []sarifLocation    `json:"relatedLocations,omitempty"`
		Suppressions []sarifSuppression `json:"suppressions,omitempty"`
		Properties   sarifProperties    `json:"properties"`
	}
	sarifProperties struct {
		Severity string `json:"severity"` // lockstep's own: SARIF has no critical
	}
	// sarifSuppression is that the policy accepts the finding.
	sarifSuppression struct {
		Kind          string `json:"kind"`
		Justification string `json:"justification"`
	}
	sarifLocation struct {
		Physical *sarifPhysical `json:"physicalLocation,omitempty"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		Line   int `json:"startLine"`
		Column int `json:"startColumn"`
	}
	sarifLogical struct {
		Name string `json:"name"`
		Kind string `json:"kind"`
	}
)

// SARIF is the answer for what collects the findings of static analysis: a rule for each check, a
// result for each finding.
func (p Proof) SARIF() any {
	run := sarifRun{Tool: sarifTool{sarifDriver{Name: "lockstep", Rules: sarifRules()}}, Results: []sarifResult{}}
	for _, f := range p.Report.Findings {
		run.Results = append(run.Results, p.sarifResult(f))
	}
	for _, a := range p.Report.Accepted {
		r := p.sarifResult(a.Finding)
		r.Suppressions = []sarifSuppression{{Kind: "external", Justification: a.Reason + " (until " + a.Until.Format(time.DateOnly) + ")"}}
		run.Results = append(run.Results, r)
	}
	ended := sarifInvocation{Successful: true, End: p.Evidence.Now.UTC().Format(time.RFC3339)}
	for _, k := range p.Report.Skipped {
		level := "error"
		if k.Chosen {
			level = "note"
		}
		ended.Notes = append(ended.Notes, sarifNotification{level, sarifID{k.Code}, sarifText{"not checked: " + k.Reason + "; remedy: " + k.Remedy}})
	}
	run.Invocations = []sarifInvocation{ended}
	return sarifLog{"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json", "2.1.0", []sarifRun{run}}
}

func sarifRules() (rules []sarifRule) {
	for _, c := range verify.Checks() {
		rules = append(rules, sarifRule{c.Code, sarifText{c.Sentence}, sarifText{c.Remedy}, sarifDefault{sarifLevel(c.Severity)}})
	}
	return rules
}

func (p Proof) sarifResult(f verify.Finding) sarifResult {
	return sarifResult{
		Rule: f.Code, Level: sarifLevel(f.Severity), Properties: sarifProperties{f.Severity.String()},
		Message:   sarifText{strings.TrimPrefix(f.About()+": ", ": ") + f.Text + "; remedy: " + f.Remedy},
		Locations: p.sarifLocations(f.Subject),
		Related:   p.sarifOthers(f.Also),
	}
}

// sarifOthers is where else a finding holds.
func (p Proof) sarifOthers(also []verify.Subject) (out []sarifLocation) {
	for _, s := range also {
		out = append(out, p.sarifLocations(s)...)
	}
	return out
}

// sarifLevel is the level of a severity; a check without one is critical.
func sarifLevel(s verify.Severity) string {
	switch s {
	case verify.Warning:
		return "warning"
	case verify.Info:
		return "note"
	}
	return "error"
}

// sarifLocations is the file that a finding is about, the component's place in the policy, or the
// name of what is no file.
func (p Proof) sarifLocations(s verify.Subject) []sarifLocation {
	switch s.Kind {
	case verify.SubjectWhole:
		return nil
	case verify.SubjectFile:
		return []sarifLocation{{Physical: &sarifPhysical{Artifact: sarifArtifact{sarifURI(path.Join("pki", s.Name))}}}}
	}
	for _, c := range p.Evidence.Policy.Components {
		if named(c, s) && c.At.File != "" {
			return []sarifLocation{{&sarifPhysical{sarifArtifact{sarifURI(c.At.File)}, &sarifRegion{c.At.Line, c.At.Column}}, sarifNamed(s)}}
		}
	}
	return []sarifLocation{{Logical: sarifNamed(s)}}
}

// named reports whether s is the component, its user or its role.
func named(c policies.Component, s verify.Subject) bool {
	switch s.Kind {
	case verify.SubjectComponent:
		return s.Name == c.Name
	case verify.SubjectUser:
		return s.Name == c.User.String()
	case verify.SubjectRole:
		return s.Name == c.Role.String()
	}
	return false
}

// sarifURI is a path as a relative reference.
func sarifURI(name string) string {
	u := url.URL{Path: name}
	return u.EscapedPath()
}

func sarifNamed(s verify.Subject) []sarifLogical {
	kinds := []string{verify.SubjectMember: "member", verify.SubjectComponent: "component", verify.SubjectUser: "user", verify.SubjectRole: "role", verify.SubjectCheck: "check", verify.SubjectProxy: "proxy"}
	return []sarifLogical{{s.Name, kinds[s.Kind]}}
}
