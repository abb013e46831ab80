package change

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"lockstep/bootstrap/verify"
	"lockstep/certgen"
	"lockstep/policies"
	"lockstep/policies/hint"
	"lockstep/policies/pending"
	"lockstep/roles"
)

// Propose plans the whole policy in both halves. It makes no CA and does not turn auth on; a
// folder that needs a CA is refused. Without a PKI folder it plans etcd's half alone.
func (c *Change) Propose(ctx context.Context) (*Plan, error) {
	p := &Plan{}
	if err := c.proposeFolder(ctx, p); err != nil { // before etcd is asked: the folder tells which CAs to trust
		return nil, err
	}
	observed, err := c.LookAt(ctx, p)
	if err != nil {
		return nil, bootstrapRenews(p.Certificates, err)
	}
	if err := c.proposeRoles(ctx, p, observed); err != nil {
		return nil, err
	}
	c.PlanRestored(p, observed)
	return p, nil
}

// proposeFolder fills in the folder's half.
func (c *Change) proposeFolder(ctx context.Context, p *Plan) error {
	if c.World.Folder == nil {
		return nil
	}
	p.Certificates = certgen.Diff(certgen.Desired(c.World.Policy), c.Folder, c.World.Now())
	if err := RefuseCAs(p.Certificates); err != nil {
		return err
	}
	if err := c.RefuseUntrusted(ctx, p.Certificates); err != nil {
		return err
	}
	if err := RefuseForgotten(ctx, c.World, p.Certificates.Steps, "nothing was changed"); err != nil {
		return err
	}
	if c.Scope.Prune {
		p.Retire = p.Certificates.Removals()
		p.Certificates.Pending = slices.DeleteFunc(p.Certificates.Pending, func(x certgen.Pending) bool { return x.Needs == pending.Prune })
	}
	p.Stray = c.Folder.Strays(c.World.Policy)
	return nil
}

// proposeRoles fills in etcd's half, and what of the folder's half depends on it.
func (c *Change) proposeRoles(ctx context.Context, p *Plan, observed roles.State) error {
	c.keepOtherPasswords(p, observed)
	c.NewPasswords(p.Certificates)
	waiting := c.postponeUsers(observed, c.unready(p.Certificates), pending.Certificate) // a user is added after its certificate exists
	if len(waiting) > 0 && c.Scope.Prune {
		return hint.Refuse("Without --prune the rest is done. The component may still use what would be removed.",
			"nothing is removed while a user waits for its certificate: user %q cannot be added yet: %s", waiting[0].Step.User, waiting[0].Reason)
	}
	if !c.Scope.ReuseName {
		waiting = append(waiting, c.postponeRevived(ctx, p, observed)...)
	}
	p.Roles = c.PlanRoles(observed)
	if !observed.Enabled {
		// bootstrap deletes root and adds it again, without a password, before it turns auth on.
		p.Roles.Pending = slices.DeleteFunc(p.Roles.Pending, func(x roles.Pending) bool { return x.Step.User == policies.Root().String() })
	}
	c.sayRevived(&p.Roles)
	c.withholdCertificates(p)
	p.Accepted = c.Accept(observed, &p.Roles)
	p.Notes, p.More = NotesOfChanged(c.World.Policy, p.Roles, c.versions), verify.Beyond(c.evidence(observed), p.Certificates)
	if err := errors.Join(RefuseUncertified(p), c.RefusePasswordless(p), c.RefuseOwnLoss(p.Roles)); err != nil {
		return err
	}
	p.Roles.Pending = append(p.Roles.Pending, waiting...)
	return nil
}

// sayRevived says of each user that waits to be deleted until when a former certificate of it
// works: its removal was not finished, or etcd was restored from before it.
func (c *Change) sayRevived(p *roles.Plan) {
	for i, x := range p.Pending {
		if until := verify.FormerUntil(c.Folder, x.Step, c.World.Now()); !until.IsZero() {
			p.Pending[i].Reason += "; a former certificate of it works until " + until.UTC().Format(time.DateOnly)
		}
	}
}

