package view

import (
	"encoding/hex"
	"fmt"
	"strings"

	"lockstep/policies"
	"lockstep/policies/count"
	"lockstep/policies/strict"
)

// Lint is what is wrong in a policy, or the policy.
type Lint struct {
	Files    []string         // as the user named them
	Policy   *policies.Policy // nil unless valid
	Problems strict.Problems  // problems and warnings, in order
}

// Text implements Answer.
func (l Lint) Text(s *Sheet) {
	Problems(l.Problems).Text(s)
	name := strings.Join(l.Files, ", ")
	if l.Policy == nil {
		s.Line("%s: %s", name, s.Paint(Bad, "not valid"))
		return
	}
	c := l.Policy.Cluster
	parts := []string{fmt.Sprintf("cluster %q", c.Name)}
	parts = appendCount(parts, len(c.Members), "member")
	parts = appendCount(parts, len(c.Endpoints), "endpoint")
	parts = appendCount(parts, len(c.Proxies), "proxy")
	parts = append(parts, count.Of(len(l.Policy.Components), "component"))
	s.Line("%s: %s: %s", name, s.Paint(Good, "valid"), strings.Join(parts, ", "))
}

// Document implements Answer.
func (l Lint) Document() any {
	d := lintDocument{Header: header("Lint"), Valid: l.Policy != nil, Problems: problemDocuments(l.Problems)}
	if l.Policy != nil {
		c := l.Policy.Cluster
		d.Policy = &policyDocument{
			Cluster: c.Name, Members: len(c.Members), Endpoints: len(c.Endpoints), Proxies: len(c.Proxies),
			Components: len(l.Policy.Components), Digest: hex.EncodeToString(l.Policy.Digest[:]),
		}
	}
	return d
}

// Problems is what is wrong or suspicious in a policy.
type Problems strict.Problems

// Text implements Message: each problem as it prints itself, with what matters in colour.
func (list Problems) Text(s *Sheet) {
	for _, p := range list {
		path := p.Path
		if path != "" {
			path += ": "
		}
		if p.Warning {
			s.Line("%s: %s %s%s", p.Position, s.Paint(Warn, "warning:"), path, p.Message)
		} else {
			s.Line("%s: %s%s", s.Paint(Bold, p.Position.String()), path, p.Message)
		}
		if p.Hint != "" {
			s.Lines("  hint: ", p.Hint)
		}
	}
}

// PolicyWarnings is how many warnings a policy has, for commands that do another thing
// than to check it.
type PolicyWarnings int

// Text implements Message.
func (n PolicyWarnings) Text(s *Sheet) {
	if n > 0 {
		s.Line("policy: %s; lockstep lint shows more", s.Paint(Warn, count.Of(int(n), "warning")))
	}
}

func appendCount(parts []string, n int, word string) []string {
	if n == 0 {
		return parts
	}
	return append(parts, count.Of(n, word))
}
