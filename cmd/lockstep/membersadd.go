package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"lockstep/bootstrap/members"
	"lockstep/policies"
	"lockstep/policies/edit"
	"lockstep/policies/hint"
)

func newMembersAddCommand(g *globals) *cobra.Command {
	opts := memberOptions{globals: g, verb: "add"}
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Add a member: policy entry, certificates, etcd.env, learner, vote",
		Long: `Add a member to the cluster, in runs that can be repeated. The first writes its entry in
the policy file, its certificates and its etcd.env, adds it to the cluster without a
vote, says what to copy and to start, and ends with exit code 2. Run it again when the
member is started: when it has caught up, and takes the user from the CN of the
certificate, it gets a vote. Until then no other file names it.`,
		Example: `  lockstep members add etcd4 --host 10.0.0.14 --host etcd4.edge.internal
  lockstep members add etcd4 --wait 10m`,
		Args: oneComponent,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.entry.Name = args[0]
			return runMembersAdd(cmd.Context(), opts)
		},
		ValidArgsFunction: onlyFirst(g.policyNames(memberNames)),
	}
	opts.connection.signingFlags(cmd.Flags())
	opts.placeFlags(cmd.Flags())
	return cmd
}

func runMembersAdd(ctx context.Context, opts memberOptions) error {
	files, err := policies.Read(opts.policy, opts.stdin)
	if err != nil {
		return err
	}
	before, err := opts.clusterFile(files)
	if err != nil {
		return err
	}
	after := before
	if len(opts.entry.Hosts) > 0 {
		if after, err = edit.AddMember(before, opts.entry); err != nil {
			return err
		}
	}
	p, err := parsePolicy(replaced(files, after)...)
	if err != nil {
		return err
	}
	if _, found := p.Member(opts.entry.Name); !found {
		return hint.With(errors.New("adding a member without a host"), "Say where it will be: --host HOST, an IP address or a DNS name.")
	}
	return opts.run(ctx, p, members.Change{Decide: members.Addition(opts.entry.Name), Before: before, After: after})
}
