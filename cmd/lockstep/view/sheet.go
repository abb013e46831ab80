package view

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
)

// Width is how many columns help pages, tables and wrapped text take at most: a
// terminal has no fewer.
const Width = 80

// Sheet is the text of one answer or message while it is written.
type Sheet struct {
	out    *bytes.Buffer
	colour bool
}

// Line writes one line, formatted as by fmt.Sprintf. Line breaks come from the format
// alone: each argument reaches the terminal as Printable, unless it is Painted.
func (s *Sheet) Line(format string, args ...any) {
	for i, a := range args {
		args[i] = harmless(a)
	}
	fmt.Fprintf(s.out, format+"\n", args...)
}

// Lines writes text of several lines: the first one behind first, the others indented,
// so that a line break in a name never begins a line that looks like one of ours.
func (s *Sheet) Lines(first, lines string) {
	indent := strings.Repeat(" ", max(2, len(first)))
	for line := range strings.SplitSeq(strings.TrimSuffix(lines, "\n"), "\n") {
		s.Line("%s%s", first, line)
		first = indent
	}
}

// Wrapped writes text in lines of at most Width columns: the first behind first, the
// others behind rest.
func (s *Sheet) Wrapped(first, rest, words string) {
	line, empty := first, true
	for _, word := range strings.Fields(words) {
		if !empty && columns(line)+1+columns(word) > Width {
			s.Line("%s", line)
			line, empty = rest, true
		}
		if !empty {
			line += " "
		}
		line, empty = line+word, false
	}
	s.Line("%s", line)
}

// columns is how wide a line is on a terminal, colours aside.
func columns(line string) int { return text.StringWidthWithoutEscSequences(line) }

// Colour is one of the few that mean something.
type Colour string

const (
	Good Colour = "\x1b[32m" // done, allowed as it should be, in step
	Warn Colour = "\x1b[33m" // suspicious, due soon
	Bad  Colour = "\x1b[31m" // refused, broken
	Bold Colour = "\x1b[1m"  // headings

	plainColour Colour = "\x1b[0m"
)

// Painted is text that was made printable before it got its colour. Only a Sheet makes it
// (Paint, Table), so an escape sequence in a name is never taken for one of ours.
type Painted struct{ text string }

// String is the text with its colour.
func (p Painted) String() string { return p.text }

// Paint is text in colour c where colour is wanted, else text itself; made printable in
// both cases.
func (s *Sheet) Paint(c Colour, text string) Painted {
	text = Printable(text)
	if !s.colour || text == "" {
		return Painted{text}
	}
	return Painted{string(c) + text + string(plainColour)}
}

// argument is a value that formats as it would, and is made printable then.
type argument struct{ value any }

// Format implements fmt.Formatter.
func (a argument) Format(f fmt.State, verb rune) {
	io.WriteString(f, Printable(fmt.Sprintf(fmt.FormatString(f, verb), a.value)))
}

// harmless is what may be formatted in place of value.
func harmless(value any) any {
	switch value.(type) {
	case Painted, argument:
		return value
	}
	return argument{value}
}
