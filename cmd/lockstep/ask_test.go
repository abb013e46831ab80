package main

import (
	"context"
	"io"
	"testing"

	"lockstep/policies/hint"
)

func TestConfirm(t *testing.T) {
	t.Parallel()
	const asked = "Turn auth on? [yes/no] "
	tests := []struct {
		name     string
		yes      bool
		terminal bool
		stdin    string
		stderr   string
		err      string // "" for a go
	}{
		{name: "--yes asks nothing", yes: true},
		{name: "no terminal", stdin: "yes\n", err: `the question "Turn auth on?" cannot be asked: stdin is no terminal`},
		{name: "yes", terminal: true, stdin: "yes\n", stderr: asked},
		{name: "y", terminal: true, stdin: " Y \n", stderr: asked},
		{name: "no", terminal: true, stdin: "no\n", stderr: asked, err: "you did not say yes: nothing was changed"},
		{name: "return alone", terminal: true, stdin: "\n", stderr: asked, err: "you did not say yes: nothing was changed"},
		{name: "end of input", terminal: true, stderr: asked, err: "you did not say yes: nothing was changed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := outside{stdin: test.stdin, terminal: test.terminal}
			g := &globals{app: o.app(), yes: test.yes}
			err := g.confirm(context.Background(), "Turn auth on?")
			got, code := "", hint.Done
			if err != nil {
				got, code = err.Error(), hint.Refused
			}
			if got != test.err || hint.Of(err) != code || o.stderr.String() != test.stderr {
				t.Errorf("error %q (exit %d), stderr %q", got, hint.Of(err), o.stderr.String())
			}
		})
	}
}

// A name is asked for where a yes is not enough: --yes asks all the same.
func TestConfirmName(t *testing.T) {
	t.Parallel()
	const asked = "Turn auth off? [its name] "
	for name, test := range map[string]struct {
		given    string
		terminal bool
		stdin    string
		stderr   string
		err      string // "" for a go
	}{
		"given":        {given: "edge"},
		"another":      {given: "ege", err: `"ege" is not the cluster's name, which is "edge": nothing was changed`},
		"no terminal":  {stdin: "edge\n", err: `the question "Turn auth off?" cannot be asked: stdin is no terminal`},
		"typed":        {terminal: true, stdin: " edge \n", stderr: asked},
		"a yes":        {terminal: true, stdin: "yes\n", stderr: asked, err: `"yes" is not the cluster's name, which is "edge": nothing was changed`},
		"other case":   {terminal: true, stdin: "Edge\n", stderr: asked, err: `"Edge" is not the cluster's name, which is "edge": nothing was changed`},
		"end of input": {terminal: true, stderr: asked, err: `"" is not the cluster's name, which is "edge": nothing was changed`},
	} {
		o := outside{stdin: test.stdin, terminal: test.terminal}
		g := &globals{app: o.app(), yes: true}
		err := g.confirmName(t.Context(), "Turn auth off?", "edge", test.given)
		got, code := "", hint.Done
		if err != nil {
			got, code = err.Error(), hint.Refused
		}
		if got != test.err || hint.Of(err) != code || o.stderr.String() != test.stderr {
			t.Errorf("%s: error %q (exit %d), stderr %q", name, got, hint.Of(err), o.stderr.String())
		}
	}
}

func TestConfirmEndsWithTheContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	o := outside{terminal: true}
	a := o.app()
	silent, keyboard := io.Pipe() // nothing is typed
	defer keyboard.Close()
	a.stdin = silent
	err := (&globals{app: a}).confirm(ctx, "Sure?")
	if hint.Of(err) != hint.Refused {
		t.Errorf("got %v", err)
	}
}
