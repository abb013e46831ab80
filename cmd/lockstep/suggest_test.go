package main

import (
	"strings"
	"testing"
)

func TestUsualMistakesAreAnswered(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"lint --strct":    "did you mean --strict?",
		"apply --dry-run": "lockstep plan shows what would change, and changes nothing",
		"apply -y":        "did you mean --yes?",
		"plan --json":     "did you mean -o json?",
		"plan --endpoint": "did you mean --endpoints?",
		"plan --zebra":    "lockstep plan --help lists the flags",
		"list":            "lockstep verify lists the components, lockstep presets the presets",
		"renew":           "lockstep certs renew makes certificates anew; lockstep apply renews what is due",
		"status":          "lockstep verify says whether everything is in step, lockstep plan what would change",
		"diff":            "lockstep plan shows what would change",
		"check":           "lockstep lint checks the policy, lockstep verify the cluster",
		"init-cluster":    "lockstep bootstrap makes everything, in order",
		"vrify":           "did you mean verify?",
		"zebra":           "lockstep --help lists the commands",
	} {
		var o outside
		if code := o.run(strings.Fields(args)...); code != 1 || !strings.HasSuffix(o.stderr.String(), "\nhint: "+want+"\n") {
			t.Errorf("%s: exit code %d, stderr %q, want the hint %q", args, code, o.stderr.String(), want)
		}
	}
}

// No advice names a command that there is not, and none stands in for one that there is.
func TestUsualWordsNameCommands(t *testing.T) {
	t.Parallel()
	var o outside
	root := newRootCommand(&globals{app: o.app()})
	for word, advice := range usualWords() {
		if found, _, err := root.Find([]string{word}); err == nil && found != root {
			t.Errorf("%s is a command", word)
		}
		for _, part := range strings.Split(advice, "lockstep ")[1:] {
			name, _, _ := strings.Cut(part, " ")
			if found, _, err := root.Find([]string{name}); err != nil || found == root {
				t.Errorf("%s: %q names no command (%v)", word, advice, err)
			}
		}
	}
}
