package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"lockstep/bootstrap/verify"
	"lockstep/bootstrap/world"
	"lockstep/certgen"
	"lockstep/policies"
	"lockstep/policies/hint"
	"lockstep/policies/pending"
	"lockstep/roles"
)

// Allowed is what the operator allows beyond the plain difference. The zero value
// allows nothing.
type Allowed struct {
	roles.Allow
	ReuseName bool // add a user although an earlier certificate in its name is still valid
}

// Propose looks at both halves. It makes no CA and does not turn auth on; a folder
// that needs that is refused. Without a PKI folder it looks at etcd's half alone, as
// the administrator whom the world names.
func Propose(ctx context.Context, w *world.World, allow Allowed) (*Proposal, error) {
	r, err := newApply(w, allow)
	if err != nil {
		return nil, err
	}
	defer r.close()
	return r.propose(ctx)
}

// newApply looks at the PKI folder. Whose users are ours it tells; without one, only
// users that the policy names and that have no password are.
func newApply(w *world.World, allow Allowed) (*run, error) {
	r := &run{World: w, desired: roles.Desired(w.Policy), owned: verify.OwnsNobody, allow: allow.Allow, reuseName: allow.ReuseName}
	if w.Folder == nil {
		return r, nil
	}
	state, err := w.Folder.Observe()
	if err != nil {
		return nil, err
	}
	owned, err := verify.Ownership(state)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, hint.Refuse("lockstep bootstrap makes the CAs; apply never does.", "the PKI folder holds no client CA")
	}
	if err != nil {
		return nil, err
	}
	r.folder, r.owned = state, owned
	return r, nil
}

// reach connects, also without a PKI folder, which would know the servers' CA and root,
// and says which alarms are raised.
func (r *run) reach(ctx context.Context) error {
	if a := r.Admin; r.World.Folder == nil && (a == nil || a.Servers == nil || a.Certificate == nil && a.User == "") {
		return hint.With(errors.New("there is no PKI folder here, and without it nobody knows whom to trust and who is root"),
			"lockstep bootstrap makes it, --pki names another one, and --cacert with --cert and --key (or --user) look at etcd alone.")
	}
	if err := r.connect(ctx); err != nil {
		return err
	}
	r.warnAlarms(ctx)
	return nil
}

func (r *run) propose(ctx context.Context) (*Proposal, error) {
	p := &Proposal{Policy: r.Policy.Digest.String()}
	if err := r.proposeCertificates(ctx, p); err != nil { // before etcd is asked: the folder tells which CAs to trust
		return nil, err
	}
	if err := r.reach(ctx); err != nil {
		return nil, err
	}
	observed, err := r.observe(ctx)
	if err != nil {
		return nil, err
	}
	if p.ClusterID, err = r.etcd.ClusterID(ctx); err != nil {
		return nil, fmt.Errorf("asking for the cluster's ID: %w", err)
	}
	p.Observed, p.Enabled, p.Former = digest(observed), observed.Enabled, formerComponents(r.folder, observed, r.Policy)
	uncertified := r.holdBack(observed, uncarried(p.Certificates))
	if len(uncertified) > 0 && r.allow.Prune {
		return nil, hint.Refuse("Without --prune the rest is done. The component may still use what would be removed.",
			"nothing is removed while a user waits for its certificate: user %q cannot be added yet: %s", uncertified[0].Step.User, uncertified[0].Reason)
	}
	p.Roles = r.rolesPlan(observed, nil)
	if !observed.Enabled {
		// bootstrap deletes root and adds it again, without a password, before it turns auth on.
		p.Roles.Pending = slices.DeleteFunc(p.Roles.Pending, func(waits roles.Pending) bool { return waits.Step.User == policies.Root().String() })
	}
	r.withholdCertificates(p)
	p.Accepted = r.accept(observed, &p.Roles)
	p.Notes, p.More = r.notesOfTaken(p.Roles), verify.Beyond(r.evidence(observed))
	if err := errors.Join(refuseUncarried(p.Plan), r.refuseSawing(p.Roles)); err != nil {
		return nil, err
	}
	p.Roles.Pending = append(p.Roles.Pending, uncertified...)
	if !r.reuseName {
		p.Roles = withoutRevivals(p.Roles, revivals(r.folder, p.Roles, r.Now()))
	}
	return p, nil
}

