package strict_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/policies/hint"
	"lockstep/policies/strict"
)

func table() strict.Type {
	text := strict.Type{Kind: strict.Text}
	return strict.Type{Kind: strict.Mapping, Fields: []strict.Field{
		{Name: "text", Type: text, Doc: "any text"},
		{Name: "name", Type: strict.Type{Kind: strict.Text, Pattern: "^[a-z]+$", Says: "a name of small letters", NonEmpty: true}},
		{Name: "color", Type: strict.Type{Kind: strict.Text, Enum: []string{"red", "green"}}},
		{Name: "checked", Type: strict.Type{Kind: strict.Text, Check: func(s string) error {
			return hint.With(errors.New("no good: "+s), "try another")
		}}},
		{Name: "prose", Type: strict.Type{Kind: strict.Prose}},
		{Name: "flag", Type: strict.Type{Kind: strict.Bool}},
		{Name: "list", Type: strict.Type{Kind: strict.List, Elem: &text, NonEmpty: true}},
		{Name: "map", Type: strict.Type{Kind: strict.Map, Elem: &text, NonEmpty: true}},
		{Name: "pair", Type: strict.Type{Kind: strict.List, Elem: &text, Count: 2}},
		{Name: "few", Type: strict.Type{Kind: strict.Text, NonEmpty: true, Several: 2}},
		{Name: "only", Type: strict.Type{Kind: strict.Bool, OnlyTrue: true}},
		{Name: "one", Type: strict.Type{Kind: strict.Mapping, ExactlyOne: []string{"a", "b"}, Fields: []strict.Field{
			{Name: "a", Type: text}, {Name: "b", Type: text}, {Name: "must", Type: text, Required: true}}}},
		{Name: "either", Type: strict.Type{Kind: strict.Mapping, AtMostOne: []string{"a", "b"}, Fields: []strict.Field{
			{Name: "a", Type: text}, {Name: "b", Type: text}}}},
	}}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"empty", "", "f:1:1: the file is empty"},
		{"only a comment", "# nothing\n", "f:1:1: the file is empty"},
		{"only a document marker", "---\n", "f:1:1: the file is empty"},
		{"a list", "- text: a\n", "f:1:1: want fields, found a list"},
		{"unknown field", "tekst: a\n", "f:1:1: tekst: unknown field\n  hint: did you mean \"text\"?"},
		{"letter case", "Text: a\n", "f:1:1: Text: unknown field\n  hint: did you mean \"text\"?"},
		{"unknown and far", "zzzzzzzzz: a\n", "f:1:1: zzzzzzzzz: unknown field\n  hint: known here: text, name, color, checked, prose, flag, list, map, pair, few, only, one, either"},
		{"given twice", "text: a\n\ntext: b\n", "f:3:1: text: given twice, first in line 1"},
		{"unknown twice", "tekst: a\ntekst: b\n", "f:1:1: tekst: unknown field\n  hint: did you mean \"text\"?\nf:2:1: tekst: given twice, first in line 1"},
		{"path that needs quotes", "map: {a.b: 1}\n", "f:1:12: map[\"a.b\"]: want text, found the number 1\n  hint: quote it: \"1\""},
		{"complex key", "? [a]\n: b\n", "f:1:3: want text, found a list"},
		{"number as key", "map: {1: a}\n", "f:1:7: map.1: want text, found the number 1\n  hint: quote it: \"1\""},
		{"merge key", "map:\n  <<: {a: b}\n", "f:2:3: map[\"<<\"]: merge keys are not used here\n  hint: write it out; for repetition declare a preset under presets"},
		{"anchor", "text: &a b\n", "f:1:7: text: anchors and aliases are not used here\n  hint: write it out; for repetition declare a preset under presets"},
		{"alias", "list: [&a b, *a]\n", "f:1:8: list[0]: anchors and aliases are not used here\n  hint: write it out; for repetition declare a preset under presets\nf:1:14: list[1]: anchors and aliases are not used here\n  hint: write it out; for repetition declare a preset under presets"},
		{"unknown alias", "text: a\nname: *b\n", "f:2:1: anchors and aliases are not used here\n  hint: write it out; for repetition declare a preset under presets"},
		{"anchor on a key", "&a text: b\n", "f:1:1: text: anchors and aliases are not used here\n  hint: write it out; for repetition declare a preset under presets"},
		{"tag", "text: !!str 1\n", "f:1:7: text: tags are not used here\n  hint: write the plain value"},
		{"own tag", "text: !secret x\n", "f:1:7: text: tags are not used here\n  hint: write the plain value"},
		{"second document", "text: a\n---\ntext: b\n", "f:2:1: a second document: one file holds one document\n  hint: put it into a file of its own and name both with -f"},
		{"second document after dots", "text: a\n...\n---\ntext: b\n", "f:3:1: a second document: one file holds one document\n  hint: put it into a file of its own and name both with -f"},
		{"broken second document", "text: a\n---\n[\n", "f:4:1: no valid YAML: did not find expected node content\n  hint: the mistake is here or before it"},
		{"bad YAML", "text: a\nname: b: c\n", "f:2:8: no valid YAML: mapping values are not allowed in this context\n  hint: the mistake is here or before it"},
		{"deep", strings.Repeat("[", 100000), "f:1:10001: no valid YAML: exceeded max depth of 10000\n  hint: the mistake is here or before it"},
		{"deep enough", strings.Repeat("[", 5000) + strings.Repeat("]", 5000), "f:1:1: want fields, found a list"},
		{"tab", "one:\n\ta: b\n", "f:2:1: a tab as indentation, which YAML does not allow\n  hint: indent with spaces"},
		{"tab after spaces", "one:\n  \ta: b\n", "f:2:3: a tab as indentation, which YAML does not allow\n  hint: indent with spaces"},
		{"tab elsewhere", "text:\ta\t\n", ""},
		{"byte order mark", "\ufefftext: a\n", "f:1:1: a byte order mark (U+FEFF)\n  hint: save the file as UTF-8 without BOM"},
		{"lone carriage return", "text: a\rname: b\n", "f:1:8: a carriage return without a line feed\n  hint: end lines with LF or CRLF"},
		{"CRLF", "text: a\r\nname: b\r\n", ""},
		{"next line", "text: a\u0085b\n", "f:1:8: the line separator U+0085\n  hint: end lines with LF or CRLF"},
		{"line separator in a comment", "text: a # \u2028name: b\n", "f:1:11: the line separator U+2028\n  hint: end lines with LF or CRLF"},
		{"paragraph separator", "text: a\u2029b\n", "f:1:8: the line separator U+2029\n  hint: end lines with LF or CRLF"},
		{"right to left override", "text: a\u202eb\n", "f:1:8: the invisible character U+202E\n  hint: it makes text look different from what it is"},
		{"NUL", "text: a\x00b\n", "f:1:8: a NUL byte: this is not a text file"},
		{"escape", "text: a\x1bb\n", "f:1:8: the control character U+001B"},
		{"Latin 1", "text: \xe4\n", "f:1:7: not valid UTF-8\n  hint: save the file as UTF-8"},
		{"column in code points", "map: {ä: 1}\n", "f:1:10: map[\"ä\"]: want text, found the number 1\n  hint: quote it: \"1\""},
		{"two faults of the text", "\ufefftext: a\rb\n", "f:1:1: a byte order mark (U+FEFF)\n  hint: save the file as UTF-8 without BOM\nf:1:9: a carriage return without a line feed\n  hint: end lines with LF or CRLF"},
		{"too large", "text: " + strings.Repeat("a", strict.MaxBytes), "f:1:1: the file has 4194310 bytes, the limit is 4194304\n  hint: split it into several files"},
		{"fields instead of text", "text: {a: b}\n", "f:1:7: text: want text, found fields"},
		{"text instead of a list", "list: a\n", "f:1:7: list: want a list, found the text \"a\"\n  hint: put it into brackets: [a]"},
		{"long text instead of fields", "map: " + strings.Repeat("a", 60) + "\n", "f:1:6: map: want fields, found the text \"" + strings.Repeat("a", 41) + "...\""},
		{"empty list", "list: []\n", "f:1:7: list: the list is empty"},
		{"empty map", "map: {}\n", "f:1:6: map: has no fields"},
		{"three of a few", "few: [a, b, c]\n", "f:1:6: few: want at most 2 items, found 3"},
		{"none of a few", "few: []\n", "f:1:6: few: the list is empty"},
		{"no text among a few", "few: [a, 1]\n", "f:1:10: few[1]: want text, found the number 1\n  hint: quote it: \"1\""},
		{"one or two of a few", "few: a\npair: [a, b]\n", ""},
		{"two of a few", "few: [a, b]\n", ""},
		{"three of two", "pair: [a, b, c]\n", "f:1:7: pair: want 2 items, found 3"},
		{"false where only true", "only: false\n", "f:1:7: only: can only be true\n  hint: leave the field out"},
		{"only true", "only: true\npair: [a, b]\n", ""},
		{"null", "text:\n", "f:1:6: text: want text, found nothing\n  hint: write a text, or leave the field out"},
		{"null list", "list: ~\n", "f:1:7: list: want a list, found nothing"},
		{"pattern", "name: A\n", "f:1:7: name: \"A\" is not a name of small letters"},
		{"pattern empty", "name: ''\n", "f:1:7: name: is empty"},
		{"number where quotes do not help", "name: 12\n", "f:1:7: name: want text, found the number 12"},
		{"enum", "color: gren\n", "f:1:8: color: \"gren\" is not one of red, green\n  hint: did you mean \"green\"?"},
		{"enum far", "color: blue\n", "f:1:8: color: \"blue\" is not one of red, green"},
		{"check", "checked: x\n", "f:1:10: checked: no good: x\n  hint: try another"},
		{"yes for true", "flag: yes\n", "f:1:7: flag: want true or false, found the boolean yes\n  hint: write true, without quotes"},
		{"quoted true", "flag: 'true'\n", "f:1:7: flag: want true or false, found the text \"true\"\n  hint: write true, without quotes"},
		{"TRUE", "flag: TRUE\n", "f:1:7: flag: want true or false, found the boolean TRUE\n  hint: write true, without quotes"},
		{"missing and none", "one: {}\n", "f:1:6: one.must: is missing\nf:1:6: one: want exactly one of a, b, found none"},
		{"misspelt is not missing", "one: {aa: x, mast: z}\n", "f:1:6: one: want exactly one of a, b, found none\nf:1:7: one.aa: unknown field\n  hint: known here: a, b, must\nf:1:14: one.mast: unknown field\n  hint: did you mean \"must\"?"},
		{"merged is not missing", "one: {<<: {must: z}}\n", "f:1:7: one[\"<<\"]: merge keys are not used here\n  hint: write it out; for repetition declare a preset under presets"},
		{"both", "one: {a: x, b: w, must: z}\n", "f:1:6: one: want exactly one of a, b, found 2"},
		{"at most one", "either: {a: x, b: w}\n", "f:1:9: either: want only one of a, b, found 2"},
		{"escaped NUL", `text: "a\0b"`, "f:1:7: text: the text holds a NUL\n  hint: text is one line of visible characters"},
		{"escaped line break", `text: "a\nb"`, "f:1:7: text: the text holds a line break\n  hint: text is one line of visible characters"},
		{"block text", "text: |\n  a\n", "f:1:7: text: the text holds a line break\n  hint: text is one line of visible characters"},
		{"zero width", `text: "a\u200bb"`, "f:1:7: text: the text holds the invisible character U+200B\n  hint: text is one line of visible characters"},
		{"prose", "prose: |\n  a\n  b\n", ""},
		{"prose with a tab", "prose: \"a\\tb\"\n", "f:1:8: prose: the text holds a tab\n  hint: text is one line of visible characters"},
		{"folded", "text: >-\n  a\n  b\n", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var d strict.Decoder
			d.Read("f", []byte(test.text), table())
			if diff := cmp.Diff(test.want, d.Problems().Error()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// A plain scalar that any reader takes for something else is refused; quoted, each is text.
func TestScalarsThatAreNoText(t *testing.T) {
	t.Parallel()
	for _, s := range strings.Fields("0 1 -1 +1 0123 0o17 0b101 0x1F 1_000 1. 1.5 .5 1e3 1E-3 -.5e3 .inf -.Inf .NaN 12:30 1:2:3 190:20:30.15 " +
		"2001-01-01 2001-1-1T00:00:00Z yes No y N on OFF true False ~ null Null NULL = 0777 08 09.5 685.230_15e+03") {
		t.Run(s, func(t *testing.T) {
			t.Parallel()
			var d strict.Decoder
			v := d.Read("f", []byte("text: "+s+"\n"), table()).Field("text")
			if got := d.Problems().Error(); v.Valid() || !strings.HasPrefix(got, "f:1:7: text: want text, found ") {
				t.Errorf("plain: valid = %t, problems %q", v.Valid(), got)
			}
			for _, quoted := range []string{`"` + s + `"`, "'" + s + "'", ">-\n  " + s} {
				var d strict.Decoder
				if v := d.Read("f", []byte("text: "+quoted+"\n"), table()).Field("text"); v.Text() != s || len(d.Problems()) != 0 {
					t.Errorf("%s: %q, problems %v", quoted, v.Text(), d.Problems())
				}
			}
		})
	}
}

func TestPlainText(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"a", "/registry/", "10.0.0.11", "1.2.3", "https://10.0.0.1:2379", "90d", "10y", "v1", "0x", "e3", "nul", "Yesterday", "a b", "2001-01", "1-2", "::1", "fe80::1", ".", "..", "-a", "{name}x"} {
		if strings.HasPrefix(s, "{") {
			s = "'" + s + "'"
		}
		var d strict.Decoder
		v := d.Read("f", []byte("text: "+s+"\n"), table()).Field("text")
		if v.Text() != strings.Trim(s, "'") || !v.Valid() {
			t.Errorf("%s: %q, problems %v", s, v.Text(), d.Problems())
		}
	}
}

func TestTenFaultsInOneRun(t *testing.T) {
	t.Parallel()
	var d strict.Decoder
	d.Read("b", []byte("x1: a\nx2: a\nx3: a\nx4: a\nx5: a\n"), table())
	d.Read("a", []byte("text: 1\nname: 2\ncolor: x\nflag: 3\nlist: a\n"), table())
	got := d.Problems()
	if len(got) != 10 {
		t.Fatalf("%d problems, want 10:\n%v", len(got), got)
	}
	for i, p := range got {
		if want := fmt.Sprintf("%s:%d", []string{"b", "a"}[i/5], i%5+1); !strings.HasPrefix(p.String(), want+":") {
			t.Errorf("problem %d is %q, want it at %s", i, p, want)
		}
	}
}

func TestManyProblemsAreCutShort(t *testing.T) {
	t.Parallel()
	var d strict.Decoder
	var text strings.Builder
	for i := range 150 {
		fmt.Fprintf(&text, "zzzzzzzz%d: a\n", i)
	}
	d.Read("f", []byte(text.String()), table())
	if len(d.Problems()) != 150 || !strings.HasSuffix(d.Problems().Error(), "\n... and 50 more problems") {
		t.Errorf("%d problems, ending in %q", len(d.Problems()), d.Problems().Error()[len(d.Problems().Error())-40:])
	}
}

// A bomb of aliases costs what its bytes cost.
func TestBomb(t *testing.T) {
	t.Parallel()
	bomb := "list: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'z'; c++ {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.Repeat(fmt.Sprintf("*%c,", c-1), 9))
	}
	var d strict.Decoder
	if v := d.Read("f", []byte(bomb), table()); v.Field("list").Valid() {
		t.Error("the bomb was read")
	}
	if len(d.Problems()) != 25 {
		t.Errorf("%d problems, want 25:\n%v", len(d.Problems()), d.Problems())
	}
}

