// Command lockstep makes etcd's users, roles and certificates match one policy file,
// and proves that they agree.
//
// One file for each verb: newXxxCommand turns flags into an options struct that embeds
// globals, runXxx does the work with it and ends in one globals.answer or one error.
// What a command takes from outside is in app; how an error leaves is in exit.go.
package main

import (
	"context"
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

func main() {
	ctx, s, done := listen(context.Background())
	stdin := int(os.Stdin.Fd())
	terminal, noTerminal := term.GetState(stdin)
	code := Run(ctx, os.Args[1:], process(s))
	if noTerminal == nil {
		_ = term.Restore(stdin, terminal) // an interrupted prompt for a passphrase has turned echo off
	}
	done()
	os.Exit(code)
}

// Run is the whole program but for the process around it. It returns the exit code.
func Run(ctx context.Context, args []string, a app) int {
	out, errs := &outlet{out: a.stdout}, &outlet{out: a.stderr}
	a.stdout, a.stderr = out, errs
	g := &globals{app: a, out: out, errs: errs}
	root := newRootCommand(g)
	root.SetArgs(args)
	code := g.exit(root.ExecuteContext(ctx), wantsJSON(args))
	_ = errs.lost() // the process ends when its last words are out; stdout is waited for by exit
	return code
}

// process is the app that this process is.
func process(s *signals) app {
	return app{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		stdinTerminal:  term.IsTerminal(int(os.Stdin.Fd())),
		stdoutTerminal: term.IsTerminal(int(os.Stdout.Fd())),
		stderrTerminal: term.IsTerminal(int(os.Stderr.Fd())),
		password:       func() ([]byte, error) { return term.ReadPassword(int(os.Stdin.Fd())) },
		env:            os.LookupEnv,
		now:            time.Now,
		hold:           s.hold,
		begun:          s.begun,
	}
}

// app is everything that a command takes from outside itself, so that a test can be
// the outside.
type app struct {
	stdin                                         io.Reader
	stdout, stderr                                io.Writer
	stdinTerminal, stdoutTerminal, stderrTerminal bool
	password                                      func() ([]byte, error) // from the terminal, without echo
	env                                           func(string) (string, bool)
	now                                           func() time.Time
	hold                                          func() (release func()) // see world.World.Hold
	begun                                         func()                  // tells that a change begins; see signals
}
