package view

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"lockstep/bootstrap"
	"lockstep/bootstrap/verify"
	"lockstep/policies/count"
)

// Proof is what verify, and the end of bootstrap and rehearse, have to say: the table
// of identities and what is not in step.
type Proof struct {
	Kind     string // Verify, Bootstrap, Rehearsal
	Evidence *verify.Evidence
	Report   verify.Report
	Changed  bool            // something was done in this run
	Soak     *bootstrap.Soak // nil: it did not watch

	FailOn *verify.Severity // from which severity on a finding counts; nil: error
}

// InStep reports whether the policy, the certificates and etcd agree, as far as findings count.
func (p Proof) InStep() bool {
	if p.FailOn == nil {
		return p.Report.InStep()
	}
	return p.Report.InStepBut(*p.FailOn)
}

// Text implements Answer. What is not as it should be comes first, the gravest at the top, then a
// line for each component, and the verdict is the last line.
func (p Proof) Text(s *Sheet) {
	for _, f := range p.Report.Findings {
		finding(s, f)
	}
	for _, a := range p.Report.Accepted {
		accepted(s, a)
	}
	p.skipped(s)
	if !p.Evidence.Offline {
		if len(p.Report.Findings)+len(p.Report.Accepted)+len(p.Report.Skipped) > 0 {
			s.Line("")
		}
		p.table(s)
		p.gateways(s)
		s.Line("")
	}
	p.verdict(s)
	if p.Soak != nil {
		soaked(s, p.Soak)
	}
}

// skipped names the checks that could not look, together where the reason is one.
func (p Proof) skipped(s *Sheet) {
	for i, k := range p.Report.Skipped {
		same := func(x verify.Skip) bool { return x.Reason == k.Reason }
		if slices.ContainsFunc(p.Report.Skipped[:i], same) {
			continue
		}
		var codes []string
		for _, x := range p.Report.Skipped {
			if same(x) {
				codes = append(codes, x.Code)
			}
		}
		s.Line("%s: %s", s.Paint(Warn, "not checked"), strings.Join(codes, ", "))
		s.Line("  reason: %s", k.Reason)
		s.Line("  remedy: %s", k.Remedy)
	}
}

// table is one row for each identity of the policy.
func (p Proof) table(s *Sheet) {
	var rows [][]any
	for _, x := range p.Evidence.Proofs {
		allowed, refused := x.Asked()
		rows = append(rows, []any{
			identity(x),
			share(s, x, x.Allowed, allowed), share(s, x, x.Refused, refused), until(x),
		})
	}
	if len(rows) == 0 {
		s.Line("no components")
		return
	}
	s.Table([]string{"component", "proven allowed", "proven refused", "certificate until"}, rows)
}

// gateways says of the members' HTTP gateways, where a component needs them, what they made of a
// certificate with a CN.
func (p Proof) gateways(s *Sheet) {
	if !p.Evidence.Policy.Gateway() {
		return
	}
	var refuse []string
	for _, m := range p.Evidence.Members {
		if m.GatewayCN.Outcome == verify.Refused {
			refuse = append(refuse, m.Name)
		}
	}
	if len(refuse) > 0 {
		s.Line("a certificate with a CN is refused by the HTTP gateway of %s", strings.Join(refuse, ", "))
	}
}

// identity is a component with its user and role, each name once: by default all three
// are one.
func identity(x verify.Proof) []string {
	user, lines := x.User.String(), []string{x.Component}
	switch {
	case user != x.Component && user == x.Role:
		return append(lines, "  user and role "+user)
	case user != x.Component:
		lines = append(lines, "  user "+user)
	}
	if x.Role != user {
		lines = append(lines, "  role "+x.Role)
	}
	if len(x.Gateways) > 0 {
		lines = append(lines, "  by password over HTTP on "+x.Member)
	}
	return lines
}

// share is "7/7", in colour; what was not asked is a dash.
func share(s *Sheet, x verify.Proof, got, want int) any {
	switch {
	case x.NotLive != "" || x.Err != nil:
		return s.Paint(Warn, "not proven")
	case want == 0:
		return "-"
	case got < want:
		return s.Paint(Bad, fmt.Sprintf("%d of %d", got, want))
	}
	return s.Paint(Good, strconv.Itoa(got))
}

func until(x verify.Proof) string {
	switch {
	case x.NotAfter.IsZero():
		return "-"
	case x.Minted:
		return "made for this proof"
	}
	return x.NotAfter.UTC().Format(time.DateOnly)
}

