package bootstrap

import (
	"context"

	"lockstep/bootstrap/change"
	"lockstep/bootstrap/world"
	"lockstep/policies/hint"
)

// Propose looks at both halves and plans what would make them equal to the policy. It makes
// no CA and does not turn auth on; a folder that needs a CA is refused. Without a PKI folder
// it plans etcd's half alone, as the administrator that the world names.
func Propose(ctx context.Context, w *world.World, permitted change.Permitted) (*change.Plan, error) {
	c, err := change.Open(w, change.Scope{Policy: w.Policy, Permitted: permitted}, nil)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.Propose(ctx)
}

// Apply makes the plan, asks the operator, and executes exactly that: certificates, roles
// and users, then certificates of removed components to retired/. It ends by looking again.
// What another client changes in etcd meanwhile is not answered with steps that the operator
// did not confirm: that is a hint.Refused error before the first step, and a hint.NotInStep
// error after it.
func Apply(ctx context.Context, w *world.World, permitted change.Permitted, o change.Operator) (*change.Plan, error) {
	if w.Folder == nil {
		return nil, hint.Refuse("Run it where the PKI folder is, or name it with --pki.",
			"there is no PKI folder here: certificates would fall out of step with etcd, and nothing would tell which users lockstep made")
	}
	c, err := change.Open(w, change.Scope{Policy: w.Policy, Permitted: permitted, Reviewed: true}, o)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	p, err := c.Propose(ctx)
	if err != nil {
		return p, err
	}
	if permitted.Prune {
		if err := change.RefuseReused(p.Roles); err != nil {
			return p, err // nothing is removed while a component waits for its user
		}
	}
	if p.Empty() {
		return p, nil
	}
	return p, change.Do(ctx,
		func(ctx context.Context) error { return c.Confirm(ctx, p) },
		func(ctx context.Context) error { return c.RefuseStale(ctx, p) },
		func(ctx context.Context) error { return c.Write(ctx, p.Certificates.Steps) }, // up: certificates first
		func(context.Context) error {
			c.SayHosts(p.Certificates.Steps)
			c.SayComponents(p.Certificates.Steps)
			return nil
		},
		func(ctx context.Context) error { return c.Converge(ctx, p.Roles) },
		func(ctx context.Context) error { return c.Note(ctx, p.Roles.Revision) },
		func(ctx context.Context) error { return c.Write(ctx, p.Retire) }, // down: when no user of etcd has that name any more
	)
}
