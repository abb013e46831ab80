package view

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
)

// Sheet is the text of one answer while it is written.
type Sheet struct {
	out    *bytes.Buffer
	colour bool
}

// Line writes one line, formatted as by fmt.Sprintf. Whatever the arguments hold
// reaches a terminal as Printable.
func (s *Sheet) Line(format string, args ...any) {
	s.out.WriteString(printableBut(fmt.Sprintf(format, args...)) + "\n")
}

// Colour is one of the few that mean something.
type Colour string

const (
	Good Colour = "\x1b[32m" // done, allowed as it should be, in step
	Warn Colour = "\x1b[33m" // suspicious, due soon
	Bad  Colour = "\x1b[31m" // refused, broken
	Bold Colour = "\x1b[1m"  // headings

	plainColour Colour = "\x1b[0m"
)

// Paint is text in colour c where colour is wanted, else text itself.
func (s *Sheet) Paint(c Colour, text string) string {
	if !s.colour || text == "" {
		return text
	}
	return string(c) + text + string(plainColour)
}

// Table writes rows below a header, columns aligned, without lines that a person
// would have to cut away when copying.
func (s *Sheet) Table(header []string, rows [][]string) {
	t := table.NewWriter()
	t.SetStyle(plain())
	heads := make(table.Row, len(header))
	for i, h := range header {
		heads[i] = s.Paint(Bold, strings.ToUpper(h))
	}
	t.AppendHeader(heads)
	for _, row := range rows {
		cells := make(table.Row, len(row))
		for i := range row {
			cells[i] = printableBut(row[i])
		}
		t.AppendRow(cells)
	}
	for line := range strings.Lines(t.Render()) {
		s.out.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
}

// plain is a table of columns two spaces apart, and nothing else.
func plain() table.Style {
	style := table.StyleDefault
	style.Options = table.OptionsNoBordersAndSeparators
	style.Box.PaddingLeft, style.Box.PaddingRight = "", "  "
	style.Format.Header = 0
	return style
}
