package main

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"lockstep/cmd/lockstep/view"
)

func everyCommand() []*cobra.Command {
	var o outside
	return commands(newRootCommand(&globals{app: o.app()}))
}

func TestEveryHelpPageFitsATerminal(t *testing.T) {
	t.Parallel()
	for _, cmd := range everyCommand() {
		for line := range strings.Lines(helpText(cmd)) {
			line = strings.TrimSuffix(line, "\n")
			if utf8.RuneCountInString(line) > view.Width || strings.HasSuffix(line, " ") {
				t.Errorf("%s: %q is too long, or ends with a blank", cmd.CommandPath(), line)
			}
		}
	}
}

// Every command shows how it is typed, and what it shows is taken.
func TestEveryCommandHasExamples(t *testing.T) {
	t.Parallel()
	for _, cmd := range everyCommand() {
		if !cmd.Runnable() || cmd == cmd.Root() || cmd.Name() == "completion" {
			continue
		}
		if cmd.Example == "" {
			t.Errorf("%s has no example", cmd.CommandPath())
		}
		text := strings.ReplaceAll(cmd.Example, "\\\n", " ")
		for _, line := range regexp.MustCompile(`\n| && | > \S+`).Split(text, -1) {
			words := strings.Fields(line)
			if len(words) == 0 {
				continue
			}
			var o outside
			found, rest, err := newRootCommand(&globals{app: o.app()}).Find(words[1:])
			if err != nil || words[0] != "lockstep" || !strings.HasPrefix(found.CommandPath(), "lockstep") {
				t.Errorf("%s: %q: %v", cmd.CommandPath(), line, err)
				continue
			}
			if err := found.ParseFlags(rest); err != nil {
				t.Errorf("%s: %q: %v", cmd.CommandPath(), line, err)
			} else if err := found.ValidateArgs(found.Flags().Args()); err != nil {
				t.Errorf("%s: %q: %v", cmd.CommandPath(), line, err)
			}
		}
	}
}

func TestHelpTopics(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args   string
		code   int
		stdout string // beginning
		stderr string
	}{
		{"help", 0, "lockstep makes etcd's users", ""},
		{"help apply", 0, "Make etcd and the PKI folder equal", ""},
		{"help certs issue root", 0, "Write root's certificate", ""},
		{"help exit-codes", 0, "Every command ends with one of four exit codes.\n\n  0  done, in step, yes\n", ""},
		{"help environment", 0, "The administrator's connection to etcd", ""},
		{"help policy", 0, "A policy names the cluster", ""},
		{"help exitcodes", 1, "", "error: unknown help topic \"exitcodes\"\nhint: did you mean \"exit-codes\"?\n"},
		{"help renew", 1, "", "error: unknown help topic \"renew\"\nhint: lockstep certs renew makes certificates anew; lockstep apply renews what is due\n"},
		{"help whatever it is", 1, "", "error: unknown help topic \"whatever it is\"\nhint: lockstep help lists commands and topics\n"},
		{"help apply more", 1, "", "error: unknown help topic \"apply more\"\nhint: lockstep help lists commands and topics\n"},
		{"--version", 0, "lockstep ", ""},
		{"version", 0, "lockstep ", ""},
		{"--version -o json", 0, "{\n  \"formatVersion\": \"lockstep/v1\",\n  \"kind\": \"Version\",\n", ""},
	} {
		var o outside
		code := o.run(strings.Fields(test.args)...)
		if code != test.code || !strings.HasPrefix(o.stdout.String(), test.stdout) || o.stderr.String() != test.stderr {
			t.Errorf("%s: exit code %d, stdout %q, stderr %q", test.args, code, o.stdout.String(), o.stderr.String())
		}
	}
}

// A command that only groups others has no answer: with -o json that is the document.
func TestGroupsAnswerJSONWithOneDocument(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"-o json", "certs -o json", "certs issue -o json", "completion -o json"} {
		var o outside
		if code := o.run(strings.Fields(args)...); code != 1 || !strings.HasPrefix(o.stdout.String(), "{\n  \"formatVersion\": \"lockstep/v1\",\n  \"kind\": \"Error\",\n") || o.stderr.Len() > 0 {
			t.Errorf("%s: exit code %d, stdout %q, stderr %q", args, code, o.stdout.String(), o.stderr.String())
		}
	}
}
