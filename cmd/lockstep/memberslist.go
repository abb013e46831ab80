package main

import (
	"context"

	"github.com/spf13/cobra"

	"lockstep/bootstrap/members"
	"lockstep/cmd/lockstep/view"
)

type membersListOptions struct {
	*globals
	connection
}

func newMembersListCommand(g *globals) *cobra.Command {
	opts := membersListOptions{globals: g}
	opts.onlyReads = true
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the members as policy and cluster have them, and the quorum",
		Long: `List every member that the policy names or the cluster lists: whether it votes, leads
and takes part, and how many members may fail. Nothing is changed. The exit code is 2
when policy and cluster differ, or a member does not take part.`,
		Example: `  lockstep members list
  lockstep members list -o json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return runMembersList(cmd.Context(), opts) },
	}
	opts.connection.signingFlags(cmd.Flags())
	return cmd
}

func runMembersList(ctx context.Context, opts membersListOptions) error {
	p, err := opts.readPolicy()
	if err != nil {
		return err
	}
	s, err := opts.enter(ctx, p, opts.connection, opts.lookedAt)
	if err != nil {
		return err
	}
	defer s.leave()
	v, err := members.Look(ctx, s.World)
	if err != nil {
		return err
	}
	s.SayCluster(v.ClusterID)
	s.pause()
	if err := opts.answer(view.Members{View: v, Endpoints: len(p.Cluster.Members) == 0}); err != nil {
		return err
	}
	if !v.InStep(len(p.Cluster.Members) == 0) {
		return errAnswered
	}
	return nil
}