// evidence is what the plan was made of, for verify's checks.
func (r *run) evidence(observed roles.State) *verify.Evidence {
	e := &verify.Evidence{Policy: r.Policy, Now: r.Now(), Auth: &observed}
	if r.World.Folder != nil {
		e.Folder, e.Recovery = &r.folder, verify.RecoveryLeft(r.World)
	}
	return e
}

// proposeCertificates fills in the folder's half.
func (r *run) proposeCertificates(ctx context.Context, p *Proposal) error {
	if r.World.Folder == nil {
		return nil
	}
	p.Certificates = certgen.Diff(certgen.Desired(r.Policy), r.folder, r.Now())
	if err := refuseCAs(p.Certificates); err != nil {
		return err
	}
	if err := r.refuseUntrusted(ctx, p.Certificates); err != nil {
		return err
	}
	if r.allow.Prune {
		p.Retire = p.Certificates.Removals()
		p.Certificates.Pending = slices.DeleteFunc(p.Certificates.Pending, func(c certgen.Pending) bool { return c.Needs == pending.Prune })
	}
	p.Folder, p.Stray = folderDigest(r.folder), r.folder.Strays(r.Policy)
	return nil
}

// withholdCertificates makes the certificate of a component pending whose user lockstep did
// not make: with it the component would be that user, and the next run would take the user
// for one that lockstep made.
func (r *run) withholdCertificates(p *Proposal) {
	needs := map[string]pending.Needs{}
	for _, waits := range p.Roles.Pending {
		if waits.Step.TakesOver && !r.owned(waits.Step.User) {
			needs[waits.Step.User] = waits.Needs
		}
	}
	for _, c := range r.Policy.Components {
		need, waits := needs[c.User.String()]
		if !waits {
			continue
		}
		p.Certificates.Steps = slices.DeleteFunc(p.Certificates.Steps, func(s certgen.Step) bool {
			if !concerns(s, c.Name) {
				return false
			}
			p.Certificates.Pending = append(p.Certificates.Pending, certgen.Pending{Step: s, Reason: "lockstep did not make its user", Needs: need})
			return true
		})
	}
}

// refuseBlocked stops where the folder or the CA that the policy names cannot be used.
func refuseBlocked(p certgen.Plan) error {
	text := strings.Join(p.Blocked(), "; ")
	switch {
	case text == "":
		return nil
	case p.Brought != "":
		return hint.Refuse(fmt.Sprintf("certificates.ca in the policy names the CA's certificate (now %s), --ca-key its key. Nothing was written.", p.Brought), "%s", text)
	}
	return hint.Refuse("lockstep never makes a CA over an earlier one: every certificate that it signed would stop working.",
		"the PKI folder cannot be used: %s", text)
}

// refuseCAs stops what only bootstrap may do, and what nothing may.
func refuseCAs(p certgen.Plan) error {
	if err := refuseBlocked(p); err != nil {
		return err
	}
	for _, s := range p.Steps {
		if s.Action == certgen.MakeCA {
			return hint.Refuse("lockstep bootstrap makes the CAs; apply never does.", "the %s CA is not in the PKI folder", s.Profile.CA)
		}
	}
	return nil
}

// refuseSawing stops a plan that takes the power away by which it would be carried out:
// it would end half-way, and nobody might get in any more.
func (r *run) refuseSawing(p roles.Plan) error {
	own := r.AdminUser()
	for _, s := range p.Steps {
		if s.User == own && own != policies.Root().String() && (s.Action == roles.UserDelete || s.Action == roles.UserRevokeRole && s.Role == policies.RootRole().String()) {
			return hint.Refuse("Connect as root, or as another administrator.",
				"this would take the right from the user who asks for it, nothing was changed: %s", s)
		}
	}
	return nil
}
