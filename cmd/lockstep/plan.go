package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"lockstep/bootstrap"
	"lockstep/bootstrap/change"
	"lockstep/cmd/lockstep/view"
	"lockstep/policies/disk"
	"lockstep/policies/hint"
	"lockstep/policies/pending"
	"lockstep/roles"
)

// planning is what plan and apply have in common.
type planning struct {
	*globals
	connection
	prune     bool
	adopt     string
	reuseName bool
}

func (c *planning) flags(fs *pflag.FlagSet) {
	c.connection.signingFlags(fs)
	fs.BoolVar(&c.prune, "prune", false, "also remove users, roles and certificates of ours that the policy no longer names")
	fs.StringVar(&c.adopt, "adopt", "", "also take over users that lockstep did not make, and change roles that unmanaged users hold, too; `recreate` deletes users with a password and adds them again without")
	fs.BoolVar(&c.reuseName, "reuse-name", false, "add a user although a certificate that it had before is still valid")
	fs.Lookup("adopt").NoOptDefVal = "take"
}

func (c *planning) permitted() (change.Permitted, error) {
	a := change.Permitted{Allow: roles.Allow{Prune: c.prune}, ReuseName: c.reuseName}
	switch c.adopt {
	case "":
		return a, nil
	case "take":
		a.Adopt = true
		return a, nil
	case "recreate":
		a.Adopt, a.Recreate = true, true
		return a, nil
	}
	return change.Permitted{}, hint.With(fmt.Errorf("--adopt=%s", c.adopt), "It is --adopt or --adopt=recreate.")
}

// enterToLook is the world of plan. Without a folder there is still etcd's half to look
// at; with a CA's key at hand, the folder is the empty one that apply would begin with.
func (c *planning) enterToLook(ctx context.Context) (*session, error) {
	p, err := c.readPolicy()
	if err != nil {
		return nil, err
	}
	look := c.connection
	look.onlyReads = true
	return c.enter(ctx, p, look, c.orScratch(c.caKey, orNone(c.lookedAt)))
}

// enterToChange is the world of apply, which makes no CA, and so no folder unless the
// policy names an external CA.
func (c *planning) enterToChange(ctx context.Context) (*session, error) {
	p, err := c.readPolicy()
	if err != nil {
		return nil, err
	}
	in := orNone(c.locked)
	if !p.Certificates.CA.IsZero() {
		in = c.made
	}
	return c.enter(ctx, p, c.connection, in)
}

type planOptions struct {
	planning
	out string
}

func newPlanCommand(g *globals) *cobra.Command {
	opts := planOptions{planning: planning{globals: g}}
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show what would change, in etcd and on disk",
		Long: `Show what would change, in etcd and on disk, grouped by component, and change nothing.
Exit code 0 when there is nothing to do, 2 when there is. With --out the plan is saved:
"lockstep apply FILE" then does exactly this, or nothing.`,
		Example: `  lockstep plan
  lockstep plan --prune --out reviewed.json
  lockstep plan -o json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return runPlan(cmd.Context(), opts) },
	}
	opts.planning.flags(cmd.Flags())
	cmd.Flags().StringVar(&opts.out, "out", "", "also save the plan to `FILE`, which must not exist; it holds no secret")
	return cmd
}

func runPlan(ctx context.Context, opts planOptions) error {
	permitted, err := opts.permitted()
	if err != nil {
		return err
	}
	s, err := opts.enterToLook(ctx)
	if err != nil {
		return err
	}
	defer s.leave()
	p, err := bootstrap.Propose(ctx, s.World, permitted)
	s.pause()
	if err != nil {
		return err
	}
	answer := view.Plan{Plan: p, Of: s.Policy, Verbose: opts.verbose}
	if opts.out != "" {
		if err := savePlan(opts.out, answer); err != nil {
			return err
		}
	}
	if err := opts.answer(answer); err != nil {
		return err
	}
	if !p.InStep() {
		return hint.Pending(cure(p), "not in step")
	}
	return nil
}

// cure is the command that does what a plan shows.
func cure(p *change.Plan) string {
	flags := flagsOf(p)
	switch {
	case flags == "" && p.Empty():
		return "It waits for what the plan names."
	case flags == "":
		return "lockstep apply does it."
	case p.Empty():
		return "lockstep apply " + flags + " does it, if you mean it."
	}
	return "lockstep apply does it; what needs a flag is done by lockstep apply " + flags + ", if you mean it."
}

// flagsOf is the flags that permit everything: --adopt=recreate includes --adopt.
func flagsOf(p *change.Plan) string {
	needs := p.Needs()
	var flags []string
	for _, n := range needs {
		if n != pending.Adopt || !slices.Contains(needs, pending.Recreate) {
			flags = append(flags, view.Flag(n))
		}
	}
	slices.Sort(flags)
	return strings.Join(flags, " ")
}

// savePlan never overwrites: a plan that was reviewed stays what it was.
func savePlan(path string, p view.Plan) error {
	var text bytes.Buffer
	if err := view.NewPrinter(&text, view.JSON, false).Print(p); err != nil {
		return err
	}
	name := filepath.Base(path)
	err := disk.New(filepath.Dir(path), "."+name+"."+rand.Text()+".new", name, text.Bytes(), 0o644)
	if errors.Is(err, fs.ErrExist) {
		return hint.Refuse("Name another file, or delete it first.", "%s exists and is not overwritten", path)
	}
	if err != nil {
		return fmt.Errorf("saving the plan: %w", err)
	}
	return nil
}
