package main

import (
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// exitCodes ends every help page.
const exitCodes = `Exit codes:
  0  done, in step, yes
  1  an error
  2  not in step: differences, findings, something due, a "no", or waiting for you
  3  a guard refused: what it guards is as it was
`

func printHelp(cmd *cobra.Command, _ []string) {
	io.WriteString(cmd.OutOrStdout(), helpText(cmd))
}

// helpText is the help page of cmd, and its chapter in docs/cli.md.
func helpText(cmd *cobra.Command) string {
	about := cmd.Long
	if about == "" {
		about = cmd.Short + "."
	}
	return strings.TrimSpace(about) + "\n\n" + strings.TrimSpace(cmd.UsageString()) + "\n\n" + exitCodes
}
