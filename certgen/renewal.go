package certgen

import (
	"slices"
	"time"

	"lockstep/policies"
	"lockstep/policies/pending"
)

// Renewal is certificates that the operator wants anew, valid or not.
type Renewal struct {
	Paths  []string // the Profile.Path of each
	Rekey  bool     // with new keys; otherwise for the same keys
	Revoke bool     // and the certificates of the former keys come on the revocation lists
}

// asked is the reason of a step that the operator wants without a defect.
const asked = "it was asked for"

// DiffRenewal plans r. A certificate that cannot be renewed, because the policy does not name
// it, it is external, missing, or not only its time is wrong, is a pending step that needs the
// operator or its issuer. The CAs must exist.
func DiffRenewal(p *policies.Policy, r Renewal, s State, now time.Time) Plan {
	d := newDiffer(Desired(p), s, now)
	d.authorities()
	if slices.ContainsFunc(d.plan.Steps, func(s Step) bool { return s.Action == MakeCA || s.Action == TakeInCA }) {
		return Plan{Pending: []Pending{{Step: Step{Action: Repair}, Needs: pending.Operator,
			Reason: "a certificate needs its CA, which has not been made yet: bootstrap the cluster first"}}}
	}
	d.plan.Steps = nil // of a CA that is there: apply does them
	d.unfinished()
	paths := map[string]bool{}
	for _, path := range r.Paths {
		paths[path] = true
	}
	meant := slices.DeleteFunc(slices.Clone(d.wanted.Profiles), func(p Profile) bool { return p.Kind == KindCA || !paths[p.Path] })
	d.judgeAhead(meant)
	for _, p := range meant {
		d.renewal(p, r.Rekey)
	}
	if r.Revoke {
		d.revokeFormer()
	}
	return d.plan
}

// renewal plans one certificate that is wanted anew.
func (d *differ) renewal(p Profile, rekey bool) {
	v, pair := d.views[p.CA], d.state.Pair(p)
	s := Step{Action: Reissue, Profile: p, Reason: asked}
	switch {
	case v == nil || v.blocked:
		return // the CA's own sentence tells why
	case p.External != "":
		s.Action = Renew
		d.wait(pending.Issuer, s, NotNoted)
		return
	case pair.Leaf == nil && pair.Problem == "" && pair.Key == KeyAbsent:
		s.Action = Issue
		d.wait(pending.Operator, s, "there is no certificate yet")
		return
	case !d.suits(p, v):
		return
	}
	ca := v.trust.Of(pair.Leaf)
	s.Carries = d.carries(p, pair, ca)
	if !rekey {
		if fault := d.fault(p, pair, ca); fault != "" && (!s.Carries || !pair.usable()) {
			d.wait(pending.Operator, s, fault)
			return
		}
		s.Action, s.Early = Renew, d.now.Before(pair.Leaf.NotAfter)
		s.Profile.Key = AlgorithmOf(pair.Leaf.PublicKey)
	}
	if rekey && p.Password && !v.keyless {
		d.step(Step{Action: MakePassword, File: p.Place().In(PasswordFile).String(), Reason: asked})
	}
	d.signed(v, s)
}

// revokeFormer plans the records and lists of each certificate that gets another key, and of
// those that were retired with the same key. They are written first: after a crash a former key
// must not be forgotten.
func (d *differ) revokeFormer() {
	steps := d.plan.Steps
	d.plan.Steps = nil
	lists := map[CA]bool{}
	for _, s := range steps {
		leaf := d.state.Pair(s.Profile).Leaf
		if s.Action != Reissue || leaf == nil {
			continue
		}
		former := []RevokedCertificate{{Leaf: leaf, Lists: d.state.ListsNaming(leaf)}}
		for _, r := range d.state.Retired {
			if sameKey(leaf.PublicKey, r.Leaf) && d.now.Before(r.Leaf.NotAfter) {
				former = append(former, RevokedCertificate{Leaf: r.Leaf, Lists: d.state.ListsNaming(r.Leaf)})
			}
		}
		record := Retired{Identity: s.Profile.Identity, Revoked: true, Alone: true}
		d.plan.Steps = append(d.plan.Steps, d.state.records(former, record)...)
		d.state = d.state.recorded(former, record)
		for _, c := range former {
			for _, ca := range c.Lists {
				lists[ca] = true
			}
		}
	}
	for _, ca := range CAs() {
		if lists[ca] {
			d.wanted.CRLs[CRLFile(ca)] = ca
			d.revocationLists(ca)
		}
	}
	d.plan.Steps = append(d.plan.Steps, steps...)
}
