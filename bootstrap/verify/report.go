package verify

import (
	"fmt"
	"slices"

	"lockstep/policies/hint"
)

// Severity is how much a finding matters; a smaller one is graver. The zero value is not set:
// a finding takes its check's, and a check that sets none is critical.
type Severity int

const (
	unset    Severity = iota
	Critical          // a user or client has, or can take, access that the policy does not give
	Error             // identity and permission do not agree; a component is or will be refused
	Warning           // still in step, and it will not stay so, or could not be seen
	Info              // in step, and nothing has to be done; a reader may want to know it
)

// Severities is all of them, the gravest first.
func Severities() []Severity { return []Severity{Critical, Error, Warning, Info} }

// String is the severity in lower case.
func (s Severity) String() string {
	switch s {
	case unset, Critical:
		return "critical"
	case Error:
		return "error"
	case Warning:
		return "warning"
	case Info:
		return "info"
	}
	return fmt.Sprintf("severity %d", int(s))
}

// Report is what all checks found.
type Report struct {
	Findings []Finding
	Accepted []AcceptedFinding // findings that the policy accepts; they do not count
	Passed   []string          // codes of the checks that looked and found nothing
	Skipped  []Skip            // checks that could not look, and why
}

// Skip is a check that could not look. Not having looked is never a pass.
type Skip struct {
	Code, Reason, Remedy string
	// Chosen is that it lacks root's certificate alone, in whose place the operator named an
	// administrator, or that the operator chose not to ask etcd. It does not put the report out
	// of step.
	Chosen bool
}

// InStep reports whether policy, certificates and etcd agree. Warnings and infos alone do
// not put them out of step; a check that could not look does, because the report
// then proves less than it seems to, unless the operator chose so.
func (r Report) InStep() bool { return r.InStepBut(Error) }

// InStepBut is InStep where findings count from this severity on: [Critical] alone, or
// [Info] for every one.
func (r Report) InStepBut(from Severity) bool {
	return !slices.ContainsFunc(r.Skipped, func(s Skip) bool { return !s.Chosen }) &&
		!slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Severity <= from })
}

// ParseSeverity reads critical, error, warning or info.
func ParseSeverity(text string) (Severity, error) {
	for _, s := range Severities() {
		if s.String() == text {
			return s, nil
		}
	}
	return Critical, hint.With(fmt.Errorf("%q is no severity", text), "It is critical, error, warning or info.")
}
