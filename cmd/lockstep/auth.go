package main

import (
	"github.com/spf13/cobra"
)

func newAuthCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "auth",
		Short:   "Say whether auth is on, and turn it off for a restore",
		Example: "  lockstep auth status\n  lockstep auth off --for restore-drill",
		Args:    noSubcommand,
		RunE:    g.group,
	}
	cmd.AddCommand(newAuthStatusCommand(g), newAuthOffCommand(g))
	return cmd
}
