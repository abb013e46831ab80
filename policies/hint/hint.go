// Package hint carries what an error message alone cannot: what to do next, and
// which exit code the error stands for. It is a leaf that every other package may
// import, and the only place where exit codes are named.
package hint

import (
	"errors"
	"fmt"
)

// Exit is a process exit code. The same four hold for every command.
type Exit int

const (
	Done      Exit = 0 // done, in step, yes
	Failed    Exit = 1 // an error
	NotInStep Exit = 2 // differences, findings, something due, a "no", or waiting for the operator
	Refused   Exit = 3 // a guard refused, and did not change what it protects
)

// Error is an error with advice. The zero Exit is read as Failed: an error never
// exits with 0.
type Error struct {
	Err  error
	Hint string // one or more sentences for the operator; "" for none
	Exit Exit
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// With adds advice to err. It returns nil for a nil err.
func With(err error, advice string) error {
	if err == nil {
		return nil
	}
	return &Error{Err: err, Hint: advice, Exit: Of(err)}
}

// Refuse is the error of a guard that left everything as it was (exit 3).
func Refuse(advice, format string, args ...any) error {
	return &Error{Err: fmt.Errorf(format, args...), Hint: advice, Exit: Refused}
}

// Pending is the answer "not in step" or "waiting for the operator" (exit 2).
func Pending(advice, format string, args ...any) error {
	return &Error{Err: fmt.Errorf(format, args...), Hint: advice, Exit: NotInStep}
}

// Of is the exit code that err stands for.
func Of(err error) Exit {
	if err == nil {
		return Done
	}
	var e *Error
	if errors.As(err, &e) && e.Exit != Done {
		return e.Exit
	}
	return Failed
}

// Text is the outermost advice that err carries, "" for none.
func Text(err error) string {
	for e := (*Error)(nil); errors.As(err, &e); err = e.Err {
		if e.Hint != "" {
			return e.Hint
		}
	}
	return ""
}
