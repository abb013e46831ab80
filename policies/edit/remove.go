package edit

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"lockstep/policies"
	"lockstep/policies/hint"
	"lockstep/policies/strict"
)

// Remove cuts the component of that name out of the file, with the comment lines
// directly above it. The last one leaves `components: []`. The error is a
// strict.Problems if the file is not valid.
func Remove(file policies.File, name string) (policies.File, error) {
	return remove(file, components(), name)
}

func remove(file policies.File, from section, name string) (policies.File, error) {
	what := fmt.Sprintf("removing %s %q", from.noun, name)
	d, err := read(file, from)
	if err != nil {
		return policies.File{}, fmt.Errorf("%s: %w", what, err)
	}
	i, err := d.named(name)
	if err != nil {
		return policies.File{}, err
	}
	if i < 0 {
		return policies.File{}, hint.With(fmt.Errorf("%s: %s declares no such %s", what, file.Name, d.noun), strict.Suggest(name, d.names(), ""))
	}
	text, err := d.remove(i)
	if err == nil {
		err = d.prove(text, slices.Delete(d.plain(), i, i+1))
	}
	if err != nil {
		advice := fmt.Sprintf("Delete the entry at %s by hand, then run the same command again.", d.list.Items()[i].Position)
		if len(d.list.Items()) == 1 {
			advice = fmt.Sprintf("It is the only one: delete the entry at %s by hand, write %s: [], then run the same command again.", d.list.Items()[i].Position, d)
		}
		return policies.File{}, hint.Refuse(advice, "%s without touching anything else is not safe here: %w", what, err)
	}
	return policies.File{Name: file.Name, Text: text}, nil
}

func (d *document) remove(i int) ([]byte, error) {
	switch d.at(d.list.Position) {
	case '[':
		return d.removeFlow(i)
	case '-':
		return d.removeBlock(i)
	}
	return nil, unsure{d.list.Position, "this list is written in an unusual way"}
}

func (d *document) removeFlow(i int) ([]byte, error) {
	elements, shut, err := d.elements()
	if err != nil {
		return nil, err
	}
	if err := d.alone(i, d.wrapped("["+string(d.Text[elements[i].from:elements[i].to])+"]\n")); err != nil {
		return nil, err
	}
	switch {
	case len(elements) == 1:
		return d.apply(change{from: d.offset(d.list.Position) + 1, to: shut}), nil
	case i+1 < len(elements):
		return d.apply(change{from: elements[i].from, to: elements[i+1].from}), nil
	}
	return d.apply(change{from: elements[i-1].to, to: elements[i].to}), nil
}

func (d *document) removeBlock(i int) ([]byte, error) {
	first, behind := d.lead(i), d.end(i)
	if err := d.alone(i, d.wrapped("\n"+string(d.Text[d.start(first):d.start(behind)])+"\n")); err != nil {
		return nil, err
	}
	count := len(d.list.Items())
	gap := count > 1 && d.blank(first-1) && (i+1 == count || d.blank(behind))
	if gap { // the blank line that set it apart
		first--
	}
	cut := d.cut(first, behind)
	if count > 1 {
		return d.apply(cut), nil
	}
	colon, err := d.colon()
	if err != nil {
		return nil, err
	}
	return d.apply(change{from: colon, to: colon, text: " []"}, cut), nil
}

// cut is the change without the lines from first up to behind. A file without a last line
// break stays so.
func (d *document) cut(first, behind int) change {
	cut := change{from: d.start(first), to: d.start(behind)}
	if cut.to == len(d.Text) && d.Text[cut.to-1] != '\n' {
		cut.from = len(strings.TrimSuffix(strings.TrimSuffix(string(d.Text[:cut.from]), "\n"), "\r"))
	}
	return cut
}

// wrapped is a list as the value of its field, with what leads to it and no other entry.
func (d *document) wrapped(list string) string {
	if len(d.path) == 1 {
		return d.path[0] + ": " + list
	}
	pad := "  "
	if d.key.Column > 1 && d.at(d.list.Position) == '-' {
		pad = strings.Repeat(" ", d.key.Column-1)
	}
	return "cluster:\n" + pad + "name: x\n" + pad + "members: " + list
}

// alone requires that what is cut out is, read alone, exactly entry i.
func (d *document) alone(i int, text string) error {
	item := d.list.Items()[i]
	got, err := read(policies.File{Name: d.Name, Text: []byte(head + text)}, d.section)
	if err != nil || !reflect.DeepEqual(got.plain(), []any{item.Plain()}) {
		return unsure{item.Position, "where this entry begins and ends is not clear"}
	}
	return nil
}

// dash is the line of entry i's dash: the entry may begin below it.
func (d *document) dash(i int) int {
	column := d.list.Column - 1
	for line := d.list.Items()[i].Line - 1; line > 0; line-- {
		text := d.line(line)
		if len(text) > column && text[column] == '-' && strings.TrimSpace(text[:column]) == "" {
			return line
		}
	}
	return 0
}

// lead is entry i's first line: its dash, or the comment that stands directly above
// it in the same column.
func (d *document) lead(i int) int {
	line := d.dash(i)
	for line > d.key.Line {
		if column, ok := d.comment(line - 1); !ok || column != d.list.Column-1 {
			break
		}
		line--
	}
	return line
}

// end is the line behind entry i. Blank lines and comments in the column of the dash,
// or left of it, belong to what follows.
func (d *document) end(i int) int {
	line := d.after
	if i+1 < len(d.list.Items()) {
		line = d.dash(i + 1)
	}
	for line > 0 {
		column, ok := d.comment(line - 1)
		if !d.blank(line-1) && (!ok || column > d.list.Column-1) {
			break
		}
		line--
	}
	return line
}
