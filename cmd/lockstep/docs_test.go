package main

import (
	"flag"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"lockstep/policies/goldentest"
)

var update = flag.Bool("update", false, "write docs/cli.md instead of comparing it")

// docs/cli.md is the help pages, so that a reviewer sees what a change does to them.
func TestDocsAreTheHelpPages(t *testing.T) {
	t.Parallel()
	var o outside
	root := newRootCommand(&globals{app: o.app()})
	root.InitDefaultCompletionCmd()
	goldentest.Compare(t, *update, filepath.Join("..", "..", "docs", "cli.md"), manual(root))
}

func manual(root *cobra.Command) string {
	var b strings.Builder
	b.WriteString("# The commands of lockstep\n\nThese are the help pages. `go test ./cmd/lockstep -update` writes this file.\n")
	for _, cmd := range commands(root) {
		fmt.Fprintf(&b, "\n## %s\n\n```\n%s```\n", cmd.CommandPath(), helpText(cmd))
	}
	return b.String()
}

// commands is root and everything below it; of completion only the command itself,
// whose pages below are cobra's own.
func commands(root *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{root}
	for _, sub := range root.Commands() {
		switch {
		case sub.Hidden, sub.Name() == "help":
		case sub.Name() == "completion":
			all = append(all, sub)
		default:
			all = append(all, commands(sub)...)
		}
	}
	return all
}

func TestEveryHelpPageEndsWithTheExitCodes(t *testing.T) {
	t.Parallel()
	var o outside
	for _, cmd := range commands(newRootCommand(&globals{app: o.app()})) {
		if cmd.Name() == exitCodesTopic {
			continue // it is nothing else
		}
		var o outside
		args := append(strings.Fields(cmd.CommandPath())[1:], "--help")
		if code := o.run(args...); code != 0 || !strings.HasSuffix(o.stdout.String(), "\n\n"+exitCodes) || o.stderr.Len() > 0 {
			t.Errorf("%v: exit code %d, stderr %q, stdout:\n%s", args, code, o.stderr.String(), o.stdout.String())
		}
		if cmd.Short == "" || strings.HasSuffix(cmd.Short, ".") {
			t.Errorf("%s: Short %q", cmd.CommandPath(), cmd.Short)
		}
	}
}
