package bootstrap

import (
	"context"

	"lockstep/bootstrap/verify"
	"lockstep/policies/hint"
)

// conclude ends a run: the proof, then which requests the members refuse.
func (r *run) conclude(ctx context.Context) (*Result, error) {
	result, err := r.prove(ctx)
	if result.Evidence != nil && r.options.Soak > 0 {
		result.Soak = r.soak(ctx, r.countAll)
		if err == nil {
			err = result.Soak.verdict(r.wayBack())
		}
	}
	return result, err
}

// prove lets the components prove themselves on the real cluster. Findings undo nothing;
// the certificates and permissions are as the policy says, and the report says what else is
// not.
func (r *run) prove(ctx context.Context) (*Result, error) {
	e, err := verify.Gather(ctx, r.World, verify.Options{Exhaustive: r.options.Exhaustive, AcceptForeign: r.options.AcceptForeign, NoProxies: r.options.NoProxies})
	if err != nil {
		return r.result(), err
	}
	result := &Result{Changed: r.Changed, Evidence: e, Report: verify.Judge(e, verify.Checks())}
	if !result.Report.InStep() {
		return result, hint.Pending("Look at the findings above; lockstep verify repeats the proof.",
			"the cluster is set up, and not everything is proven")
	}
	return result, nil
}
