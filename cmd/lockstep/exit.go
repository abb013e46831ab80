package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"lockstep/cmd/lockstep/view"
	"lockstep/policies/hint"
	"lockstep/policies/strict"
)

// exit is the one way out: it says what went wrong, once, and returns the exit code.
// With json the error is the document on stdout, unless the answer already is.
func (g *globals) exit(err error, json bool) int {
	if err == nil {
		return int(hint.Done)
	}
	f := failureOf(err)
	if json && !g.answered() {
		if view.NewPrinter(g.stdout, view.JSON, false).Print(f) == nil {
			return int(f.Exit)
		}
	}
	for _, p := range f.Problems {
		g.complain(p.String())
	}
	switch f.Exit {
	case hint.NotInStep:
		g.complain(f.Message)
	case hint.Refused:
		g.complain("refused: " + f.Message)
	default:
		g.complain("error: " + f.Message)
	}
	if f.Hint != "" {
		g.complain("hint: " + strings.ReplaceAll(f.Hint, "\n", "\n      "))
	}
	return int(f.Exit)
}

// complain writes a line to stderr. Errors carry names from etcd and from files.
func (g *globals) complain(line string) { fmt.Fprintln(g.stderr, view.Printable(line)) }

// failureOf is what is said about err.
func failureOf(err error) view.Failure {
	f := view.Failure{Exit: hint.Of(err), Message: err.Error(), Hint: hint.Text(err)}
	var problems strict.Problems
	switch {
	case errors.As(err, &problems):
		f.Problems = problems
		f.Message = "the policy is not valid: " + count(problems) + "; nothing was touched"
	case errors.Is(err, context.Canceled) && f.Hint == "":
		f.Message = "interrupted: " + f.Message
		f.Hint = "run the same command again: it finishes the work"
	}
	return f
}

func count(problems strict.Problems) string {
	n := 0
	for _, p := range problems {
		if !p.Warning {
			n++
		}
	}
	if n == 1 {
		return "1 problem"
	}
	return fmt.Sprintf("%d problems", n)
}

// wantsJSON reads --output for the case that the flags themselves are wrong.
func wantsJSON(args []string) bool {
	want := false
	for i, arg := range args {
		switch {
		case arg == "--":
			return want
		case arg == "-o", arg == "--output":
			want = i+1 < len(args) && args[i+1] == string(view.JSON)
		case strings.HasPrefix(arg, "--output="):
			want = arg == "--output=json"
		case strings.HasPrefix(arg, "-o"):
			want = arg == "-ojson" || arg == "-o=json"
		}
	}
	return want
}
