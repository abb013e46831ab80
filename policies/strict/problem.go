package strict

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"lockstep/policies/count"
)

// Position is a place in a file. Line and Column count from 1; Column counts code points.
type Position struct {
	File         string
	Line, Column int
}

// String is "lockstep.yaml:17:5".
func (p Position) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column) }

// Problem is one thing that is wrong, or with Warning merely suspicious, in a file.
type Problem struct {
	Position
	Path    string // components[2].permissions[0].prefix; "" for the document itself
	Message string
	Hint    string // "" for none
	Warning bool
}

// String is the problem as users see it: one line, and the hint on a second one.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.Position.String() + ": ")
	if p.Warning {
		b.WriteString("warning: ")
	}
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.Message)
	if p.Hint != "" {
		b.WriteString("\n  hint: " + p.Hint)
	}
	return b.String()
}

// Problems is everything that is wrong. As an error it prints one problem after the other.
type Problems []Problem

// It stops after 100: by then the first ones have to be mended anyway.
func (p Problems) Error() string {
	const most = 100
	var lines []string
	for i := range p {
		if i == most {
			lines = append(lines, "... and "+count.Of(len(p)-most, "more problem"))
			break
		}
		lines = append(lines, p[i].String())
	}
	return strings.Join(lines, "\n")
}

// Sort orders problems by file name, line and column.
func (p Problems) Sort() {
	slices.SortStableFunc(p, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}
