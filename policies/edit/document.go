package edit

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"lockstep/policies"
	"lockstep/policies/strict"
)

// section is a list of the policy that entries are added to and removed from.
type section struct {
	noun string   // "component"
	path []string // the fields that lead to the list
}

func components() section { return section{noun: "component", path: []string{"components"}} }
func members() section    { return section{noun: "member", path: []string{"cluster", "members"}} }

// String is the list as messages name it.
func (p section) String() string { return strings.Join(p.path, ".") }

// document is one file, read, with the places that matter.
type document struct {
	policies.File
	section
	lines []int // the offset of each line; the last one is empty if the file ends in a line break
	top   strict.Value
	key   strict.Value // the last field of the path; absent where the file has none
	list  strict.Value // its value
	after int          // the first line behind the list: the next field, the end marker or the end
}

// read takes a file apart. The error is strict.Problems if it is no valid policy file.
func read(file policies.File, in section) (*document, error) {
	var decoder strict.Decoder
	d := &document{File: file, section: in, lines: []int{0}}
	d.top = decoder.Read(file.Name, file.Text, policies.Type())
	if problems := decoder.Problems(); len(problems) > 0 {
		return nil, problems
	}
	for i, b := range file.Text {
		if b == '\n' {
			d.lines = append(d.lines, i+1)
		}
	}
	d.find()
	return d, nil
}

// find follows the path to the list.
func (d *document) find() {
	at := d.top
	d.after = d.last()
	for depth, name := range d.path {
		entries := at.Entries()
		i := slices.IndexFunc(entries, func(e strict.Entry) bool { return e.Key.Text() == name })
		if i < 0 {
			d.after = d.last()
			return
		}
		if i+1 < len(entries) {
			d.after = entries[i+1].Key.Line - 1
		}
		at = entries[i].Value
		if depth == len(d.path)-1 {
			d.key, d.list = entries[i].Key, at
		}
	}
}

// last is the line of the end marker, or the number of lines.
func (d *document) last() int {
	for i := range d.lines {
		if rest, ok := strings.CutPrefix(d.line(i), "..."); ok && (rest == "" || rest[0] == ' ' || rest[0] == '\t') {
			return i
		}
	}
	return len(d.lines)
}

// offset is where a position is in Text: columns count code points.
func (d *document) offset(p strict.Position) int {
	at := d.start(p.Line - 1)
	for range p.Column - 1 {
		_, size := utf8.DecodeRune(d.Text[at:])
		at += size
	}
	return at
}

// at is the byte at a position, 0 behind the end.
func (d *document) at(p strict.Position) byte {
	if i := d.offset(p); i < len(d.Text) {
		return d.Text[i]
	}
	return 0
}

// start is where line i begins, or the end of the text.
func (d *document) start(i int) int {
	if i < len(d.lines) {
		return d.lines[i]
	}
	return len(d.Text)
}

// line is line i without its end.
func (d *document) line(i int) string {
	return strings.TrimRight(string(d.Text[d.start(i):d.start(i+1)]), "\r\n")
}

func (d *document) blank(i int) bool { return strings.TrimSpace(d.line(i)) == "" }

// comment is the column, from 0, of the comment that is all of line i.
func (d *document) comment(i int) (column int, ok bool) {
	line := d.line(i)
	rest := strings.TrimLeft(line, " \t")
	return len(line) - len(rest), strings.HasPrefix(rest, "#")
}

// eol is how the line that holds offset at ends, or else the first line does.
func (d *document) eol(at int) string {
	for _, from := range []int{at, 0} {
		if i := bytes.IndexByte(d.Text[from:], '\n'); i >= 0 {
			if from+i > 0 && d.Text[from+i-1] == '\r' {
				return "\r\n"
			}
			return "\n"
		}
	}
	return "\n"
}

// colon is the offset behind the field's name and colon. Unusual ways to write a key are refused.
func (d *document) colon() (int, error) {
	at := d.offset(d.key.Position)
	end := at + len(d.key.Text())
	if quote := d.Text[at]; quote == '"' || quote == '\'' {
		end = at + 2 + max(0, bytes.IndexByte(d.Text[at+1:], quote))
	}
	if d.key.Column != 1 || end >= len(d.Text) || d.Text[end] != ':' {
		return 0, unsure{d.key.Position, "this field is written in an unusual way"}
	}
	return end + 1, nil
}

// change replaces the bytes [from, to) by text.
type change struct {
	from, to int
	text     string
}

// apply makes changes, which are in order and do not overlap.
func (d *document) apply(changes ...change) []byte {
	var out []byte
	done := 0
	for _, c := range changes {
		out = append(append(out, d.Text[done:c.from]...), c.text...)
		done = c.to
	}
	return append(out, d.Text[done:]...)
}

// insert puts whole lines before line i. A file without a last line break stays so.
func (d *document) insert(i int, lines []string) change {
	at := d.start(i)
	eol := d.eol(d.start(max(0, i-1)))
	text := strings.Join(lines, eol)
	if at > 0 && d.Text[at-1] != '\n' {
		return change{at, at, eol + text}
	}
	return change{at, at, text + eol}
}

// prove reads text and requires the same document but for its list.
func (d *document) prove(text []byte, list []any) error {
	now, err := read(policies.File{Name: d.Name, Text: text}, d.section)
	if err != nil {
		return unsure{d.top.Position, "the edited text would not be valid"}
	}
	want := d.top.Plain()
	at, ok := want.(map[string]any)
	for _, name := range d.path[:len(d.path)-1] {
		if ok {
			at, ok = at[name].(map[string]any)
		}
	}
	if !ok {
		return unsure{d.top.Position, "this is no mapping"}
	}
	at[d.path[len(d.path)-1]] = list
	if !reflect.DeepEqual(want, now.top.Plain()) {
		return unsure{d.list.Position, "the edit would change more than this entry"}
	}
	return nil
}

// plain is the entries as they read.
func (d *document) plain() []any {
	out := []any{}
	for _, item := range d.list.Items() {
		out = append(out, item.Plain())
	}
	return out
}
