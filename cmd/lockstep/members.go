package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"lockstep/bootstrap/members"
	"lockstep/cmd/lockstep/view"
	"lockstep/policies"
	"lockstep/policies/edit"
	"lockstep/policies/hint"
	"lockstep/policies/strict"
)

func newMembersCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "members",
		Short:   "List the cluster's members, add, replace and remove one",
		Example: "  lockstep members list\n  lockstep members add etcd4 --host 10.0.0.14",
		Args:    noSubcommand,
		RunE:    g.group,
	}
	cmd.AddCommand(newMembersListCommand(g), newMembersAddCommand(g), newMembersReplaceCommand(g), newMembersRemoveCommand(g))
	return cmd
}

type memberOptions struct {
	*globals
	connection
	verb  string
	entry edit.Member
	wait  time.Duration

	living bool // of replace
}

// placeFlags say where the member is.
func (opts *memberOptions) placeFlags(fs *pflag.FlagSet) {
	fs.StringSliceVar(&opts.entry.Hosts, "host", nil, "`HOST` by which it is reached, an IP address or a DNS name, the one for URLs first; may be repeated")
	fs.StringVar(&opts.entry.ClientURL, "client-url", "", "`URL` for clients (default: https://HOST:2379)")
	fs.StringVar(&opts.entry.PeerURL, "peer-url", "", "`URL` for other members (default: https://HOST:2380)")
	durationVar(fs, &opts.wait, "wait", 0, "how long to wait until it is started")
}

// memberNames is the names of the policy's members, in its order.
func memberNames(p *policies.Policy) []string {
	var names []string
	for _, m := range p.Cluster.Members {
		names = append(names, m.Name)
	}
	return names
}

// declaredMember is the policy, and the policy file that names the member.
func (opts memberOptions) declaredMember(files []policies.File) (*policies.Policy, policies.File, error) {
	p, err := parsePolicy(files...)
	if err != nil {
		return nil, policies.File{}, err
	}
	if len(p.Cluster.Members) == 0 {
		_, err := opts.clusterFile(files)
		return p, policies.File{}, err
	}
	if _, found := p.Member(opts.entry.Name); !found {
		return p, policies.File{}, hint.With(fmt.Errorf("the policy names no member %q", opts.entry.Name), strict.Suggest(opts.entry.Name, memberNames(p), "It has: "))
	}
	file, err := opts.clusterFile(files)
	return p, file, err
}

// clusterFile is the policy file with the cluster's members, which is one alone.
func (g *globals) clusterFile(files []policies.File) (policies.File, error) {
	for _, f := range files {
		if edit.HoldsMembers(f) {
			return f, g.writable(f)
		}
	}
	return policies.File{}, hint.Refuse("The owner of the members adds and removes them. Then correct cluster.endpoints by hand.",
		"the policy names endpoints and no members: their certificates and etcd.env are not lockstep's; nothing was changed")
}

// run does what can be done now and says what is left.
func (opts memberOptions) run(ctx context.Context, p *policies.Policy, c members.Change) error {
	s, err := opts.enter(ctx, p, opts.connection, opts.locked)
	if err != nil {
		return err
	}
	defer s.leave()
	c.Name, c.Wait = opts.entry.Name, opts.wait
	r, err := members.Run(ctx, s.World, c, func(ctx context.Context, plan members.Plan) error {
		s.pause()
		if err := opts.tell(view.MemberPlan(plan)); err != nil {
			return err
		}
		return opts.confirm(ctx, doIt(len(plan.Steps)))
	})
	s.pause()
	if err != nil {
		return opts.cutOff(r, err)
	}
	answer := view.MemberChange{Verb: opts.verb, Name: c.Name, Policy: p, Result: *r, Folder: s.Folder.Path()}
	if err := opts.answer(answer); err != nil {
		return err
	}
	if r.Done {
		return nil
	}
	return hint.Pending("", "%s goes on when what is listed is done", c.Name)
}

// cutOff says of an error what was done before it.
func (opts memberOptions) cutOff(r *members.Result, err error) error {
	if r == nil || len(r.Did) == 0 || hint.Text(err) != "" || errors.Is(err, context.Canceled) {
		return err
	}
	return hint.With(err, fmt.Sprintf("Run it again: lockstep members %s %s goes on from where it is.", opts.verb, opts.entry.Name))
}
