package strict

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// MaxBytes is the size above which a file is not even parsed.
const MaxBytes = 4 << 20

// Decoder reads any number of files and gathers what is wrong in them. The zero
// Decoder is ready.
type Decoder struct {
	files    map[string]int // in the order of reading
	file     string
	problems Problems
}

// Problems is everything wrong and suspicious so far: by file in the order of
// reading, then by line and column.
func (d *Decoder) Problems() Problems {
	slices.SortStableFunc(d.problems, func(a, b Problem) int {
		return cmp.Or(
			cmp.Compare(d.files[a.File], d.files[b.File]),
			cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.Clone(d.problems)
}

// Count is the number of Problems.
func (d *Decoder) Count() int { return len(d.problems) }

// Fail adds a problem at v. An empty hint is none.
func (d *Decoder) Fail(v Value, hint, format string, args ...any) {
	d.problems = append(d.problems, Problem{Position: v.Position, Path: v.Path, Message: fmt.Sprintf(format, args...), Hint: hint})
}

// Warn adds something legal but suspicious at v. An empty hint is none.
func (d *Decoder) Warn(v Value, hint, format string, args ...any) {
	d.problems = append(d.problems, Problem{Position: v.Position, Path: v.Path, Message: fmt.Sprintf(format, args...), Hint: hint, Warning: true})
}

// Read reads one file that holds one document of type t. The name is only for
// messages. The result is invalid if there is no such document.
func (d *Decoder) Read(name string, text []byte, t Type) Value {
	d.file = name
	if _, again := d.files[name]; !again {
		if d.files == nil {
			d.files = map[string]int{}
		}
		d.files[name] = len(d.files)
	}
	top := Value{Position: d.at(1, 1), state: invalid}
	if !d.checkText(text) {
		return top
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var document, second yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF), err == nil && isEmpty(&document):
		d.Fail(top, "", "the file is empty")
		return top
	case err != nil:
		d.syntax(text, err)
		return top
	}
	v := d.value("", document.Content[0], t)
	switch err := decoder.Decode(&second); {
	case err == nil:
		d.Fail(Value{Position: d.at(second.Line, second.Column)}, "put it into a file of its own and name both with -f", "a second document: one file holds one document")
	case !errors.Is(err, io.EOF):
		d.syntax(text, err)
	}
	return v
}

func isEmpty(document *yaml.Node) bool {
	return len(document.Content) == 0 || document.Content[0].Kind == yaml.ScalarNode && document.Content[0].Value == "" && document.Content[0].Style == 0
}

func (d *Decoder) at(line, column int) Position {
	return Position{File: d.file, Line: max(line, 1), Column: max(column, 1)}
}

// syntax reports an error of the YAML parser at the place that it names.
func (d *Decoder) syntax(text []byte, err error) {
	message, where := err.Error(), Value{Position: d.at(1, 1)}
	var failed *yaml.LoadError
	if errors.As(err, &failed) {
		message, where.Position = failed.Message, d.at(failed.Mark.Line, failed.Mark.Column)
	}
	if rest, ok := strings.CutPrefix(message, "unknown anchor '"); ok {
		anchor, _, _ := strings.Cut(rest, "'")
		where.Position = d.at(lineOf(text, "*"+anchor), 1)
		d.Fail(where, repeat, "anchors and aliases are not used here")
		return
	}
	d.Fail(where, "the mistake is here or before it", "no valid YAML: %s", message)
}

func lineOf(text []byte, part string) int {
	before, _, found := bytes.Cut(text, []byte(part))
	if !found {
		return 1
	}
	return 1 + bytes.Count(before, []byte("\n"))
}

// join is the path of a field below path.
func join(path, name string) string {
	if !simple(name) {
		return path + "[" + strconv.Quote(name) + "]"
	}
	if path == "" {
		return name
	}
	return path + "." + name
}

func simple(name string) bool {
	for _, r := range name {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-' || r == '/') {
			return false
		}
	}
	return name != ""
}
