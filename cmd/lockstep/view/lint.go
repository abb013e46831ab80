package view

import (
	"encoding/hex"
	"fmt"
	"strings"

	"lockstep/policies"
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
	for _, p := range l.Problems {
		s.Line("%s", paintProblem(s, p))
	}
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
	parts = append(parts, number(len(l.Policy.Components), "component"))
	s.Line("%s: %s: %s", name, s.Paint(Good, "valid"), strings.Join(parts, ", "))
}

// Document implements Answer.
func (l Lint) Document() any {
	d := LintDocument{Header: header("Lint"), Valid: l.Policy != nil, Problems: problemDocuments(l.Problems)}
	if l.Policy != nil {
		c := l.Policy.Cluster
		d.Policy = &PolicyDocument{
			Cluster: c.Name, Members: len(c.Members), Endpoints: len(c.Endpoints), Proxies: len(c.Proxies),
			Components: len(l.Policy.Components), Digest: hex.EncodeToString(l.Policy.Digest[:]),
		}
	}
	return d
}

// paintProblem is p as it prints itself, with the word that matters in colour.
func paintProblem(s *Sheet, p strict.Problem) string {
	where, text := p.Position.String(), p.String()
	if p.Warning {
		return strings.Replace(text, "warning:", s.Paint(Warn, "warning:"), 1)
	}
	return s.Paint(Bold, where) + strings.TrimPrefix(text, where)
}

func appendCount(parts []string, n int, word string) []string {
	if n == 0 {
		return parts
	}
	return append(parts, number(n, word))
}

// number is "1 member", "3 members", "2 proxies".
func number(n int, word string) string {
	switch {
	case n == 1:
	case strings.HasSuffix(word, "y"):
		word = strings.TrimSuffix(word, "y") + "ies"
	default:
		word += "s"
	}
	return fmt.Sprintf("%d %s", n, word)
}
