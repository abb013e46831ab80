package main

import (
	"context"
	"errors"
	"strings"

	"lockstep/cmd/lockstep/view"
	"lockstep/policies/count"
	"lockstep/policies/hint"
	"lockstep/policies/strict"
)

// errAnswered is "not in step" where the answer says so already, with the reasons.
var errAnswered = hint.Pending("", "not in step")

// exit is the one way out: it says what went wrong, once, and returns the exit code.
// With json the error is the document on stdout, unless the answer already is.
func (g *globals) exit(err error, json bool) int {
	code := hint.Done
	if err != nil {
		code = g.report(failureOf(err), json)
	}
	lost := g.out.lost()
	if lost == nil {
		return int(code)
	}
	if code != hint.Refused {
		code = hint.Failed
	}
	_ = view.Tell(g.stderr, view.Failure{Exit: hint.Failed, Message: "the answer could not be written: " + lost.Error(),
		Hint: "What was done stays done: lockstep plan and lockstep verify show how things are."}, false)
	return int(code)
}

// report says what went wrong, and returns its exit code.
func (g *globals) report(f view.Failure, json bool) hint.Exit {
	if json && !g.answered() {
		if view.NewPrinter(g.stdout, view.JSON, false).Print(f) == nil && g.out.lost() == nil {
			return f.Exit
		}
	}
	_ = view.Tell(g.stderr, f, false) // there is no other place to say so
	return f.Exit
}

// failureOf is what is said about err.
func failureOf(err error) view.Failure {
	f := view.Failure{Exit: hint.Of(err), Message: err.Error(), Hint: hint.Text(err)}
	var problems strict.Problems
	switch {
	case errors.Is(err, errAnswered):
		f.Message = ""
	case errors.As(err, &problems):
		f.Problems = problems
		f.Message = "the policy is not valid: " + wrong(problems) + "; nothing was touched"
	case errors.Is(err, context.Canceled) && f.Hint == "":
		f.Message = "interrupted: " + f.Message
		f.Hint = "run the same command again: it finishes the work"
	}
	return f
}

// wrong is how many of the problems are no mere warnings.
func wrong(problems strict.Problems) string {
	n := 0
	for _, p := range problems {
		if !p.Warning {
			n++
		}
	}
	return count.Of(n, "problem")
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
