package view

import (
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

const (
	gap      = "  " // between columns
	lastRoom = 20   // the last column gets no narrower: a date or a short phrase is not broken
)

// Table writes rows below a header, columns aligned, without lines that a person would
// have to cut away when copying. A first cell may be a []string: what follows its first
// line stands below the row. The table stays within Width: the last column goes on below
// itself at a blank, and a first cell that is too long stands above its row. No word is
// broken, so a name can be copied.
func (s *Sheet) Table(header []string, rows [][]any) {
	lines := [][]string{make([]string, len(header))}
	for i, h := range header {
		lines[0][i] = s.Paint(Bold, strings.ToUpper(h)).String()
	}
	below := map[int][]string{}
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			if several, ok := cell.([]string); ok {
				cell, below[len(lines)] = several[0], several[1:]
			}
			cells[i] = fmt.Sprint(harmless(cell))
		}
		lines = append(lines, cells)
	}
	above := fit(lines)
	rendered := strings.Split(render(lines), "\n")
	for i, row := range lines {
		if above[i] != "" {
			s.Line("%s", Painted{above[i]})
		}
		n := height(row)
		for _, line := range rendered[:n] {
			s.Line("%s", Painted{strings.TrimRight(line, " ")})
		}
		for _, line := range below[i] {
			s.Line("%s", line)
		}
		rendered = rendered[n:]
	}
}

// fit changes cells so that the rows stay within Width, and returns what has to stand
// above a row instead.
func fit(rows [][]string) map[int]string {
	last, rest := len(rows[0])-1, 0
	for i := range last {
		rest += columnWidth(rows, i) + len(gap)
	}
	room := max(lastRoom, Width-rest)
	for _, row := range rows {
		if text.LongestLineLen(row[last]) > room {
			row[last] = text.WrapSoft(row[last], room)
		}
	}
	above := map[int]string{}
	over := rest + columnWidth(rows, last) - Width
	room = columnWidth(rows, 0) - over
	for i, row := range rows {
		if over > 0 && text.LongestLineLen(row[0]) > room {
			above[i], row[0] = row[0], ""
		}
	}
	return above
}

func columnWidth(rows [][]string, column int) (widest int) {
	for _, row := range rows {
		widest = max(widest, text.LongestLineLen(row[column]))
	}
	return widest
}

func height(row []string) (lines int) {
	for _, cell := range row {
		lines = max(lines, 1+strings.Count(cell, "\n"))
	}
	return lines
}

// render aligns columns, and adds nothing else.
func render(rows [][]string) string {
	style := table.StyleDefault
	style.Options = table.OptionsNoBordersAndSeparators
	style.Box.PaddingLeft, style.Box.PaddingRight = "", gap
	t := table.NewWriter()
	t.SetStyle(style)
	for _, row := range rows {
		cells := make(table.Row, len(row))
		for i, cell := range row {
			cells[i] = cell
		}
		t.AppendRow(cells)
	}
	return t.Render()
}
