package bootstrap

import (
	"context"
	"fmt"
	"slices"

	"lockstep/bootstrap/change"
	"lockstep/bootstrap/verify"
	"lockstep/bootstrap/world"
	"lockstep/certgen"
	"lockstep/policies"
	"lockstep/policies/edit"
	"lockstep/policies/hint"
)

// Add makes the component's certificate, role and user, and lets it prove itself; of one
// instance, its certificate. The
// world's policy already names it; the policy file is written before anything else, so that
// apply would finish what a crash cuts off. Repeating it after a crash finishes the work.
func Add(ctx context.Context, w *world.World, add ComponentChange, o change.Operator) ([]verify.Proof, error) {
	component, err := component(w.Policy, "adding", add.Name)
	if err != nil {
		return nil, err
	}
	scope := change.Scope{Policy: w.Policy, Component: &component, Permitted: change.Permitted{ReuseName: add.ReuseName}}
	c, err := change.Open(w, scope, o)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	p, err := planAddition(ctx, c, component, add)
	if err != nil {
		return nil, err
	}
	p.Diff = edit.Diff(add.Before, add.After)
	if err := c.Confirm(ctx, p); err != nil {
		return nil, err
	}
	err = wholly(ctx, w,
		add.writePolicy,
		func(ctx context.Context) error { return c.Write(ctx, p.Certificates.Steps) },
		func(context.Context) error { c.SayHosts(p.Certificates.Steps); return nil },
		func(ctx context.Context) error { return c.Converge(ctx, p.Roles) },
		func(ctx context.Context) error { return c.Note(ctx, p.Roles.Revision) },
	)
	if err != nil {
		return nil, err
	}
	holders := slices.DeleteFunc(component.Holders(), func(h policies.Holder) bool { return !add.of(h.Instance) })
	proofs := verify.Prove(ctx, w, verify.Options{}, holders)
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("proving %s, which is added: %w", component.Name, err)
	}
	return proofs, nil
}

// planAddition is what adding the component needs. Conflicts are found here, before the
// first write.
func planAddition(ctx context.Context, c *change.Change, component policies.Component, add ComponentChange) (*change.Plan, error) {
	p := &change.Plan{}
	p.Certificates = certgen.Diff(certgen.Desired(c.World.Policy), c.Folder, c.World.Now())
	if err := change.RefuseCAs(p.Certificates); err != nil {
		return nil, err
	}
	if err := c.RefuseUntrusted(ctx, p.Certificates); err != nil {
		return nil, err
	}
	observed, err := c.LookAt(ctx, p)
	if err != nil {
		return nil, err
	}
	if !observed.Enabled {
		return nil, hint.Refuse("lockstep bootstrap turns it on.", "auth is off: etcd checks no permission, so nothing could be proven")
	}
	p.Roles = c.PlanRoles(observed)
	c.Accept(observed, &p.Roles)
	for _, refuse := range []func() error{
		func() error { return change.RefusePending(p.Roles) },
		func() error { return c.RefuseRevival(ctx, p.Roles) },
		func() error { return change.RefuseUncertified(p) },
		func() error { return c.RefusePasswordless(p) },
	} {
		if err := refuse(); err != nil {
			return nil, err
		}
	}
	opened := openedGateways(p.Certificates)
	own := func(s certgen.Step) bool {
		return change.Concerns(s, component.Name) && add.of(s.Place().Instance) || component.Password && opened[s.Place().Owner()] && opensGateway(s)
	}
	sayReplaced(c, p.Certificates, add)
	p.Certificates = certgen.Plan{Steps: change.Keep(p.Certificates.Steps, own)}
	return p, nil
}

// openedGateways is the members that get the certificate of their HTTP gateway: no component
// needed it before.
func openedGateways(p certgen.Plan) map[certgen.Place]bool {
	opened := map[certgen.Place]bool{}
	for _, s := range p.Steps {
		if s.Profile.Kind == certgen.KindGateway {
			opened[s.Place().Owner()] = true
		}
	}
	return opened
}

// opensGateway reports whether the step gives a member what its gateway needs.
func opensGateway(s certgen.Step) bool {
	return s.Profile.Kind == certgen.KindGateway || s.Place().Kind == certgen.PlaceMember && s.Action == certgen.Write && s.Place().Use == "etcd.env"
}

// sayReplaced names the certificate of the component itself, which its first instance ends.
func sayReplaced(c *change.Change, plan certgen.Plan, add ComponentChange) {
	for _, s := range plan.Removals() {
		if add.Instance != "" && change.Concerns(s, add.Name) && s.Place().Instance == "" {
			c.World.Say("certificates", "%s stays until lockstep apply --prune retires it: the component has instances now", s.Path())
		}
	}
}
