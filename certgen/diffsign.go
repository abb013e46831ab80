package certgen

import (
	"crypto"
	"crypto/x509"
	"maps"
	"slices"
	"strings"
	"time"

	"lockstep/policies"
)

// DiffSign plans the certificate prof of a component, one of p's, for a key that the component
// keeps: the certificate without the key, and the files beside it. It is asked for by
// name, so one that is there is replaced. The CAs must exist.
func DiffSign(p *policies.Policy, prof Profile, key crypto.PublicKey, s State, now time.Time) Plan {
	all, dir := Desired(p), prof.Place().Folder()
	outside := func(name string) bool { return PlaceOf(name).Folder() != dir }
	w := Wanted{Profiles: authoritiesOf(p), Files: all.Files, Copies: all.Copies}
	maps.DeleteFunc(w.Files, func(name string, _ []byte) bool { return outside(name) })
	maps.DeleteFunc(w.Copies, func(name string, _ CA) bool { return outside(name) })
	s.Unfinished = slices.DeleteFunc(slices.Clone(s.Unfinished), outside)
	d := newDiffer(w, s, now)
	d.authorities()
	if len(d.plan.Steps) > 0 {
		return unmade(prof, "the certificate of "+NameOf(prof.Path))
	}
	d.unfinished()
	d.password(prof)
	d.sign(prof, key)
	d.files()
	return d.plan
}

// sign plans the certificate of a request. The policy's kind of key is for keys that
// lockstep makes.
func (d *differ) sign(p Profile, key crypto.PublicKey) {
	v := d.views[p.CA]
	if v == nil || v.blocked || !d.suits(p, v) {
		return
	}
	p.Key = AlgorithmOf(key)
	d.signed(v, Step{Action: Sign, Profile: p, Key: key, Reason: replaced(d.state.Pairs[p.Path], key)})
}

// replaced says what becomes of what is in a signed certificate's place.
func replaced(pair Pair, key crypto.PublicKey) string {
	var texts []string
	if pair.Leaf != nil || pair.Problem != "" {
		texts = append(texts, "the certificate that is there goes to retired/")
	}
	switch {
	case pair.Key == KeyAbsent:
	case pair.Key == KeyMatches && sameKey(key, pair.Leaf):
		texts = append(texts, "the key that is there stays: the request was made with it")
	default:
		texts = append(texts, "the key that is there is deleted when the new certificate replaces it")
	}
	if len(texts) == 0 {
		return Missing
	}
	return strings.Join(texts, "; ")
}

// sameKey reports whether cert is for the public key.
func sameKey(key crypto.PublicKey, cert *x509.Certificate) bool {
	own, ok := key.(interface{ Equal(crypto.PublicKey) bool })
	return cert != nil && ok && own.Equal(cert.PublicKey)
}
