package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"lockstep/bootstrap/verify"
	"lockstep/cmd/lockstep/view"
	"lockstep/policies/hint"
	"lockstep/policies/strict"
)

func newExplainCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "explain CODE",
		Short: "Explain a check of verify",
		Long: `Explain a check of verify by its code, as verify prints it: what holds when it passes, how
grave a finding is, what to do about it, what the check needs, and where the rule comes
from. lockstep verify --list lists all codes.`,
		Example: `  lockstep explain members/crl`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				return nil
			}
			return hint.With(fmt.Errorf("%s takes one code, found %d", cmd.CommandPath(), len(args)), "lockstep verify --list lists the codes.")
		},
		RunE: func(_ *cobra.Command, args []string) error { return runExplain(g, args[0]) },
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return checkCodes(), cobra.ShellCompDirectiveNoFileComp
		},
	}
}

func runExplain(g *globals, code string) error {
	for _, c := range verify.Checks() {
		if c.Code == code {
			return g.answer(view.Explained{Check: c})
		}
	}
	advice := strict.Suggest(code, checkCodes(), "")
	if advice == "" {
		advice = "lockstep verify --list lists the codes."
	}
	return hint.With(fmt.Errorf("verify has no check %q", code), advice)
}

func checkCodes() (codes []string) {
	for _, c := range verify.Checks() {
		codes = append(codes, c.Code)
	}
	return codes
}
