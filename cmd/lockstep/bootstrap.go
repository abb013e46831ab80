package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"lockstep/bootstrap"
	"lockstep/certgen/folder"
	"lockstep/cmd/lockstep/view"
	"lockstep/policies/hint"
)

type bootstrapOptions struct {
	*globals
	connection
	wait          time.Duration
	acceptForeign []string
	exhaustive    bool
	reuseName     bool
	soak          time.Duration
	encryptCA     bool
	seed          bool
}

func newBootstrapCommand(g *globals) *cobra.Command {
	opts := bootstrapOptions{globals: g}
	cmd := &cobra.Command{
		Use:   "bootstrap",
		Short: "Make everything, in order: certificates, users, auth on, proof",
		Long: `Bring a cluster from nothing to auth on and proven, in the one safe order: CAs, member
and proxy certificates, component certificates, roles, users, auth on, proof. While no
member answers it says what to copy to which host, and waits or ends with exit code 2;
the next run continues. Whatever is valid is left as it is, so it is safe to repeat. On
a cluster that holds keys it says, before auth is turned on, who will notice; with --soak
it watches afterwards which clients the members refuse: one is enough for exit code 2.

With --seed, members that never ran start with users, roles and auth on: everything is
made before etcd starts, and auth is never off (docs/born-locked.md).`,
		Example: `  lockstep bootstrap
  lockstep bootstrap --seed --yes
  lockstep bootstrap -f edge.yaml --wait 10m --yes
  lockstep bootstrap --soak 60s`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return runBootstrap(cmd.Context(), opts) },
	}
	opts.connection.signingFlags(cmd.Flags())
	durationVar(cmd.Flags(), &opts.wait, "wait", 0, "how long to wait for members that do not answer yet")
	cmd.Flags().StringSliceVar(&opts.acceptForeign, "accept-foreign", nil, "unmanaged `USER` that may keep its permissions, in this run; the policy's accept holds for every command; may be repeated")
	cmd.Flags().BoolVar(&opts.reuseName, "reuse-name", false, "add a user although a certificate that it had before is still valid")
	cmd.Flags().BoolVar(&opts.exhaustive, "exhaustive", false, "ask every component about every other component's keys")
	cmd.Flags().BoolVar(&opts.encryptCA, "encrypt-ca", false, "encrypt the keys of the CAs that it makes with a passphrase, asked for twice or read from --passphrase-file")
	cmd.Flags().BoolVar(&opts.seed, "seed", false, "for members that never ran: make the data with which they start, with auth on")
	durationVar(cmd.Flags(), &opts.soak, "soak", 0, "how long to watch, after the proof, which clients are refused")
	return cmd
}

func runBootstrap(ctx context.Context, opts bootstrapOptions) error {
	if opts.wait < 0 {
		return fmt.Errorf("--wait %s is in the past", opts.wait)
	}
	if opts.soak < 0 {
		return fmt.Errorf("--soak %s is in the past", opts.soak)
	}
	p, err := opts.readPolicy()
	if err != nil {
		return err
	}
	s, err := opts.enter(ctx, p, opts.connection, opts.made)
	if err != nil {
		return err
	}
	defer s.leave()
	if err := opts.atRest(ctx, s.Folder, p.HasExternalCA()); err != nil {
		return err
	}
	result, err := bootstrap.Run(ctx, s.World, bootstrap.Options{
		Wait: opts.wait, AcceptForeign: opts.acceptForeign, Exhaustive: opts.exhaustive, ReuseName: opts.reuseName, Soak: opts.soak, Seed: opts.seed,
		Operator: terminal{opts.globals, s},
	})
	s.pause()
	return opts.conclude("Bootstrap", result, err)
}

// atRest settles whether the keys of the CAs that this run makes are encrypted.
func (opts bootstrapOptions) atRest(ctx context.Context, f *folder.Folder, external bool) error {
	if opts.encryptCA {
		return opts.encryptNew(ctx, f, opts.signing, external)
	}
	if opts.signing.given() && !external && len(f.AtRest().Encrypted) == 0 {
		return hint.Refuse("Add --encrypt-ca to encrypt the CA keys that this run makes, or leave the passphrase out.",
			"a passphrase is given, and no CA key here is encrypted: nothing was changed")
	}
	return nil
}

// instruct writes what the operator has to do. It is an answer, but for JSON, whose one
// document is still to come.
func (g *globals) instruct(m view.Message) error {
	if view.Format(g.output) == view.JSON {
		return g.tell(m)
	}
	return view.Tell(g.stdout, m, g.colour(g.stdoutTerminal))
}

// tell writes a message for people to stderr.
func (g *globals) tell(m view.Message) error {
	return view.Tell(g.stderr, m, g.colour(g.stderrTerminal))
}

// conclude prints what was proven, if it came to that, and passes the error on.
func (g *globals) conclude(kind string, result *bootstrap.Result, err error) error {
	if result == nil || result.Evidence == nil {
		return err
	}
	printed := g.answer(view.Proof{Kind: kind, Evidence: result.Evidence, Report: result.Report, Changed: result.Changed, Soak: result.Soak})
	if err != nil {
		return err
	}
	return printed
}