// bootstrapRenews says of a member's certificate that has expired or names another host, and
// that the folder has to renew, which command renews it without asking a member.
func bootstrapRenews(plan certgen.Plan, err error) error {
	var renewed []string
	for _, s := range plan.Steps {
		if (s.Action == certgen.Reissue || s.Action == certgen.Renew) && s.Profile.Kind == certgen.KindServer {
			renewed = append(renewed, s.Path())
		}
	}
	var invalid x509.CertificateInvalidError
	var name x509.HostnameError
	if len(renewed) == 0 || !errors.As(err, &invalid) && !errors.As(err, &name) {
		return err
	}
	return hint.With(err, fmt.Sprintf("lockstep bootstrap renews %s without asking a member. Run it, copy server.crt and server.key of each to its host, and run the same command again; etcd needs no restart.",
		strings.Join(renewed, ", ")))
}

// PlanRoles is the difference between policy and etcd within the scope.
func (c *Change) PlanRoles(observed roles.State) roles.Plan {
	return c.planRoles(c.withNewPasswords(observed), nil)
}

// planRoles takes it that the users in added are as desired: this change added them.
func (c *Change) planRoles(observed roles.State, added map[string]bool) roles.Plan {
	plan := roles.Diff(c.desired, c.withKnown(observed, added), c.Owned, c.Scope.Allow)
	if c.Scope.Sweep {
		plan.Steps = append(sweep(observed), plan.Steps...)
	}
	return plan
}

// sweep deletes what interrupted runs left of their temporary superusers: the last call
// of a run that was killed may have been carried out after the next run looked.
func sweep(observed roles.State) []roles.Step {
	var steps []roles.Step
	for _, u := range observed.Users {
		if strings.HasPrefix(u.Name, roles.RecoveryPrefix) {
			steps = append(steps, roles.Step{Phase: -1, Action: roles.UserDelete, User: u.Name, Reason: "an interrupted run left this temporary superuser"})
		}
	}
	return steps
}

// withKnown marks the users that this change added as they were added.
func (c *Change) withKnown(s roles.State, added map[string]bool) roles.State {
	s.Users = slices.Clone(s.Users)
	for i, u := range s.Users {
		if want, _ := c.desired.User(u.Name); added[u.Name] && want.Password != roles.PasswordUnknown {
			s.Users[i].Password = want.Password
		}
	}
	return s
}

// Accept takes out of the plan the pending changes that the policy accepts. While auth is
// off, verify does not know which users have a password, and so nothing is accepted.
func (c *Change) Accept(observed roles.State, p *roles.Plan) []verify.AcceptedFinding {
	rest, accepted := verify.AcceptPending(c.evidence(observed), p.Pending)
	p.Pending = rest
	return accepted
}

// evidence is what the plan was made of, for verify's checks.
func (c *Change) evidence(observed roles.State) *verify.Evidence {
	e := &verify.Evidence{Policy: c.World.Policy, Now: c.World.Now(), Auth: &observed}
	if c.World.Folder != nil {
		e.Folder, e.Recovery = &c.Folder, verify.RecoveryLeft(c.World)
	}
	return e
}

// withholdCertificates makes the certificate of a component pending whose user lockstep did
// not make: with it the component would be that user, and the next run would take the user
// for one that lockstep made. So are certificate and password of one that waits to be made again
// with a password, or without: the component goes on as it is.
func (c *Change) withholdCertificates(p *Plan) {
	needs := map[string]pending.Needs{}
	for _, x := range p.Roles.Pending {
		if x.Step.TakesOver {
			needs[x.Step.User] = x.Needs
		}
	}
	for _, component := range c.World.Policy.Components {
		user, reason := component.User.String(), "lockstep did not make its user"
		need, waits := needs[user]
		switch {
		case !waits, c.Owned(user) && !changesPassword(p.Certificates, component.Name):
			continue
		case c.Owned(user):
			reason = "its user is not made again yet"
		}
		p.Certificates.Steps = slices.DeleteFunc(p.Certificates.Steps, func(s certgen.Step) bool {
			if !Concerns(s, component.Name) {
				return false
			}
			p.Certificates.Pending = append(p.Certificates.Pending, certgen.Pending{Step: s, Reason: reason, Needs: need})
			return true
		})
	}
}

// Concerns reports whether the step is in the component's folder.
func Concerns(s certgen.Step, component string) bool {
	return component != "" && s.Place().Component() == component
}
