package hint_test

import (
	"errors"
	"fmt"
	"testing"

	"lockstep/policies/hint"
)

func TestExitCodesAndAdvice(t *testing.T) {
	t.Parallel()
	plain := errors.New("plain")
	tests := []struct {
		name   string
		err    error
		exit   hint.Exit
		advice string
		text   string
	}{
		{"plain", plain, hint.Failed, "", "plain"},
		{"with", hint.With(plain, "do this"), hint.Failed, "do this", "plain"},
		{"zero exit", &hint.Error{Err: plain}, hint.Failed, "", "plain"},
		{"refused", hint.Refuse("do that", "no to %s", "x"), hint.Refused, "do that", "no to x"},
		{"pending", hint.Pending("wait", "not yet"), hint.NotInStep, "wait", "not yet"},
		{"wrapped", fmt.Errorf("doing it: %w", hint.Refuse("do that", "no")), hint.Refused, "do that", "doing it: no"},
		{"advice on top", hint.With(hint.Refuse("inner", "no"), "outer"), hint.Refused, "outer", "no"},
		{"advice below", hint.With(hint.Refuse("inner", "no"), ""), hint.Refused, "inner", "no"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := hint.Of(test.err); got != test.exit {
				t.Errorf("exit %d, want %d", got, test.exit)
			}
			if got := hint.Text(test.err); got != test.advice {
				t.Errorf("advice %q, want %q", got, test.advice)
			}
			if test.err.Error() != test.text {
				t.Errorf("text %q, want %q", test.err, test.text)
			}
		})
	}
}

func TestNoErrorIsNoError(t *testing.T) {
	t.Parallel()
	if hint.With(nil, "x") != nil || hint.Of(nil) != hint.Done || hint.Text(nil) != "" {
		t.Error("nil became something")
	}
	if plain := errors.New("plain"); !errors.Is(hint.With(plain, "x"), plain) {
		t.Error("the cause is lost")
	}
}
