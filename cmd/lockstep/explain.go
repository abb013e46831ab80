package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"lockstep/bootstrap/verify"
	"lockstep/cmd/lockstep/view"
	"lockstep/policies/hint"
	"lockstep/policies/strict"
)

func newExplainCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "explain CODE|TEXT...",
		Short: "Explain a check of verify, or a message",
		Long: `Explain a check of verify by its code, as verify prints it: what holds when it passes, how
grave a finding is, what to do about it, what the check needs, and where the rule comes
from. lockstep verify --list lists all codes.

A text is a message that a command printed, or a part of it: what it means and what to do.
Its words are those of docs/troubleshooting.md.`,
		Example: `  lockstep explain members/crl
  lockstep explain the cluster has no quorum`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return nil
			}
			return hint.With(fmt.Errorf("%s takes a code or a text, found none", cmd.CommandPath()), "lockstep verify --list lists the codes.")
		},
		RunE: func(_ *cobra.Command, args []string) error { return runExplain(g, strings.Join(args, " ")) },
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return checkCodes(), cobra.ShellCompDirectiveNoFileComp
		},
	}
}

func runExplain(g *globals, asked string) error {
	for _, c := range verify.Checks() {
		if slices.Contains(strings.Fields(asked), c.Code) || slices.Contains(strings.Fields(asked), c.Code+":") {
			return g.answer(view.Explained{Check: c})
		}
	}
	if m, ok := messageOf(asked); ok {
		return g.answer(m)
	}
	if strings.Contains(strings.TrimSpace(asked), " ") {
		return hint.With(fmt.Errorf("there is no entry for the text %q", asked), "The hint below a message says what to do next; docs/troubleshooting.md lists the entries.")
	}
	advice := strict.Suggest(asked, checkCodes(), "")
	if advice == "" {
		advice = "lockstep verify --list lists the codes."
	}
	return hint.With(fmt.Errorf("verify has no check %q", asked), advice)
}

func checkCodes() (codes []string) {
	for _, c := range verify.Checks() {
		codes = append(codes, c.Code)
	}
	return codes
}
