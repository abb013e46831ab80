package bootstrap

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"

	"lockstep/bootstrap/world"
	"lockstep/certgen"
	"lockstep/policies/hint"
	"lockstep/roles"
)

// Proposal is everything that would make etcd and the PKI folder equal to the policy,
// made without changing anything. What identifies it pins what it was made on: a saved
// proposal holds only if making it again gives the same Fingerprint.
type Proposal struct {
	Plan
	ClusterID uint64
	Policy    string // digest of the policy's meaning, hex
	Observed  string // digest of etcd's users and roles as they were found, hex
	Enabled   bool   // auth is on
}

// Allowed is what the operator allows beyond the plain difference. The zero value
// allows nothing.
type Allowed struct {
	roles.Allow
	ReuseName bool // add a user although an earlier certificate in its name is still valid
}

// Propose looks at both halves. It makes no CA and does not turn auth on; a folder or
// cluster that needs that is refused.
func Propose(ctx context.Context, w *world.World, allow Allowed) (*Proposal, error) {
	r, err := newApply(ctx, w, allow)
	if err != nil {
		return nil, err
	}
	defer r.close()
	return r.propose(ctx)
}

// Apply makes the proposal, asks Confirm, and executes exactly that: certificates,
// roles and users, then certificates of removed components to retired/. It ends by
// looking again.
func Apply(ctx context.Context, w *world.World, allow Allowed, confirm func(*Proposal) error) (*Proposal, error) {
	r, err := newApply(ctx, w, allow)
	if err != nil {
		return nil, err
	}
	defer r.close()
	p, err := r.propose(ctx)
	if err != nil || p.Empty() {
		return p, err
	}
	if err := confirm(p); err != nil {
		return p, err
	}
	return p, r.execute(ctx, p)
}

// newApply connects. Whose users are ours the folder tells.
func newApply(ctx context.Context, w *world.World, allow Allowed) (*run, error) {
	if w.Folder == nil {
		return nil, hint.Refuse("Run it where the PKI folder is, or name it with --pki.", "without a PKI folder nobody can tell whose users are whose")
	}
	state, err := w.Folder.Observe()
	if err != nil {
		return nil, fmt.Errorf("reading the PKI folder: %w", err)
	}
	owned, err := ownership(state)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, hint.Refuse("lockstep bootstrap makes the CAs; apply never does.", "the PKI folder holds no client CA")
	}
	if err != nil {
		return nil, err
	}
	r := &run{World: w, desired: roles.Desired(w.Policy), folder: state, owned: owned, allow: allow.Allow, reuseName: allow.ReuseName}
	return r, r.connect(ctx)
}

func (r *run) propose(ctx context.Context) (*Proposal, error) {
	certificates, err := r.certificatePlan()
	if err != nil {
		return nil, err
	}
	if err := refuseCAs(certificates); err != nil {
		return nil, err
	}
	observed, err := r.observe(ctx)
	if err != nil {
		return nil, err
	}
	id, err := r.etcd.ClusterID(ctx)
	if err != nil {
		return nil, fmt.Errorf("asking for the cluster's ID: %w", err)
	}
	p := &Proposal{ClusterID: id, Policy: r.Policy.Digest.String(), Observed: digest(observed), Enabled: observed.Enabled}
	p.Roles = r.rolesPlan(observed, nil)
	if !r.reuseName {
		if err := refuseRevival(r.folder, p.Roles, r.Now()); err != nil {
			return nil, err
		}
	}
	p.Certificates = certificates
	if !r.allow.Prune {
		p.Certificates.Removable = nil
	}
	return p, nil
}

// refuseCAs stops what only bootstrap may do, and what nothing may.
func refuseCAs(p certgen.Plan) error {
	for _, s := range p.Steps {
		if s.Action == certgen.MakeCA {
			return hint.Refuse("lockstep bootstrap makes the CAs; apply never does.", "the %s CA is not in the PKI folder", s.Profile.CA)
		}
	}
	if len(p.Blocked) > 0 {
		return hint.Refuse("", "the PKI folder needs you: %s", p.Blocked[0])
	}
	return nil
}

// execute carries the proposal out. Up: certificates first. Down: a certificate goes
// last, when nothing in etcd answers to it any more.
func (r *run) execute(ctx context.Context, p *Proposal) error {
	up := certgen.Plan{Steps: p.Certificates.Steps}
	if err := r.applyCertificates(ctx, up); err != nil {
		return err
	}
	r.sayChangedFolders(up.Steps)
	r.plan = p.Plan
	if err := r.convergeRoles(ctx); err != nil {
		return err
	}
	return r.applyCertificates(ctx, certgen.Plan{Steps: p.Certificates.Removable})
}

// Steps counts what will be done, retired certificates included.
func (p *Proposal) Steps() int { return p.Plan.Steps() + len(p.Certificates.Removable) }

// Empty reports whether there is nothing to do. What is refused may still be there.
func (p *Proposal) Empty() bool { return p.Steps() == 0 }

// InStep reports whether there is nothing to do and nothing that would have to be allowed.
func (p *Proposal) InStep() bool { return p.Empty() && len(p.Roles.Refused) == 0 }

// Fingerprint is one number for what the proposal does and what it was made on. It
// holds no secret; two proposals with the same one do the same to the same.
func (p *Proposal) Fingerprint() string {
	steps := []string{}
	for _, s := range p.Certificates.Steps {
		steps = append(steps, s.String())
	}
	for _, s := range p.Roles.Steps {
		steps = append(steps, s.String())
	}
	for _, s := range p.Certificates.Removable {
		steps = append(steps, s.String())
	}
	return digest([]any{p.ClusterID, p.Policy, p.Observed, p.Roles.Revision, steps})
}

// digest is the SHA-256 of a value made of structs, slices, strings and numbers, hex.
// Go syntax keeps apart what JSON would not: keys in etcd are bytes, not always UTF-8.
func digest(v any) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%#v", v))
	return hex.EncodeToString(sum[:])
}
