package view

import (
	"bytes"
	"testing"
)

func TestPrintable(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"calico-node ü 日本":            "calico-node ü 日本",
		"two\nlines":                  `two\nlines`,
		"\x1b[2Jgone\x07":             `\x1b[2Jgone\a`,
		"back\rover":                  `back\rover`,
		"\u202eright to left":         `\u202eright to left`,
		"no utf-8 \xff":               `no utf-8 \ufffd`,
		"a\u2028b\u200bc":             `a\u2028b\u200bc`,
		"\x1b[31mnot our red\x1b[0m!": `\x1b[31mnot our red\x1b[0m!`,
	} {
		if got := Printable(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// A name in etcd may be anything; a terminal sees it, and only our colours act on it.
func TestASheetShowsForeignTextHarmlessly(t *testing.T) {
	t.Parallel()
	const evil = "\x1b[2Jx\r"
	for colour, want := range map[bool]string{
		false: "user \\x1b[2Jx\\r is foreign\nNAME\n\\x1b[2Jx\\r\n",
		true:  "user \x1b[31m\\x1b[2Jx\\r\x1b[0m is foreign\n\x1b[1mNAME\x1b[0m\n\\x1b[2Jx\\r\n",
	} {
		s := &Sheet{out: &bytes.Buffer{}, colour: colour}
		s.Line("user %s is foreign", s.Paint(Bad, evil))
		s.Table([]string{"name"}, [][]any{{evil}})
		if got := s.out.String(); got != want {
			t.Errorf("colour %v: got %q, want %q", colour, got, want)
		}
	}
}
