package main

import (
	"github.com/spf13/cobra"

	"lockstep/cmd/lockstep/view"
	"lockstep/policies/calls"
)

func newPresetsCallsCommand(g *globals) *cobra.Command {
	var version string
	cmd := &cobra.Command{
		Use:   "calls",
		Short: "List who may make which call of etcd",
		Long: `List the calls of etcd beside requests for keys, by the names that calls of a
component or preset takes, and who may make them while auth is on: by etcd's
version, or on the one that --etcd names. Verify tells which of them etcd refuses
to a component (members/calls).`,
		Example: `  lockstep presets calls
  lockstep presets calls --etcd 3.6.16`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			return g.answer(view.Calls{Version: version, Calls: calls.List()})
		},
	}
	cmd.Flags().StringVar(&version, "etcd", "", "`VERSION` of etcd: 3.6.16")
	return cmd
}
