package view

import (
	"fmt"
	"strings"

	"lockstep/bootstrap/verify"
)

// namedSubjects is how many subjects of one check are named before the rest is a number.
const namedSubjects = 5

// findsMore is the last line of a plan: what lockstep verify finds and the plan does not show.
func findsMore(s *Sheet, findings []verify.Finding) {
	if len(findings) == 0 {
		return
	}
	var codes []string
	subjects := map[string][]string{}
	for _, f := range findings {
		if _, known := subjects[f.Code]; !known {
			codes = append(codes, f.Code)
		}
		subjects[f.Code] = append(subjects[f.Code], f.Subject.Name)
	}
	var parts []string
	for _, code := range codes {
		parts = append(parts, brief(code, subjects[code]))
	}
	s.Line("%s %s", s.Paint(Bad, "lockstep verify finds more:"), strings.Join(parts, "; "))
}

// brief is `unmanaged superuser "boss", "eve"`.
func brief(code string, subjects []string) string {
	var named []string
	for i, subject := range subjects {
		switch {
		case i == namedSubjects:
			named = append(named, fmt.Sprintf("and %d more", len(subjects)-i))
		case i < namedSubjects && subject != "":
			named = append(named, fmt.Sprintf("%q", subject))
		}
	}
	return strings.TrimSpace(verify.BriefOf(code) + " " + strings.Join(named, ", "))
}