func TestValue(t *testing.T) {
	t.Parallel()
	var d strict.Decoder
	top := d.Read("f", []byte("text: a\nflag: true\nlist: [a, 1, b]\nmap: {x: w}\n"), table())
	if got := top.Field("text"); got.Text() != "a" || got.Path != "text" || got.String() != "f:1:7" {
		t.Errorf("text: %+v", got)
	}
	if !top.Field("flag").Bool() {
		t.Error("flag is false")
	}
	if got := top.Field("list").Texts(); !cmp.Equal(got, []string{"a", "b"}) {
		t.Errorf("list: %q", got)
	}
	if items := top.Field("list").Items(); items[1].Valid() || !items[1].Given() || items[2].Path != "list[2]" {
		t.Errorf("items: %+v", items)
	}
	if e := top.Field("map").Entries(); len(e) != 1 || e[0].Key.Text() != "x" || e[0].Value.Text() != "w" || e[0].Value.Path != "map.x" {
		t.Errorf("map: %+v", e)
	}
	if top.Sound() || top.Field("list").Sound() || !top.Field("map").Sound() || top.Field("name").Sound() {
		t.Error("sound is not what has no problem below")
	}
	if want := map[string]any{"text": "a", "flag": true, "list": []any{"a", nil, "b"}, "map": map[string]any{"x": "w"}}; !cmp.Equal(top.Plain(), any(want)) {
		t.Errorf("plain: %v", top.Plain())
	}
	if none := top.Field("name"); none.Given() || none.Valid() || none.Path != "name" || none.Or("z") != "z" || none.Line != 1 {
		t.Errorf("absent: %+v", none)
	}
}

func TestWarningsAreTold(t *testing.T) {
	t.Parallel()
	var d strict.Decoder
	top := d.Read("f", []byte("text: a\n"), table())
	d.Warn(top.Field("text"), "", "odd")
	if got := d.Problems().Error(); got != "f:1:7: warning: text: odd" {
		t.Error(got)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("text: a\nlist: [b]\n")
	f.Add("? [a]\n: {b: *c}\n--- !!x\n")
	f.Fuzz(func(t *testing.T, text string) {
		var d strict.Decoder
		if v := d.Read("f", []byte(text), table()); !v.Valid() && len(d.Problems()) == 0 {
			t.Error("refused without a reason")
		}
		for _, p := range d.Problems() {
			if p.Line < 1 || p.Column < 1 || p.Line > strings.Count(text, "\n")+2 {
				t.Errorf("problem outside the file: %v", p)
			}
		}
	})
}
