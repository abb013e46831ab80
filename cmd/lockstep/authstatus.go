package main

import (
	"context"

	"github.com/spf13/cobra"

	"lockstep/bootstrap"
	"lockstep/cmd/lockstep/view"
	"lockstep/policies/hint"
)

type authStatusOptions struct {
	*globals
	connection
}

func newAuthStatusCommand(g *globals) *cobra.Command {
	opts := authStatusOptions{globals: g}
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Say of every member whether auth is on and root gets in",
		Long: `Ask every member whether auth is on, for its authRevision, and whether root gets in by
the CN of its certificate alone, and list the users that hold role root. Where root's
certificate is not here, the administrator that --cert or --user names is tried. While auth is
off no call tells whether a member takes users from certificates: lockstep bootstrap
finds out when it turns auth on. Exit code 0 only if auth is on and root gets in, on
every member.`,
		Example: `  lockstep auth status
  lockstep auth status -o json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return runAuthStatus(cmd.Context(), opts) },
	}
	opts.onlyReads = true
	opts.connection.signingFlags(cmd.Flags())
	return cmd
}

func runAuthStatus(ctx context.Context, opts authStatusOptions) error {
	p, err := opts.readPolicy()
	if err != nil {
		return err
	}
	s, err := opts.enter(ctx, p, opts.connection, opts.lookedAt)
	if err != nil {
		return err
	}
	defer s.leave()
	state, err := bootstrap.AuthStatus(ctx, s.World)
	s.pause()
	if err != nil {
		return err
	}
	if err := opts.answer(view.AuthState{AuthState: state, Cluster: p.Cluster.Name}); err != nil {
		return err
	}
	switch {
	case state.Settled():
		return nil
	case !state.On():
		return hint.Pending("lockstep bootstrap turns it on without locking any client out.", "auth is not known to be on")
	}
	return hint.Pending("lockstep verify says what is wrong with each member, and what to do.", "auth is on, and %s is not known to get in through every member", state.As.Whose())
}
