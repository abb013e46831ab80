package main

import (
	"context"

	"github.com/spf13/cobra"

	"lockstep/bootstrap/members"
	"lockstep/policies"
	"lockstep/policies/edit"
	"lockstep/policies/hint"
)

func newMembersRemoveCommand(g *globals) *cobra.Command {
	opts := memberOptions{globals: g, verb: "remove"}
	cmd := &cobra.Command{
		Use:   "remove NAME",
		Short: "Remove a member: from the cluster, certificates, policy entry",
		Long: `Remove a member: it leaves the cluster first, another one leads if it led. Then its
certificates go to retired/ and its keys for good, and its entry leaves the policy file.
It is refused where the other members would have no quorum. It also gives up a member
that was added and has no vote yet. Cut off anywhere, the same command finishes the work.`,
		Example: `  lockstep members remove etcd4`,
		Args:    oneComponent,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.entry.Name = args[0]
			return runMembersRemove(cmd.Context(), opts)
		},
		ValidArgsFunction: onlyFirst(g.policyNames(memberNames)),
	}
	opts.connection.signingFlags(cmd.Flags())
	return cmd
}

func runMembersRemove(ctx context.Context, opts memberOptions) error {
	files, err := policies.Read(opts.policy, opts.stdin)
	if err != nil {
		return err
	}
	p, before, err := opts.declaredMember(files)
	if err != nil {
		return err
	}
	if len(p.Cluster.Members) == 1 {
		return hint.Refuse("Add another one first: lockstep members add NAME --host HOST.", "%s is the policy's only member; nothing was changed", opts.entry.Name)
	}
	after, err := edit.RemoveMember(before, opts.entry.Name)
	if err != nil {
		return err
	}
	next, err := parsePolicy(replaced(files, after)...)
	if err != nil {
		return err
	}
	return opts.run(ctx, p, members.Change{Decide: members.Removal(opts.entry.Name), Next: next, Before: before, After: after})
}
