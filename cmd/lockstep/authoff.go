package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"lockstep/bootstrap"
	"lockstep/cmd/lockstep/view"
	"lockstep/policies/hint"
)

type authOffOptions struct {
	*globals
	connection
	reason  string
	confirm string // the cluster's name; "" to be asked for it
}

func newAuthOffCommand(g *globals) *cobra.Command {
	opts := authOffOptions{globals: g}
	cmd := &cobra.Command{
		Use:   "off --for REASON",
		Short: "Turn auth off, after saying what that opens",
		Long: `Turn auth off as root, by root's certificate. It says first who may do what while auth is
off, and asks for the cluster's name; where there is no terminal, --confirm NAME has to
give it: --yes is not enough. It is refused unless every member of the cluster answers and the
policy names it. The reason stands in the answer.

lockstep bootstrap turns auth on again, in the safe order. Until then lockstep plan and
lockstep verify say that it is off.`,
		Example: `  lockstep auth off --for restore-drill
  lockstep auth off --for restore-drill --confirm edge`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return runAuthOff(cmd.Context(), opts) },
	}
	opts.connection.signingFlags(cmd.Flags())
	cmd.Flags().StringVar(&opts.reason, "for", "", "`REASON` why auth is turned off; required")
	cmd.Flags().StringVar(&opts.confirm, "confirm", "", "`NAME` of the cluster, instead of being asked for it")
	return cmd
}

func runAuthOff(ctx context.Context, opts authOffOptions) error {
	opts.reason = strings.TrimSpace(opts.reason)
	if opts.reason == "" {
		return hint.With(errors.New("auth off needs a reason"), `Give it by --for: lockstep auth off --for "restoring yesterday's backup".`)
	}
	p, err := opts.readPolicy()
	if err != nil {
		return err
	}
	name := p.Cluster.Name
	if opts.confirm != "" && opts.confirm != name {
		return hint.Refuse("", "--confirm %q is not the cluster's name, which is %q: nothing was changed", opts.confirm, name)
	}
	s, err := opts.enter(ctx, p, opts.connection, opts.locked)
	if err != nil {
		return err
	}
	defer s.leave()
	confirm := func(ctx context.Context, o bootstrap.Opening) error {
		s.pause()
		if err := opts.tell(view.Opens{Opening: o, Cluster: name}); err != nil {
			return err
		}
		return opts.confirmName(ctx, fmt.Sprintf("Turn auth off? Type the name of the cluster with the members %s:", strings.Join(o.Members, ", ")), name, opts.confirm)
	}
	done, err := bootstrap.TurnAuthOff(ctx, s.World, opts.reason, confirm)
	s.pause()
	if err != nil {
		return err
	}
	return opts.answer(view.AuthOff{Opening: done, Cluster: name})
}
