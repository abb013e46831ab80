package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lockstep/policies/hint"
)

// full takes nothing, like a full disk or a pipe without a reader.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

const unwritten = "error: the answer could not be written: no space left\n" +
	"hint: What was done stays done: lockstep plan and lockstep verify show how things are.\n"

func TestAnAnswerThatCannotBeWrittenIsAnError(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"--help"}, {"plan", "--help"}, {"version"}, {"version", "-o", "json"}, {"presets"}, {"presets", "-o", "json"},
		{"presets", "show", "flannel"}, {"lint", "--schema"}, {"init", "-f", "-"},
	} {
		var o outside
		a := o.app()
		a.stdout = full{}
		if code := Run(context.Background(), args, a); code != int(hint.Failed) {
			t.Errorf("%q ends with %d", args, code)
		}
		if diff := cmp.Diff(unwritten, o.stderr.String()); diff != "" {
			t.Errorf("%q: stderr (-want +got):\n%s", args, diff)
		}
	}
}

// A JSON error that stdout does not take goes to stderr.
func TestAnErrorThatStdoutDoesNotTakeGoesToStderr(t *testing.T) {
	t.Parallel()
	var o outside
	a := o.app()
	a.stdout = full{}
	if code := Run(context.Background(), []string{"presets", "show", "no-such-preset", "-o", "json"}, a); code != int(hint.Failed) {
		t.Errorf("exit code %d", code)
	}
	if text := o.stderr.String(); len(text) <= len(unwritten) || text[len(text)-len(unwritten):] != unwritten {
		t.Errorf("stderr:\n%s", text)
	}
}

// A guard's refusal stays one, and stderr that takes nothing changes no exit code.
func TestLostOutputChangesNoOtherExitCode(t *testing.T) {
	t.Parallel()
	var o outside
	a := o.app()
	a.stdout, a.stderr = full{}, full{}
	if code := Run(context.Background(), []string{"init", "-f", "outlet_test.go"}, a); code != int(hint.Refused) {
		t.Errorf("a refusal ends with %d", code)
	}
	a = o.app()
	a.stderr = full{}
	if code := Run(context.Background(), []string{"version"}, a); code != int(hint.Done) {
		t.Errorf("success ends with %d", code)
	}
}

// A question that cannot be shown is not asked.
func TestAQuestionThatCannotBeShownIsNotAsked(t *testing.T) {
	t.Parallel()
	o := outside{stdin: "yes\n", terminal: true}
	g := &globals{app: o.app(), errs: &outlet{out: full{}}}
	g.stderr = g.errs
	_, _ = g.stderr.Write([]byte("the plan"))
	err := g.confirm(context.Background(), "Do it?")
	const want = `the question "Do it?" cannot be asked: what would be done could not be written to stderr: no space left`
	if hint.Of(err) != hint.Refused || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

// A reader that does not read holds up one write for a while, and no other one; when it
// reads, all is there.
func TestOutputThatIsNotReadStopsNoWork(t *testing.T) {
	t.Parallel()
	r, w := io.Pipe() // has room for nothing
	o := &outlet{out: w, patience: time.Millisecond}
	var want strings.Builder
	for i := range 1000 {
		line := fmt.Sprintf("line %d\n", i)
		want.WriteString(line)
		if n, err := o.Write([]byte(line)); n != len(line) || err != nil {
			t.Fatalf("%d, %v", n, err)
		}
	}
	got := make([]byte, want.Len())
	if _, err := io.ReadFull(r, got); err != nil || string(got) != want.String() {
		t.Errorf("%v; %q", err, got)
	}
	if err := o.lost(); err != nil {
		t.Error(err)
	}
	_ = r.CloseWithError(errors.New("the reader is gone"))
	_, _ = o.Write([]byte("more"))
	if err := o.lost(); err == nil || err.Error() != "the reader is gone" {
		t.Errorf("got %v", err)
	}
}
