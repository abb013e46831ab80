package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lockstep/policies/goldentest"
)

// docs/troubleshooting.md is the messages that explain knows.
func TestTroubleshootingPage(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("# Troubleshooting by message\n\n`lockstep explain \"MESSAGE\"` prints the same entries, for a whole message or a part of it, and " +
		"`lockstep explain CODE` the entry of a finding of verify ([checks.md](checks.md)). `go test ./cmd/lockstep -update` writes this page.\n\n" +
		"```\nlockstep explain \"refused: the cluster has no quorum\"\nlockstep explain members/crl\n```\n\n| It says | It means | Do |\n| --- | --- | --- |\n")
	for _, m := range messages() {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", m.Says, m.Means, m.Do)
	}
	goldentest.Compare(t, *update, filepath.Join("..", "..", "docs", "troubleshooting.md"), b.String())
}

// Every message that explain knows is said by the code, and explain finds it in a longer text.
func TestMessagesAreSaid(t *testing.T) {
	t.Parallel()
	var code strings.Builder
	for _, dir := range []string{".", "../../bootstrap", "../../certgen", "../../roles", "../../policies"} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || path == "messages.go" {
				return err
			}
			text, err := os.ReadFile(path)
			code.Write(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range messages() {
		if !strings.Contains(code.String(), m.Says) {
			t.Errorf("no code says %q", m.Says)
		}
		var o outside
		if exit := o.run("explain", "refused: "+strings.ReplaceAll(m.Says, " ", "\n  ")+": etcd1; nothing was changed"); exit != 0 || !strings.HasPrefix(o.stdout.String(), m.Says+"\n  means: ") {
			t.Errorf("explain %q: %d, %s%s", m.Says, exit, o.stdout.String(), o.stderr.String())
		}
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	for asked, want := range map[string]string{
		"members/crl": "members/crl\n  holds: ",
		"critical members/crl: etcd1: it has not loaded the list": "members/crl\n  holds: ",
		"members/crlx":       "error: verify has no check \"members/crlx\"\nhint: did you mean \"members/crl\"?\n",
		"something was said": "error: there is no entry for the text \"something was said\"\nhint: ",
	} {
		var o outside
		o.run("explain", asked)
		if got := o.stdout.String() + o.stderr.String(); !strings.HasPrefix(got, want) {
			t.Errorf("explain %q: %q, want %q", asked, got, want)
		}
	}
}
