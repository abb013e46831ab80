package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra/doc"
)

var man = flag.String("man", "", "folder that the man pages are written to (make man)")

// The man pages are made by a test, so that what makes them is not linked into lockstep.
func TestManPages(t *testing.T) {
	t.Parallel()
	dir := *man
	if dir == "" {
		dir = t.TempDir()
	} else if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	var o outside
	root := newRootCommand(&globals{app: o.app()})
	root.DisableAutoGenTag = true
	for _, cmd := range commands(root) {
		if cmd.Long == "" {
			cmd.Long = cmd.Short + "."
		}
		cmd.Long += "\n\n# EXIT STATUS\n```\n" + strings.TrimPrefix(exitCodes, "Exit codes:\n") + "```\n"
	}
	header := &doc.GenManHeader{Title: "LOCKSTEP", Section: "1", Source: "lockstep", Manual: "lockstep"}
	if err := doc.GenManTree(root, header, dir); err != nil {
		t.Fatal(err)
	}
	for _, cmd := range commands(root) {
		if !cmd.IsAvailableCommand() || cmd.IsAdditionalHelpTopicCommand() {
			continue
		}
		page, err := os.ReadFile(filepath.Join(dir, strings.ReplaceAll(cmd.CommandPath(), " ", "-")+".1"))
		if err != nil {
			t.Error(err)
			continue
		}
		for _, section := range []string{"NAME", "SYNOPSIS", "DESCRIPTION", "EXIT STATUS", "OPTIONS"} {
			if !strings.Contains(string(page), ".SH "+section+"\n") && !strings.Contains(string(page), `.SH "`+section+"\"\n") {
				t.Errorf("%s: no section %s", cmd.CommandPath(), section)
			}
		}
	}
}
