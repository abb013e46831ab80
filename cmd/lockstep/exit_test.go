package main

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/cmd/lockstep/view"
	"lockstep/policies/hint"
	"lockstep/policies/strict"
)

func TestExitSaysWhatWentWrongOnce(t *testing.T) {
	t.Parallel()
	position := strict.Position{File: "p.yaml", Line: 3, Column: 5}
	tests := []struct {
		name   string
		err    error
		code   int
		stderr string
	}{
		{"nothing", nil, 0, ""},
		{"an error", errors.New("disk full"), 1, "error: disk full\n"},
		{"an error with advice", fmt.Errorf("writing x: %w", hint.With(errors.New("disk full"), "make room")), 1, "error: writing x: disk full\nhint: make room\n"},
		{"advice of several lines", hint.With(errors.New("no"), "one\ntwo"), 1, "error: no\nhint: one\n      two\n"},
		{"not in step", hint.Pending("run lockstep apply", "2 differences"), 2, "2 differences\nhint: run lockstep apply\n"},
		{"not in step, as the answer says", errAnswered, 2, ""},
		{"a guard", fmt.Errorf("turning auth on: %w", hint.Refuse("look first", "member x ignores the CN")), 3, "refused: turning auth on: member x ignores the CN\nhint: look first\n"},
		{
			"a policy",
			fmt.Errorf("parsing: %w", strict.Problems{{Position: position, Path: "a.b", Message: "is missing", Hint: "add it"}, {Position: position, Message: "odd", Warning: true}}),
			1, "p.yaml:3:5: a.b: is missing\n  hint: add it\np.yaml:3:5: warning: odd\nerror: the policy is not valid: 1 problem; nothing was touched\n",
		},
		{"an interrupt", fmt.Errorf("granting: %w", context.Canceled), 1, "error: interrupted: granting: context canceled\nhint: run the same command again: it finishes the work\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var o outside
			g := &globals{app: o.app()}
			if code := g.exit(test.err, false); code != test.code {
				t.Errorf("exit code %d, want %d", code, test.code)
			}
			if diff := cmp.Diff(test.stderr, o.stderr.String()); diff != "" || o.stdout.Len() > 0 {
				t.Errorf("stdout %q, stderr (-want +got):\n%s", o.stdout.String(), diff)
			}
		})
	}
}

func TestAnErrorIsTheOneJSONDocument(t *testing.T) {
	t.Parallel()
	var o outside
	g := &globals{app: o.app()}
	if code := g.exit(hint.Refuse("look first", "member <x> ignores the CN"), true); code != 3 {
		t.Errorf("exit code %d, want 3", code)
	}
	want := `{
  "formatVersion": "lockstep/v1",
  "kind": "Error",
  "exit": 3,
  "message": "member <x> ignores the CN",
  "hint": "look first"
}
`
	if diff := cmp.Diff(want, o.stdout.String()); diff != "" || o.stderr.Len() > 0 {
		t.Errorf("stderr %q, stdout (-want +got):\n%s", o.stderr.String(), diff)
	}
}

// After an answer stdout takes no second document: the error goes to stderr.
func TestAnErrorAfterTheAnswerGoesToStderr(t *testing.T) {
	t.Parallel()
	var o outside
	g := &globals{app: o.app(), output: format(view.JSON)}
	if err := g.answer(view.Version{Version: "v1"}); err != nil {
		t.Fatal(err)
	}
	answer := o.stdout.String()
	if code := g.exit(hint.Pending("", "1 finding"), true); code != 2 {
		t.Errorf("exit code %d, want 2", code)
	}
	if o.stdout.String() != answer || o.stderr.String() != "1 finding\n" {
		t.Errorf("stdout %q, stderr %q", o.stdout.String(), o.stderr.String())
	}
}

func TestWantsJSON(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args []string
		want bool
	}{
		{[]string{"lint"}, false},
		{[]string{"lint", "-o", "json"}, true},
		{[]string{"-ojson", "lint"}, true},
		{[]string{"-o=json", "lint"}, true},
		{[]string{"lint", "--output=json"}, true},
		{[]string{"lint", "--output", "json"}, true},
		{[]string{"lint", "--output", "json", "-o", "text"}, false},
		{[]string{"lint", "-o"}, false},
		{[]string{"lint", "--", "-ojson"}, false},
	} {
		if got := wantsJSON(test.args); got != test.want {
			t.Errorf("%q: got %v, want %v", test.args, got, test.want)
		}
	}
}
