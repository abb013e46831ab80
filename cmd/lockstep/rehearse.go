package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"lockstep/bootstrap"
	"lockstep/bootstrap/rehearsal"
	"lockstep/bootstrap/world"
	"lockstep/certgen"
	"lockstep/certgen/folder"
	"lockstep/cmd/lockstep/view"
	"lockstep/policies"
	"lockstep/policies/hint"
)

// exhaustiveUpTo is how many components a rehearsal asks about all others' keys.
const exhaustiveUpTo = 200

type rehearseOptions struct {
	*globals
	members int
	etcd    string
	keep    bool
	seed    bool
	wait    time.Duration
}

func newRehearseCommand(g *globals) *cobra.Command {
	opts := rehearseOptions{globals: g}
	cmd := &cobra.Command{
		Use:   "rehearse",
		Short: "Prove the policy on a throw-away local etcd",
		Long: `Start a throw-away etcd of real processes on free loopback ports, from the folders that
bootstrap writes, bootstrap it with this policy, prove every permission, and throw it
away. Nothing outside a temporary folder is touched. Exit code 0 only if every
permission was proven: a policy is tested in CI by this.`,
		Example: `  lockstep rehearse
  lockstep rehearse --seed
  lockstep rehearse -f edge.yaml --members 1 --keep`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return runRehearse(cmd.Context(), opts) },
	}
	cmd.Flags().IntVar(&opts.members, "members", 3, "how many etcd processes: 1, 3 or 5")
	cmd.Flags().StringVar(&opts.etcd, "etcd", "", "`PATH` of the etcd to start (default: lockstep-etcd beside lockstep, else etcd on PATH)")
	cmd.Flags().BoolVar(&opts.keep, "keep", false, "leave it running in the foreground until Ctrl-C, with an etcdctl line for each component")
	cmd.Flags().BoolVar(&opts.seed, "seed", false, "start the members from a seed, with users, roles and auth on, as bootstrap --seed does")
	durationVar(cmd.Flags(), &opts.wait, "wait", time.Minute, "how long the processes may take to answer")
	return cmd
}

func runRehearse(ctx context.Context, opts rehearseOptions) (err error) {
	if opts.members != 1 && opts.members != 3 && opts.members != 5 {
		return hint.With(fmt.Errorf("--members %d is no size for a rehearsal", opts.members), "Give 1, 3 or 5: an even number tolerates no more failures than the one below.")
	}
	p, err := opts.readPolicy()
	if err != nil {
		return err
	}
	etcd, err := rehearsal.FindEtcd(opts.etcd)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "lockstep-rehearsal-")
	if err != nil {
		return fmt.Errorf("making a folder for the rehearsal: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	ports, err := rehearsal.FreePorts(opts.members)
	if err != nil {
		return err
	}
	f, err := folder.Create(filepath.Join(dir, "pki"), folder.External{})
	if err != nil {
		return err
	}
	defer f.Close()
	return opts.rehearse(ctx, rehearsal.Rewrite(p, ports), f, etcd)
}

// rehearse bootstraps the local policy by the same code as a real cluster: where an
// operator would be told to start etcd, it is started.
func (opts rehearseOptions) rehearse(ctx context.Context, p *policies.Policy, f *folder.Folder, etcd string) error {
	progress := opts.progress()
	defer progress.Close()
	w := &world.World{
		Policy: p, Folder: f, Now: opts.now, InFlight: inFlight, CallTimeout: opts.timeout,
		Report: func(e world.Event) { progress.Report(view.Event(e)) },
		Hold:   opts.hold,
	}
	var cluster rehearsal.Cluster
	defer cluster.Stop()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	result, err := bootstrap.Run(ctx, w, bootstrap.Options{
		Wait:       opts.wait,
		NoProxies:  true,
		Seed:       opts.seed,
		Exhaustive: len(p.Components) <= exhaustiveUpTo,
		Operator:   rehearsal.Operator{World: w, Cluster: &cluster, Etcd: etcd, End: cancel},
	})
	progress.Close()
	if cause := context.Cause(ctx); err != nil && cause != nil && !errors.Is(cause, context.Canceled) {
		err = cause
	}
	if err := opts.conclude("Rehearsal", result, err); err != nil {
		return err
	}
	if opts.keep {
		return opts.keepRunning(ctx, p, f)
	}
	return nil
}

// keepRunning prints how to look around as each component, until Ctrl-C.
func (opts rehearseOptions) keepRunning(ctx context.Context, p *policies.Policy, f *folder.Folder) error {
	err := opts.tell(view.Say(func(s *view.Sheet) {
		s.Line("")
		s.Line("The members keep running until Ctrl-C. As each component:")
		for _, h := range p.Holders() {
			dir := certgen.ComponentProfile(p, h).Place().Folder()
			s.Line("  (cd %s && set -a && . ./etcdctl.env && etcdctl %s)", hint.Word(filepath.Join(f.Path(), filepath.FromSlash(dir.String()))), firstQuestion(h.Component))
		}
	}))
	if err != nil {
		return err
	}
	<-ctx.Done()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}
