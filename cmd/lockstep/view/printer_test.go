package view

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// words is an answer of the tests.
type words []string

func (w words) Text(s *Sheet) {
	var rows [][]any
	for i, word := range w {
		colour := Good
		if i > 0 {
			colour = Bad
		}
		rows = append(rows, []any{s.Paint(colour, word), "1"})
	}
	s.Table([]string{"word", "n"}, rows)
}

func (w words) Document() any {
	return struct {
		Header
		Words []string `json:"words"`
	}{header("Words"), w}
}

func TestPrint(t *testing.T) {
	t.Parallel()
	answer := words{"<a>", "bcdefg"}
	tests := []struct {
		name   string
		format Format
		colour bool
		want   string
	}{
		{"text", Text, false, "WORD    N\n<a>     1\nbcdefg  1\n"},
		{"colour", Text, true, "\x1b[1mWORD\x1b[0m    \x1b[1mN\x1b[0m\n\x1b[32m<a>\x1b[0m     1\n\x1b[31mbcdefg\x1b[0m  1\n"},
		{"json never has colour", JSON, true, "{\n  \"formatVersion\": \"lockstep/v1\",\n  \"kind\": \"Words\",\n  \"words\": [\n    \"<a>\",\n    \"bcdefg\"\n  ]\n}\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			p := NewPrinter(&out, test.format, test.colour)
			if p.Printed() {
				t.Error("printed before Print")
			}
			if err := p.Print(answer); err != nil || !p.Printed() {
				t.Errorf("error %v, printed %v", err, p.Printed())
			}
			if diff := cmp.Diff(test.want, out.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestAnAnswerThatCannotBeWrittenIsAnError(t *testing.T) {
	t.Parallel()
	err := NewPrinter(full{}, Text, false).Print(words{"a"})
	if err == nil || err.Error() != "writing the answer: no space left on device" {
		t.Errorf("got %v", err)
	}
}

func TestParseFormat(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{"text": true, "json": true, "yaml": false, "": false, "JSON": false} {
		if _, err := ParseFormat(text); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}