// finding writes what is not as it should be, and what helps.
func finding(s *Sheet, f verify.Finding) {
	colour := Bad
	switch f.Severity {
	case verify.Warning:
		colour = Warn
	case verify.Info:
		colour = Bold
	}
	who := ""
	if f.Subject.Name != "" {
		who = " " + f.About() + ":"
	}
	s.Line("%s %s:%s %s", s.Paint(colour, f.Severity.String()), f.Code, who, f.Text)
	s.Line("  remedy: %s", f.Remedy)
}

// accepted writes a finding that the policy accepts.
func accepted(s *Sheet, a verify.AcceptedFinding) {
	who := ""
	if a.Subject.Name != "" {
		who = " " + a.Subject.Name + ":"
	}
	s.Line("%s %s:%s %s", s.Paint(Warn, "accepted until "+a.Until.Format(time.DateOnly)), a.Code, who, a.Text)
	s.Line("  reason: %s", a.Reason)
}

func acceptedDocuments(list []verify.AcceptedFinding) []acceptedDocument {
	out := []acceptedDocument{}
	for _, a := range list {
		out = append(out, acceptedDocument{findingDocument(a.Finding), a.Until.Format(time.DateOnly), a.Reason})
	}
	return out
}

// verdict is the last word: in step or not, and what that stands on.
func (p Proof) verdict(s *Sheet) {
	answers := 0
	for _, x := range p.Evidence.Proofs {
		answers += x.Allowed + x.Refused
	}
	if p.InStep() && p.Evidence.Offline {
		s.Line("%s by policy and files alone: %s passed, %d not made", s.Paint(Good, "in step"), count.Of(len(p.Report.Passed), "check"), len(p.Report.Skipped))
		return
	}
	if p.InStep() {
		made := count.Of(len(p.Report.Passed), "check") + " passed"
		if n := len(p.Report.Skipped); n > 0 {
			made += fmt.Sprintf(", %d not made", n)
		}
		s.Line("%s: %s of %q, %s of etcd as expected on %s, %s", s.Paint(Good, "in step"),
			count.Of(len(p.Evidence.Proofs), "component"), p.Evidence.Policy.Cluster.Name,
			count.Of(answers, "answer"), count.Of(len(p.Evidence.Members), "member"), made)
		return
	}
	s.Line("%s: %s, %s not made", s.Paint(Bad, "not in step"),
		count.Of(len(p.Report.Findings), "finding"), count.Of(len(p.Report.Skipped), "check"))
}

// Document implements Answer.
func (p Proof) Document() any {
	d := proofDocument{
		Header: header(p.Kind), Cluster: p.Evidence.Policy.Cluster.Name, Changed: p.Changed, InStep: p.InStep(),
		Members: []memberDocument{}, Components: []ComponentDocument{}, Findings: []FindingDocument{}, Accepted: acceptedDocuments(p.Report.Accepted),
		Passed: append([]string{}, p.Report.Passed...), Skipped: []skippedDocument{},
	}
	for _, m := range p.Evidence.Members {
		if m.ClusterID != 0 {
			d.ClusterID = fmt.Sprintf("%x", m.ClusterID)
		}
		d.Members = append(d.Members, memberDocument{Name: m.Name, URL: m.URL, Version: m.Version, Reached: m.Err == nil})
	}
	for _, x := range p.Evidence.Proofs {
		d.Components = append(d.Components, componentDocument(x))
	}
	for _, f := range p.Report.Findings {
		d.Findings = append(d.Findings, findingDocument(f))
	}
	for _, k := range p.Report.Skipped {
		d.Skipped = append(d.Skipped, skippedDocument(k))
	}
	if p.Soak != nil {
		d.Soak = soakDocument(p.Soak)
	}
	return d
}

func findingDocument(f verify.Finding) FindingDocument {
	var also []string
	for _, other := range f.Also {
		also = append(also, other.Name)
	}
	return FindingDocument{f.Code, f.Severity.String(), f.Subject.Name, also, f.Text, f.Remedy}
}

func componentDocument(x verify.Proof) ComponentDocument {
	allowed, refused := x.Asked()
	c := ComponentDocument{
		Name: x.Component, User: x.User.String(), Role: x.Role, Proven: x.Proven(), Member: x.Member, Minted: x.Minted,
		Allowed: countDocument{x.Allowed, allowed}, Refused: countDocument{x.Refused, refused}, NotProven: x.NotLive,
	}
	if x.Err != nil {
		c.NotProven = x.Err.Error()
	}
	if !x.NotAfter.IsZero() {
		c.NotAfter = x.NotAfter.UTC().Format(time.RFC3339)
	}
	return c
}
