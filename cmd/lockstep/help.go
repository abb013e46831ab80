package main

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"lockstep/cmd/lockstep/view"
	"lockstep/policies/hint"
	"lockstep/policies/strict"
)

// exitCodes ends every help page.
const exitCodes = `Exit codes:
  0  done, in step, yes
  1  an error
  2  not in step: differences, findings, "no", or it waits for the operator
  3  a guard refused, and did not change what it protects
`

// The groups of the root page, in the order of the work.
const (
	toStart  = "start"
	toChange = "change"
	toCheck  = "check"
	toSign   = "certificates"
)

func groups() []*cobra.Group {
	return []*cobra.Group{
		{ID: toStart, Title: "Start:"},
		{ID: toChange, Title: "Change:"},
		{ID: toCheck, Title: "Check:"},
		{ID: toSign, Title: "Certificates:"},
	}
}

// printUsage writes what cobra's template does, with flags wrapped and topics named by how to
// read them.
func printUsage(cmd *cobra.Command) error {
	var b strings.Builder
	b.WriteString("Usage:")
	if cmd.Runnable() {
		b.WriteString("\n  " + cmd.UseLine())
	}
	if cmd.HasAvailableSubCommands() {
		b.WriteString("\n  " + cmd.CommandPath() + " [command]")
	}
	if cmd.HasExample() {
		b.WriteString("\n\nExamples:\n" + cmd.Example)
	}
	usageOfCommands(&b, cmd)
	if cmd.HasAvailableLocalFlags() {
		b.WriteString("\n\nFlags:\n" + wrapped(cmd.LocalFlags()))
	}
	if cmd.HasAvailableInheritedFlags() {
		b.WriteString("\n\nFlags of every command:\n" + wrapped(cmd.InheritedFlags()))
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "\n\n\"%s [command] --help\" says more about a command.", cmd.CommandPath())
	}
	b.WriteString("\n")
	_, err := io.WriteString(cmd.OutOrStderr(), b.String())
	return err
}

// usageOfCommands lists the commands below cmd, by group, and the topics.
func usageOfCommands(b *strings.Builder, cmd *cobra.Command) {
	list := func(title string, listed func(*cobra.Command) bool) {
		b.WriteString("\n\n" + title)
		for _, sub := range cmd.Commands() {
			if listed(sub) {
				fmt.Fprintf(b, "\n  %-*s %s", sub.NamePadding(), sub.Name(), sub.Short)
			}
		}
	}
	of := func(group string) func(*cobra.Command) bool {
		return func(sub *cobra.Command) bool { return sub.GroupID == group && sub.IsAvailableCommand() }
	}
	if cmd.HasAvailableSubCommands() && len(cmd.Groups()) == 0 {
		list("Commands:", (*cobra.Command).IsAvailableCommand)
	} else if cmd.HasAvailableSubCommands() {
		for _, group := range cmd.Groups() {
			list(group.Title, of(group.ID))
		}
		list("Other:", of(""))
	}
	if cmd.HasHelpSubCommands() {
		list("Topics (lockstep help TOPIC):", (*cobra.Command).IsAdditionalHelpTopicCommand)
	}
}

func printHelp(cmd *cobra.Command, _ []string) {
	io.WriteString(cmd.OutOrStdout(), helpText(cmd))
}

// helpText is the help page of cmd, and its chapter in docs/cli.md.
func helpText(cmd *cobra.Command) string {
	about := cmd.Long
	if about == "" {
		about = cmd.Short + "."
	}
	page := paragraphs(about)
	if !cmd.IsAdditionalHelpTopicCommand() {
		page += "\n" + strings.TrimSpace(cmd.UsageString()) + "\n"
	}
	if cmd.Name() == exitCodesTopic {
		return page
	}
	return page + "\n" + exitCodes
}

// paragraphs is prose wrapped to a terminal's width. A paragraph that begins with blanks
// stays as it is.
func paragraphs(prose string) string {
	var b bytes.Buffer
	_ = view.Tell(&b, view.Say(func(s *view.Sheet) {
		for i, p := range strings.Split(strings.TrimSpace(prose), "\n\n") {
			if i > 0 {
				s.Line("")
			}
			if !strings.HasPrefix(p, " ") {
				s.Wrapped("", "", p)
				continue
			}
			for line := range strings.SplitSeq(p, "\n") {
				s.Line("%s", line)
			}
		}
	}), false) // a buffer takes everything
	return b.String()
}

// newHelpCommand is help as a command. A word that is neither a command nor a topic is
// an error, and not the root page.
func newHelpCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND | TOPIC]",
		Short:   "Say more about a command or a topic",
		Example: "  lockstep help apply\n  lockstep help exit-codes",
		RunE: func(cmd *cobra.Command, args []string) error {
			found, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return unknownTopic(cmd.Root(), strings.Join(args, " "))
			}
			printHelp(found, nil)
			return nil
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			found, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return names(found), cobra.ShellCompDirectiveNoFileComp
		},
	}
}

func unknownTopic(root *cobra.Command, word string) error {
	advice := "lockstep help lists commands and topics"
	if usual, ok := usualWords()[word]; ok {
		advice = usual
	} else if near := strict.Suggest(word, names(root), ""); near != "" {
		advice = near
	}
	return hint.With(fmt.Errorf("unknown help topic %q", word), advice)
}

// names is the commands and topics right below cmd.
func names(cmd *cobra.Command) (list []string) {
	for _, sub := range cmd.Commands() {
		if !sub.Hidden {
			list = append(list, sub.Name())
		}
	}
	slices.Sort(list)
	return list
}

// wrapped is flags with their descriptions, in a terminal's width.
func wrapped(flags *pflag.FlagSet) string {
	return strings.TrimRight(flags.FlagUsagesWrapped(view.Width), "\n")
}
