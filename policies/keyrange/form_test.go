package keyrange_test

import (
	"testing"

	"lockstep/policies/hint"
	"lockstep/policies/keyrange"
	"lockstep/policies/strict"
)

// want is the permission's wire form and access, or the problem.
func TestForm(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, want string }{
		{"{prefix: /a/, access: read}", `"/a/" "/a0" read`},
		{"{key: a, access: write}", `"a" "" write`},
		{"{range: [a, b], access: readwrite}", `"a" "b" readwrite`},
		{"{fromKey: b, access: read}", `"b" "\x00" read`},
		{"{everything: true, access: read}", `"\x00" "\x00" read`},
		{"{everything: false, access: read}", "f:1:14: everything: can only be true\n  hint: leave the field out"},
		{"{prefix: '', access: read}", "f:1:10: prefix: is empty, which would be every key\n  hint: write {everything: true} if every key is meant"},
		{"{range: [a, ''], access: read}", "f:1:13: range[1]: is empty, which would be every key\n  hint: write {everything: true} if every key is meant"},
		{"{range: [b, a], access: read}", "the range is inverted: it ends before it begins\n  hint: put the smaller key first; keys are compared byte by byte"},
		{"{range: [a, a], access: read}", "the range is empty: its end is its beginning, and is not included\n  hint: write {key: ...} if one key is meant"},
		{"{range: [a], access: read}", "f:1:9: range: want 2 items, found 1"},
		{"{prefix: a}", "f:1:1: access: is missing"},
		{"{prefix: a, key: b, access: read}", "f:1:1: want exactly one of prefix, key, range, fromKey, everything, found 2"},
		{"{access: read}", "f:1:1: want exactly one of prefix, key, range, fromKey, everything, found none"},
		{"{prefix: a, access: rw}", "f:1:21: access: \"rw\" is not one of read, write, readwrite"},
		{"{prefix: a, acces: read}", "f:1:1: access: is missing\nf:1:13: acces: unknown field\n  hint: did you mean \"access\"?"},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			t.Parallel()
			var d strict.Decoder
			form, ok := keyrange.ReadForm(d.Read("f", []byte(test.text), keyrange.Type()))
			got := d.Problems().Error()
			if ok != (got == "") {
				t.Fatalf("ok = %t with problems %q", ok, got)
			}
			if ok {
				p, err := form.Permission()
				got = wire(p)
				if err != nil {
					got = err.Error() + "\n  hint: " + hint.Text(err)
				}
			}
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// What the reader would not let through is refused by Permission as well.
func TestFormWithoutReader(t *testing.T) {
	t.Parallel()
	for _, f := range []keyrange.Form{{}, {Target: "prefix"}, {Target: "key"}, {Target: "fromKey"}, {Target: "range", From: "a"}, {Target: "range", To: "a"}, {Target: "other", From: "a"}} {
		f.Access = keyrange.Read
		if p, err := f.Permission(); err == nil {
			t.Errorf("%+v: got %v, want an error", f, p)
		}
	}
}
