package view

import (
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
)

// Table writes rows below a header, columns aligned, without lines that a person would
// have to cut away when copying.
func (s *Sheet) Table(header []string, rows [][]any) {
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
			cells[i] = fmt.Sprint(harmless(row[i]))
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
