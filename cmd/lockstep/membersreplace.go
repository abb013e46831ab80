package main

import (
	"context"
	"errors"
	"net"
	"net/url"

	"github.com/spf13/cobra"

	"lockstep/bootstrap/members"
	"lockstep/policies"
	"lockstep/policies/edit"
	"lockstep/policies/hint"
)

func newMembersReplaceCommand(g *globals) *cobra.Command {
	opts := memberOptions{globals: g, verb: "replace"}
	cmd := &cobra.Command{
		Use:   "replace NAME",
		Short: "Replace a member by one with an empty data folder",
		Long: `Replace a member by one of the same name with an empty data folder, on the same host or
by --host on another one, in runs that can be repeated as those of members add. A member
that is lost is removed first, because etcd takes no fourth member beside one of three
that is down; so is one whose place has the same address. One that works stays until its
successor on another host has a vote. It is refused where the other members would have
no quorum.

A member that works is replaced on its own host only with --living.`,
		Example: `  lockstep members replace etcd2
  lockstep members replace etcd2 --host 10.0.0.22
  lockstep members replace etcd2 --living`,
		Args: oneComponent,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.entry.Name = args[0]
			return runMembersReplace(cmd.Context(), opts)
		},
		ValidArgsFunction: onlyFirst(g.policyNames(memberNames)),
	}
	opts.connection.signingFlags(cmd.Flags())
	opts.placeFlags(cmd.Flags())
	cmd.Flags().BoolVar(&opts.living, "living", false, "replace it although it works: until its successor has a vote, one member fewer may fail")
	return cmd
}

func runMembersReplace(ctx context.Context, opts memberOptions) error {
	files, err := policies.Read(opts.policy, opts.stdin)
	if err != nil {
		return err
	}
	p, before, err := opts.declaredMember(files)
	if err != nil {
		return err
	}
	after := before
	switch m, _ := p.Member(opts.entry.Name); {
	case len(opts.entry.Hosts) > 0:
		opts.entry.ClientURL = moved(opts.entry.ClientURL, m.ClientURL, opts.entry.Hosts[0])
		opts.entry.PeerURL = moved(opts.entry.PeerURL, m.PeerURL, opts.entry.Hosts[0])
		if after, err = edit.MoveMember(before, opts.entry); err != nil {
			return err
		}
	case opts.entry.ClientURL != "" || opts.entry.PeerURL != "":
		return hint.With(errors.New("replacing a member at another URL without a host"), "Say where it will be: --host HOST, with --client-url and --peer-url if the ports are unusual.")
	}
	next, err := parsePolicy(replaced(files, after)...)
	if err != nil {
		return err
	}
	return opts.run(ctx, next, members.Change{Decide: members.Replacement(opts.entry.Name, opts.living), Before: before, After: after})
}

// moved is a URL on another host, with its port. One that was asked for stays as it is.
func moved(asked, now, host string) string {
	u, err := url.Parse(now)
	if asked != "" || err != nil {
		return asked
	}
	return "https://" + net.JoinHostPort(host, u.Port())
}
