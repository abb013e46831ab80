package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"lockstep/bootstrap/verify"
	"lockstep/cmd/lockstep/view"
)

type verifyOptions struct {
	*globals
	connection
	verify.Options
}

func newVerifyCommand(g *globals) *cobra.Command {
	opts := verifyOptions{globals: g}
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Prove that certificates, users and permissions agree",
		Long: `Prove that certificates, users and permissions agree: policy, PKI folder and etcd are
compared three ways, and every component asks etcd itself, with its own certificate,
what it may do and what it may not. Nothing is written, neither here nor to etcd.
Members that are down, that ignore the CN, or that are learners are named, and the others are asked. When no
member can be asked, nothing in etcd was judged: that is exit code 1, and not 2.
Where root's certificate is not here, the administrator of --cert or --user asks; whether
root gets in is then listed as not checked, and everything else is.`,
		Example: `  lockstep verify
  lockstep verify --exhaustive --mint
  lockstep verify -o json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return runVerify(cmd.Context(), opts) },
	}
	opts.connection.signingFlags(cmd.Flags())
	cmd.Flags().BoolVar(&opts.Exhaustive, "exhaustive", false, "ask every component about every other component's keys")
	cmd.Flags().BoolVar(&opts.Mint, "mint", false, "for a component whose key is not here, make a five-minute certificate in memory (needs the client CA's key)")
	return cmd
}

func runVerify(ctx context.Context, opts verifyOptions) error {
	p, err := opts.readPolicy()
	if err != nil {
		return err
	}
	opts.onlyReads = !opts.Mint
	s, err := opts.enter(ctx, p, opts.connection, opts.orScratch(opts.caKey, opts.lookedAt))
	if err != nil {
		return err
	}
	defer s.leave()
	e, err := verify.Gather(ctx, s.World, opts.Options)
	s.pause()
	if err != nil {
		return err
	}
	report := verify.Judge(e, verify.Checks())
	if err := opts.answer(view.Proof{Kind: "Verify", Evidence: e, Report: report}); err != nil {
		return err
	}
	if e.Outage() {
		return fmt.Errorf("nothing in etcd could be judged, no member could be asked: %w", e.Members[0].Err)
	}
	if !report.InStep() {
		return errAnswered
	}
	return nil
}
