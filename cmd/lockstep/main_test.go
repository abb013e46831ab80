package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"lockstep": main})
}

// The scripts are the specification of the command line: the real main, in a process
// of its own, without any cluster.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			env.Vars = append(env.Vars, "NO_COLOR=1")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
	})
}

// exits runs lockstep and wants an exit code: exits 3 init -f x.yaml.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: exits CODE [ARGS...]")
	}
	err := ts.Exec("lockstep", args[1:]...)
	code := "0"
	if exit := (interface{ ExitCode() int })(nil); errors.As(err, &exit) {
		code = string(rune('0' + exit.ExitCode()))
	} else if err != nil {
		ts.Fatalf("running lockstep: %v", err)
	}
	if code != args[0] {
		ts.Fatalf("exit code %s, want %s", code, args[0])
	}
}

// outside is an app whose every side a test can see.
type outside struct {
	stdin          string
	terminal       bool
	env            map[string]string
	typed          string
	stdout, stderr bytes.Buffer
}

func (o *outside) app() app {
	return app{
		stdin: strings.NewReader(o.stdin), stdout: &o.stdout, stderr: &o.stderr,
		stdinTerminal: o.terminal, stdoutTerminal: o.terminal, stderrTerminal: o.terminal,
		password: func() ([]byte, error) {
			if o.typed == "" {
				return nil, errors.New("nothing was typed")
			}
			return []byte(o.typed), nil
		},
		env: func(name string) (string, bool) { value, ok := o.env[name]; return value, ok },
		now: func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) },
	}
}

func (o *outside) run(args ...string) int { return Run(context.Background(), args, o.app()) }
