package main

import (
	"context"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"lockstep/bootstrap"
	"lockstep/certgen"
	"lockstep/cmd/lockstep/view"
	"lockstep/policies"
	"lockstep/policies/edit"
)

type removeOptions struct {
	*globals
	connection
	name     string
	instance string
}

func newRemoveCommand(g *globals) *cobra.Command {
	opts := removeOptions{globals: g}
	cmd := &cobra.Command{
		Use:   "remove NAME",
		Short: "Remove a component: binding, user, role, certificate, policy entry",
		Long: `Remove a component: power goes first. Its binding, user and role in etcd, then its
certificate to retired/ and its key for good, then its entry in the policy file. A role
that another user holds stays. Cut off anywhere, the same command finishes the work.`,
		Example: `  lockstep remove app
  lockstep remove cni --instance node-c`,
		Args: oneComponent,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.name = args[0]
			if cmd.Flags().Changed("instance") {
				return runRemoveInstance(cmd.Context(), opts)
			}
			return runRemove(cmd.Context(), opts)
		},
	}
	opts.connection.signingFlags(cmd.Flags())
	cmd.Flags().StringVar(&opts.instance, "instance", "", "remove only the instance `NAME`: its certificate and key, and its name in the policy file")
	return cmd
}

func runRemove(ctx context.Context, opts removeOptions) error {
	files, err := policies.Read(opts.policy, opts.stdin)
	if err != nil {
		return err
	}
	c, p, before, err := opts.declared(files, opts.name, "lockstep apply --prune removes what the policy does not name any more.")
	if err != nil {
		return err
	}
	after, err := edit.Remove(before, opts.name)
	if err != nil {
		return err
	}
	next, err := parsePolicy(replaced(files, after)...)
	if err != nil {
		return err
	}
	s, err := opts.enter(ctx, p, opts.connection, opts.locked)
	if err != nil {
		return err
	}
	defer s.leave()
	answer := view.Removed{Name: opts.name, User: c.User.String(), Diff: edit.Diff(before, after), Retired: filepath.Join(s.Folder.Path(), "retired", opts.name)}
	if answer.Until, answer.External, err = validUntil(s, c); err != nil {
		return err
	}
	change := bootstrap.ComponentChange{Name: opts.name, Before: before, After: after}
	err = bootstrap.Remove(ctx, s.World, next, change, terminal{opts.globals, s})
	s.pause()
	if err != nil {
		return err
	}
	return opts.answer(answer)
}

// validUntil is when the certificate of c ends, of several instances the last one, and whether
// it is external.
func validUntil(s *session, c policies.Component) (until time.Time, external bool, err error) {
	state, err := s.Folder.Observe()
	if err != nil {
		return until, false, err
	}
	for _, h := range s.Policy.Holders() {
		if h.Component.Name != c.Name {
			continue
		}
		profile := certgen.ComponentProfile(s.Policy, h)
		if leaf := state.Pair(profile).Leaf; leaf != nil && leaf.NotAfter.After(until) {
			until, external = leaf.NotAfter, profile.External != ""
		}
	}
	return until, external, nil
}

// holderNames is NAME of each component, of one with instances NAME/INSTANCE of each.
func holderNames(p *policies.Policy) []string {
	var names []string
	for _, h := range p.Holders() {
		names = append(names, h.ID())
	}
	return names
}

// componentNames is the names of the policy's components, in its order.
func componentNames(p *policies.Policy) []string {
	var names []string
	for _, c := range p.Components {
		names = append(names, c.Name)
	}
	return names
}
