package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// limit bounds every wait and every program: generous, because the machine may be
// busy; a script that means a shorter time says so with "exits -within".
const limit = 2 * time.Minute

type scriptKey struct{}

// script is one running scenario: what it started, and the variables it was given.
type script struct {
	env     *testscript.Env
	vars    map[string]string
	running map[string]*process
	relays  map[string]*relay
}

// end kills whatever the script left running.
func (s *script) end() {
	for _, r := range s.relays {
		r.close()
	}
	for _, p := range s.running {
		p.end()
	}
}

// action is a command that "at" can run as well.
type action func(s *script, ts *testscript.TestScript, args []string) error

func actions() map[string]action {
	return map[string]action{
		"start":  func(s *script, ts *testscript.TestScript, args []string) error { return s.start(ts, args, true) },
		"launch": func(s *script, ts *testscript.TestScript, args []string) error { return s.start(ts, args, false) },
		"halt":   eachProcess((*process).stop),
		"kill9":  eachProcess((*process).kill9),
		"pause":  eachProcess((*process).pause),
		"resume": eachProcess((*process).resume),
		"exited": eachProcess((*process).exited),
		"daemon": (*script).daemon,
		"await":  (*script).await,
		"relay":  (*script).relay,
	}
}

// The names are none of testscript's own, which come first.
func commands() map[string]func(*testscript.TestScript, bool, []string) {
	cmds := map[string]func(*testscript.TestScript, bool, []string){
		"exits":     exits,
		"at":        at,
		"crashloop": crashloop,
		"policy":    positive(policy),
		"expand":    positive(expand),
		"older":     positive(older),
		"listing":   positive(listing),
		"json":      positive(oneDocument),
		"zlint":     positive(lintCertificates),
		"manifests": positive(manifests),
		"workflow":  positive(workflow),
	}
	for name, act := range actions() {
		cmds[name] = positive(act)
	}
	return cmds
}

// positive makes a command of an action; "!" before it is a mistake in the script.
func positive(act action) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg {
			ts.Fatalf("this command takes no !")
		}
		ts.Check(act(scriptOf(ts), ts, args))
	}
}

func scriptOf(ts *testscript.TestScript) *script { return ts.Value(scriptKey{}).(*script) }

// policy copies one of the shared policies into the script's folder.
func policy(s *script, ts *testscript.TestScript, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("usage: policy NAME")
	}
	text, err := os.ReadFile(filepath.Join(s.vars["E2E"], "policies", args[0]+".yaml"))
	if err != nil {
		return err
	}
	return os.WriteFile(ts.MkAbs("lockstep.yaml"), []byte(s.fill(string(text))), 0o644)
}

// expand fills the script's own variables into files; every other $ stays.
func expand(s *script, ts *testscript.TestScript, args []string) error {
	for _, name := range args {
		if err := os.WriteFile(ts.MkAbs(name), []byte(s.fill(ts.ReadFile(name))), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (s *script) fill(text string) string {
	return os.Expand(text, func(name string) string {
		if value, ok := s.vars[name]; ok {
			return value
		}
		return "$" + name
	})
}

// option takes "-name value" from the front of args as often as it is there.
func option(args []string, name string) (values, rest []string) {
	for len(args) > 1 && args[0] == name {
		values, args = append(values, args[1]), args[2:]
	}
	return values, args
}

// split cuts args at the first "--".
func split(args []string) (before, after []string, ok bool) {
	for i, arg := range args {
		if arg == "--" {
			return args[:i], args[i+1:], len(args) > i+1
		}
	}
	return nil, nil, false
}

// environment is what the script's programs see, "env" lines included.
func environment(ts *testscript.TestScript) ([]string, error) {
	if err := ts.Exec("sh", "-c", `env -0 > "$TMPDIR/environment"`); err != nil {
		return nil, err
	}
	text := ts.ReadFile(filepath.Join(ts.Getenv("TMPDIR"), "environment"))
	return strings.FieldsFunc(text, func(r rune) bool { return r == 0 }), nil
}
