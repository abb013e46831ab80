package bootstrap

import (
	"context"
	"fmt"
	"path"
	"slices"

	"lockstep/bootstrap/world"
	"lockstep/certgen"
	"lockstep/policies/hint"
	"lockstep/roles"
)

// Apply makes the proposal, asks confirm, and executes exactly that: certificates,
// roles and users, then certificates of removed components to retired/. It ends by
// looking again. What somebody else changes in etcd meanwhile is not answered with
// steps that nobody saw: that is a hint.Refused error before the first step, and a
// hint.NotInStep error after it.
func Apply(ctx context.Context, w *world.World, allow Allowed, confirm func(*Proposal) error) (*Proposal, error) {
	if w.Folder == nil {
		return nil, hint.Refuse("Run it where the PKI folder is, or name it with --pki.",
			"there is no PKI folder here: certificates would fall out of step with etcd, and nobody could tell whose users are whose")
	}
	r, err := newApply(w, allow)
	if err != nil {
		return nil, err
	}
	defer r.close()
	p, err := r.propose(ctx)
	if err != nil {
		return p, err
	}
	if err := refuseRevived(p.Roles); err != nil || p.Empty() {
		return p, err
	}
	if err := confirm(p); err != nil {
		return p, err
	}
	if err := r.refuseStale(ctx, p); err != nil {
		return p, err
	}
	return p, r.execute(ctx, p)
}

// execute carries the proposal out. Up: certificates first. Down: a certificate goes
// last, when nothing in etcd answers to it any more.
func (r *run) execute(ctx context.Context, p *Proposal) error {
	up := certgen.Plan{Steps: p.Certificates.Steps}
	if err := r.applyCertificates(ctx, up); err != nil {
		return err
	}
	r.sayChanged(up.Steps)
	r.plan = p.Plan
	if err := r.convergeReviewed(ctx, p.Roles); err != nil {
		return err
	}
	return r.applyCertificates(ctx, certgen.Plan{Steps: p.Retire})
}

// sayChanged names the folders that lie on members' hosts or with components already
// and are not the same any more.
func (r *run) sayChanged(steps []certgen.Step) {
	r.sayChangedFolders(keep(steps, func(s certgen.Step) bool { return !s.OfComponent() }))
	said := ""
	for _, s := range keep(steps, certgen.Step.OfComponent) {
		if dir := path.Dir(s.Path()); s.Outdates() && dir != said {
			r.Say("certificates", "%s has changed: copy it to its component again", dir)
			said = dir
		}
	}
}

// keep is the steps for which wanted holds.
func keep(steps []certgen.Step, wanted func(certgen.Step) bool) []certgen.Step {
	return slices.DeleteFunc(slices.Clone(steps), func(s certgen.Step) bool { return !wanted(s) })
}

// convergeReviewed is convergeRoles that does only what reviewed lists.
func (r *run) convergeReviewed(ctx context.Context, reviewed roles.Plan) error {
	r.mayFollow = onlyListed(reviewed)
	return r.convergeRoles(ctx)
}

// onlyListed judges the plans that follow reviewed: after a lost answer some of it is
// left to do, and everything else is somebody else's doing.
func onlyListed(reviewed roles.Plan) func(next roles.Plan) error {
	listed := map[string]bool{}
	for _, s := range reviewed.Steps {
		listed[s.String()] = true
	}
	return func(next roles.Plan) error {
		for _, s := range next.Steps {
			if !listed[s.String()] {
				return hint.Pending("lockstep plan shows how things are now.",
					"somebody else changed etcd's users or roles meanwhile; what was shown has been done, and this was not shown: %s (%s)", s, s.Reason)
			}
		}
		return nil
	}
}

// refuseStale stops when etcd has changed while somebody thought about the proposal.
// authRevision tells, at the price of one call or two (fact 25).
func (r *run) refuseStale(ctx context.Context, p *Proposal) error {
	ctx, cancel := context.WithTimeout(ctx, r.CallTimeout)
	defer cancel()
	now, err := r.etcd.ObserveSome(ctx, nil, nil, func(string) bool { return false })
	if err != nil {
		return fmt.Errorf("looking whether etcd is still as it was: %w", err)
	}
	if now.Revision != p.Roles.Revision || now.Enabled != p.Enabled {
		return hint.Refuse("Nothing was changed. Run the same command again.",
			"etcd's users or roles have changed since the plan was made (authRevision %d, now %d)", p.Roles.Revision, now.Revision)
	}
	return nil
}
