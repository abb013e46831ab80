package certgen

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"maps"
	"math/big"
	"slices"

	"lockstep/policies/pending"
)

// plan is the steps of generations, and then all that follows from them: certificates, copies
// and the revocation list of the CA. Where a next generation is to be made, a stand-in shows
// what follows.
func (r rotation) plan(moves ...Step) Plan {
	after, err := r.after(moves)
	if err != nil {
		return Plan{Pending: []Pending{{Step: Step{Action: Repair}, Reason: err.Error(), Needs: pending.Operator}}}
	}
	w := Desired(r.policy)
	if _, found := after.Files["root/ca.crt"]; found {
		w.Copies["root/ca.crt"] = ServerCA
	}
	d := newDiffer(w, after, r.now)
	d.rotates = true
	d.unfinished()
	d.plan.Steps = append(d.plan.Steps, moves...)
	d.rotated(r.choice.CA)
	signs := after.Stage(r.choice.CA) != StageNext // the new CA
	if signs {
		r.successors(d)
	}
	for _, name := range slices.Sorted(maps.Keys(w.Copies)) {
		if w.Copies[name] == r.choice.CA {
			d.copyOf(name, r.choice.CA)
		}
	}
	if signs {
		d.revocationLists(r.choice.CA)
	}
	return d.plan
}

// rotated looks at the one CA that is rotated.
func (d *differ) rotated(ca CA) {
	for _, p := range d.wanted.Profiles {
		if p.CA == ca && p.Kind == KindCA {
			d.views[ca] = &view{profile: p}
			d.authority(p, d.views[ca])
		}
	}
}

// successors plans a new certificate, for the same key, in place of each one that another
// generation than the current one signed.
func (r rotation) successors(d *differ) {
	v := d.views[r.choice.CA]
	if v == nil || v.blocked || v.cert == nil {
		return
	}
	for _, p := range d.wanted.Profiles {
		if p.CA == r.choice.CA && p.Kind != KindCA {
			d.successor(p, v)
		}
	}
	if root := d.state.Pairs[RootPath].Leaf; r.choice.CA == ClientCA && root != nil && d.now.Before(root.NotAfter) {
		d.successor(RootProfile(r.policy, root.NotAfter.Sub(d.now)), v)
	}
}

// successor plans the new certificate of one place.
func (d *differ) successor(p Profile, v *view) {
	pair := d.state.Pair(p)
	if pair.Leaf == nil || signedBy(pair.Leaf, v.cert) {
		return // what is missing is issued by apply
	}
	s := Step{Action: Renew, Profile: p, Reason: fmt.Sprintf("it comes from an earlier %s CA", p.CA), Carries: d.carriesAny(p, pair, v), Early: d.now.Before(pair.Leaf.NotAfter)}
	switch {
	case p.External != "":
		d.wait(pending.Issuer, s, s.Reason)
		return
	case !d.suits(p, v):
		return
	case s.Carries && pair.usable():
		s.Profile.Key = AlgorithmOf(pair.Leaf.PublicKey)
	default:
		s.Action, s.Early = Reissue, false
	}
	d.signed(v, s)
}

// carriesAny reports whether a generation of the CA issued the present certificate for its
// user, expired or not.
func (d *differ) carriesAny(p Profile, pair Pair, v *view) bool {
	for _, ca := range append(v.trust.All(), d.state.Former(p.CA)...) {
		if d.carries(p, pair, ca) {
			return true
		}
	}
	return false
}

// after is the folder as the steps of generations will leave it.
func (r rotation) after(moves []Step) (State, error) {
	s := r.state
	s.Pairs = maps.Clone(s.Pairs)
	for _, m := range moves {
		at := func(g Generation) string { return CAPlace(r.choice.CA, g).String() }
		move := func(from, to Generation) {
			pair := s.Pairs[at(from)]
			delete(s.Pairs, at(from))
			if pair.Path = at(to); pair.Leaf != nil {
				s.Pairs[at(to)] = pair
			}
		}
		switch m.Action {
		case MakeCA:
			cert, err := standInCA(m.Profile, r)
			if err != nil {
				return s, fmt.Errorf("planning the %s CA: %w", r.choice.CA, err)
			}
			s.Pairs[at(Next)] = Pair{Path: at(Next), Leaf: cert, Key: KeyUnopened}
		case Promote, Replace:
			old := s.Pairs[at(Current)]
			old.Key, old.KeyMode = KeyAbsent, 0
			s.Pairs[at(Current)] = old
			if m.Action == Promote {
				move(Current, Previous)
			} else {
				move(Current, Dropped)
			}
			move(Next, Current)
		case Drop:
			move(Previous, Dropped)
		case Retire:
			s.Retired = append(s.Retired[:len(s.Retired):len(s.Retired)], Retired{Identity: m.Profile.Identity, Leaf: s.Pairs[m.Path()].Leaf})
			delete(s.Pairs, m.Path())
		}
	}
	return s, nil
}

// standInCA is a CA of the profile p, with a key that is forgotten.
func standInCA(p Profile, r rotation) (*x509.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	id, err := KeyID(key.Public())
	if err != nil {
		return nil, err
	}
	template, err := CATemplate(p, id, new(big.Int).Lsh(big.NewInt(1), 126), r.now)
	if err != nil {
		return nil, err
	}
	return signed(template, template, key)
}
