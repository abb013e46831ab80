package view

import (
	"cmp"

	"lockstep/bootstrap/verify"
)

// Explained is one check of verify.
type Explained struct{ verify.Check }

// Text implements Answer.
func (e Explained) Text(s *Sheet) {
	d := checkDocumentOf(e.Check)
	s.Line("%s", s.Paint(Bold, e.Code))
	row := func(name, text string) { s.Wrapped("  "+name, "            ", text) }
	row("holds:    ", d.Sentence)
	row("severity: ", d.Severity)
	row("remedy:   ", d.Remedy)
	for i, need := range d.Needs {
		name := "needs:    "
		if i > 0 {
			name = "          "
		}
		row(name, need)
	}
	row("accept:   ", map[bool]string{true: "the policy may accept a finding until a day (accept)", false: "a finding is never accepted"}[e.Acceptable])
	row("source:   ", cmp.Or(d.Source, "lockstep's own rule: policy, certificates and etcd agree"))
}

// Checks is all checks of verify.
type Checks []verify.Check

// Text implements Answer.
func (c Checks) Text(s *Sheet) {
	var rows [][]any
	for _, check := range c {
		rows = append(rows, []any{check.Code, check.Severity, check.Sentence})
	}
	s.Table([]string{"code", "severity", "what holds"}, rows)
}

// checkDocument is one check.
type checkDocument struct {
	Code       string   `json:"code"`
	Severity   string   `json:"severity"` // of a finding, unless it has its own
	Sentence   string   `json:"sentence"` // what holds when it passes
	Remedy     string   `json:"remedy"`   // unless a finding has its own
	Needs      []string `json:"needs"`
	Acceptable bool     `json:"acceptable"`
	Source     string   `json:"source,omitempty"`
}

// checksDocument is the answer of verify --list (kind Checks).
type checksDocument struct {
	Header
	Checks []checkDocument `json:"checks"`
}

// explainedDocument is the answer of explain (kind Check).
type explainedDocument struct {
	Header
	checkDocument
}

func checkDocumentOf(c verify.Check) checkDocument {
	return checkDocument{c.Code, c.Severity.String(), c.Sentence, c.Remedy, orEmpty(c.Needs.Texts()), c.Acceptable, verify.Source(c.Code)}
}

// Document implements Answer.
func (e Explained) Document() any {
	return explainedDocument{header("Check"), checkDocumentOf(e.Check)}
}

// Document implements Answer.
func (c Checks) Document() any {
	d := checksDocument{Header: header("Checks"), Checks: []checkDocument{}}
	for _, check := range c {
		d.Checks = append(d.Checks, checkDocumentOf(check))
	}
	return d
}

// ExplainedMessage is the text of an error or a refusal, with its meaning.
type ExplainedMessage struct {
	Says  string // a part of the text
	Means string
	Do    string
}

// Text implements Answer.
func (m ExplainedMessage) Text(s *Sheet) {
	s.Line("%s", s.Paint(Bold, m.Says))
	s.Wrapped("  means: ", "         ", m.Means)
	s.Wrapped("  do:    ", "         ", m.Do)
}

// explainedMessageDocument is the answer of explain for the text of a message (kind Message).
type explainedMessageDocument struct {
	Header
	Says  string `json:"says"` // a part of the message
	Means string `json:"means"`
	Do    string `json:"do"`
}

// Document implements Answer.
func (m ExplainedMessage) Document() any {
	return explainedMessageDocument{header("Message"), m.Says, m.Means, m.Do}
}
