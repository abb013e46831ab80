package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"reflect"

	"github.com/spf13/cobra"

	"lockstep/bootstrap"
	"lockstep/bootstrap/change"
	"lockstep/cmd/lockstep/view"
	"lockstep/policies/hint"
)

type applyOptions struct {
	planning
	saved string // path of a reviewed plan; "" for none
}

func newApplyCommand(g *globals) *cobra.Command {
	opts := applyOptions{planning: planning{globals: g}}
	cmd := &cobra.Command{
		Use:   "apply [FILE]",
		Short: "Make etcd and the PKI folder equal to the policy",
		Long: `Make etcd and the PKI folder equal to the policy: show the plan, ask, do exactly that,
and look again. It never makes a CA and never turns auth on: bootstrap does. With FILE,
a plan that "lockstep plan --out FILE" saved, it makes the plan anew and does it only if
it is the same, on the same cluster, policy and state (else exit code 3).`,
		Example: `  lockstep apply
  lockstep plan --out reviewed.json && lockstep apply reviewed.json
  lockstep apply --prune --yes`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				opts.saved = args[0]
			}
			return runApply(cmd.Context(), opts)
		},
	}
	opts.planning.flags(cmd.Flags())
	return cmd
}

func runApply(ctx context.Context, opts applyOptions) error {
	permitted, err := opts.permitted()
	if err != nil {
		return err
	}
	var reviewed *view.PlanDocument
	if opts.saved != "" {
		if reviewed, err = readPlan(opts.saved); err != nil {
			return err
		}
	}
	s, err := opts.enterToChange(ctx)
	if err != nil {
		return err
	}
	defer s.leave()
	operator := reviewer{terminal{opts.globals, s}, reviewed}
	done, err := bootstrap.Apply(ctx, s.World, permitted, operator)
	s.pause()
	if err != nil {
		return err
	}
	if reviewed != nil && done.Empty() {
		if err := compare(*reviewed, operator.view(done)); err != nil {
			return err
		}
	}
	if err := opts.answer(view.Plan{Plan: done, Of: s.Policy, Applied: true}); err != nil {
		return err
	}
	switch flags := flagsOf(done); {
	case flags != "":
		return hint.Pending("lockstep apply "+flags+" does it, if you mean it.", "not in step: something needs a flag")
	case !done.Settled():
		return hint.Pending("It waits for what the lines above name.", "not in step")
	}
	return nil
}

// reviewer is the operator of apply. A plan that was reviewed and saved is confirmed by being
// the same; without one, the terminal asks.
type reviewer struct {
	terminal
	reviewed *view.PlanDocument // nil for none
}

// Confirm implements change.Operator.
func (r reviewer) Confirm(ctx context.Context, p *change.Plan) error {
	if r.reviewed == nil {
		return r.terminal.Confirm(ctx, p)
	}
	r.session.pause()
	if err := compare(*r.reviewed, r.view(p)); err != nil {
		return err
	}
	r.beginChange()
	return nil
}

// readPlan reads a saved plan, for comparing only.
func readPlan(path string) (*view.PlanDocument, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the saved plan: %w", err)
	}
	var d view.PlanDocument
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, hint.With(fmt.Errorf("reading the saved plan %s: %w", path, err), "lockstep plan --out FILE saves one.")
	}
	if d.FormatVersion != view.FormatVersion || d.Kind != "Plan" || d.Fingerprint == "" {
		return nil, hint.With(fmt.Errorf("%s is no saved plan of this version (%s, kind %q)", path, d.FormatVersion, d.Kind), "lockstep plan --out FILE saves one.")
	}
	return &d, nil
}

// compare demands that what would be done now is what was reviewed, word for word.
func compare(reviewed view.PlanDocument, current view.Plan) error {
	const advice = "Nothing was changed. Make, review and apply a new plan."
	now := current.Saved()
	reviewed.More, now.More = nil, nil // what else verify finds is no part of what is done
	switch {
	case reviewed.ClusterID != now.ClusterID:
		return hint.Refuse(advice, "the saved plan was made for cluster %s, and this is %s", reviewed.ClusterID, now.ClusterID)
	case reviewed.Policy != now.Policy:
		return hint.Refuse(advice, "the policy is not the one that the saved plan was made of")
	case reviewed.AuthRevision != now.AuthRevision, reviewed.Observed != now.Observed:
		return hint.Refuse(advice, "etcd's users or roles have changed since the plan was saved (authRevision %d, now %d)", reviewed.AuthRevision, now.AuthRevision)
	case reviewed.Folder != now.Folder:
		return hint.Refuse(advice, "the PKI folder has changed since the plan was saved")
	case reviewed.Fingerprint != now.Fingerprint:
		return hint.Refuse(advice, "what is to do is not what the saved plan shows: it was made with other flags, or a certificate has run out since")
	case !reflect.DeepEqual(reviewed, now):
		return hint.Refuse(advice, "the saved plan was edited, or another version of lockstep made it: it does not show what would be done")
	}
	return nil
}
