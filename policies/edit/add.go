package edit

import (
	"fmt"
	"reflect"
	"strings"

	"lockstep/policies"
	"lockstep/policies/hint"
)

// entry is what is added to a list.
type entry interface {
	check() error         // whether the strict reader reads it as it is
	plain() any           // as it reads
	lines(style) []string // without its dash, one line in flow style
}

// Add appends c to the file's components, in the style of the last one. A file that
// holds exactly this entry already is returned as it is, so that a repeat is no error;
// another entry of that name is refused (exit 3). The error is a strict.Problems if
// the file is not valid.
func Add(file policies.File, c Component) (policies.File, error) {
	return add(file, components(), c.Name, c)
}

func add(file policies.File, to section, name string, e entry) (policies.File, error) {
	what := fmt.Sprintf("adding %s %q", to.noun, name)
	d, err := read(file, to)
	if err == nil {
		err = e.check()
	}
	if err != nil {
		return policies.File{}, fmt.Errorf("%s: %w", what, err)
	}
	i, err := d.named(name)
	if err != nil {
		return policies.File{}, err
	}
	if i >= 0 {
		if item := d.list.Items()[i]; !reflect.DeepEqual(item.Plain(), e.plain()) {
			return policies.File{}, hint.Refuse("Change that entry by hand and run lockstep apply, or choose another name.",
				"%s %q is already declared at %s, in another way", d.noun, name, item.Position)
		}
		return file, nil
	}
	changed, err := d.add(e)
	text := d.apply(changed...)
	if err == nil {
		err = d.prove(text, append(d.plain(), e.plain()))
	}
	if err != nil {
		return policies.File{}, hint.Refuse(d.byHand(e), "%s without touching anything else is not safe here: %w", what, err)
	}
	return policies.File{Name: file.Name, Text: text}, nil
}

func (d *document) add(e entry) ([]change, error) {
	items := d.list.Items()
	if d.top.Column != 1 || d.at(d.top.Position) == '{' {
		return nil, unsure{d.top.Position, "this document is indented or in braces"}
	}
	switch {
	case !d.key.Given() && len(d.path) > 1:
		return nil, unsure{d.top.Position, "there is no " + d.String() + " here"}
	case !d.key.Given():
		return []change{d.insert(d.bottom(), append([]string{"components:"}, block(e)...))}, nil
	case len(items) == 0:
		return d.fill(block(e))
	case d.at(d.list.Position) == '[':
		return d.addFlow(e)
	case d.at(d.list.Position) != '-':
		return nil, unsure{d.list.Position, "this list is written in an unusual way"}
	}
	return d.addBlock(e), nil
}

// byHand is the text to paste, in the style of the place where it belongs.
func (d *document) byHand(e entry) string {
	const again = " by hand, then run the same command again:\n"
	flow := e.lines(style{flow: true})[0]
	block := strings.Join(block(e), "\n")
	switch {
	case len(d.list.Items()) > 0 && d.at(d.list.Position) == '[':
		return "Add this element to " + d.String() + again + flow
	case len(d.list.Items()) > 0:
		return "Add this entry to " + d.String() + again + strings.Trim(strings.ReplaceAll(d.addBlock(e)[0].text, "\r", ""), "\n")
	case d.at(d.top.Position) == '{':
		return "Write this field, in place of an empty one," + again + "components: [" + flow + "]"
	}
	return "Write these lines, in place of an empty field," + again + "components:\n" + block
}

// bottom is the line behind the last one that is not blank, within the document.
func (d *document) bottom() int {
	i := d.last()
	for i > 0 && d.blank(i-1) {
		i--
	}
	return i
}

// fill takes the brackets off an empty list and puts lines below it.
func (d *document) fill(lines []string) ([]change, error) {
	colon, err := d.colon()
	if err != nil {
		return nil, err
	}
	end := d.start(d.key.Line)
	rest := strings.TrimLeft(string(d.Text[colon:end]), " ")
	inside, behind, closed := strings.Cut(strings.TrimPrefix(rest, "["), "]")
	if !strings.HasPrefix(rest, "[") || !closed || strings.TrimSpace(inside) != "" {
		return nil, unsure{d.list.Position, "this empty list runs over several lines"}
	}
	return []change{{from: colon, to: end - len(behind)}, d.insert(d.key.Line, lines)}, nil
}

func (d *document) addFlow(e entry) ([]change, error) {
	elements, _, err := d.elements()
	if err != nil {
		return nil, err
	}
	last := elements[len(elements)-1]
	item := d.list.Items()[len(elements)-1]
	separator := ", "
	begin := d.start(item.Line - 1)
	if pad := string(d.Text[begin:last.from]); strings.TrimSpace(pad) == "" {
		separator = "," + d.eol(begin) + pad
	}
	text := e.lines(style{flow: true, pad: d.padding(last.from)})
	return []change{{last.to, last.to, separator + text[0]}}, nil
}

// padding is the space behind the brace at an offset.
func (d *document) padding(at int) string {
	if strings.HasPrefix(string(d.Text[at:]), "{ ") {
		return " "
	}
	return ""
}

func (d *document) addBlock(e entry) []change {
	count := len(d.list.Items())
	last := d.list.Items()[count-1]
	s := style{flow: d.at(last.Position) == '{', pad: d.padding(d.offset(last.Position))}
	if d.list.Column > 1 {
		s.nested = "  "
	}
	gap := " "
	if d.dash(count-1) == last.Line-1 {
		gap = strings.Repeat(" ", last.Column-d.list.Column-1)
	}
	lines := indent(e.lines(s), strings.Repeat(" ", d.list.Column-1)+"-"+gap)
	if count > 1 && d.blank(d.lead(count-1)-1) {
		lines = append([]string{""}, lines...)
	}
	return []change{d.insert(d.end(count-1), lines)}
}
