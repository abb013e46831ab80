package certgen

import (
	"cmp"
	"crypto/x509"
	"fmt"

	"lockstep/policies"
)

// ExternalRotation is how far the owner of an external CA is with replacing it by another one.
type ExternalRotation struct {
	Stage Stage  // none: the policy names one CA; next: the old one signs; previous: the new one signs
	Found string // how things are, as a sentence
	Waits []Wait // what has to be done first
	Do    string // what the operator and the owner do then, as imperative sentences
	Write string // the line of the policy that follows
}

// RotateExternal looks how far the owner of the CA that p names is with replacing it. ports are
// the client ports of members and proxies. lockstep has no part in it but to trust what the
// policy names and to sign with the first one.
func RotateExternal(p *policies.Policy, ports []Port, s State) ExternalRotation {
	set, c := s.ExternalCA, p.Certificates
	other := cmp.Or(set.Next, set.Previous)
	r := rotation{policy: p, choice: Choice{CA: ClientCA}, ports: ports, state: s}
	switch {
	case other == nil:
		return ExternalRotation{
			Stage: StageNone, Found: fmt.Sprintf("%s is external, and its owner replaces it", c.CA.Path),
			Do:    "The owner makes a new CA with a key and a subject of its own, and has the members trust both. Name both in the policy.",
			Write: fmt.Sprintf("ca: {cert: [%s, NEW.pem]}", c.CA.Path),
		}
	case !s.replaced(other, set):
		return ExternalRotation{
			Stage: StageNext, Found: fmt.Sprintf("%s is trusted beside %s, and does not sign yet", c.OtherCA.Path, c.CA.Path),
			Waits: r.unready(func(p Port) string { return r.untrusting(p, other) }),
			Do:    "Copy ca.crt to each component, which then trusts servers of both. Then write the new CA first in the policy, and give its key by --ca-key.",
			Write: fmt.Sprintf("ca: {cert: [%s, %s]}", c.OtherCA.Path, c.CA.Path),
		}
	}
	return ExternalRotation{
		Stage: StagePrevious, Found: fmt.Sprintf("%s signs, and %s is trusted still", c.CA.Path, c.OtherCA.Path),
		Waits: append(r.unready(func(p Port) string { return r.untrusting(p, set.Current) }), r.issuedBy(other)...),
		Do:    "Copy the new certificates to the components, and give each server a certificate of the new CA. When all use their own, name the new CA alone, run lockstep apply, copy ca.crt, and have the members trust the new CA alone.",
		Write: fmt.Sprintf("ca: {cert: %s}", c.CA.Path),
	}
}

// replaced reports whether other, which is trusted beside the CA that signs, is the one that is
// replaced: it signed the first certificate of the folder. Where neither signed one, it is the
// CA that begins first.
func (s State) replaced(other *x509.Certificate, set TrustSet) bool {
	var first *x509.Certificate
	for _, leaf := range s.leaves() {
		earlier := first == nil || cmp.Or(leaf.NotBefore.Compare(first.NotBefore), leaf.NotAfter.Compare(first.NotAfter)) < 0
		if earlier && (signedBy(leaf, other) || signedBy(leaf, set.Current)) {
			first = leaf
		}
	}
	if first == nil {
		return set.Previous != nil
	}
	return signedBy(first, other)
}

// leaves is the certificates of the folder that are no CA, those in retired/ included.
func (s State) leaves() (all []*x509.Certificate) {
	for _, p := range s.Pairs {
		if p.Leaf != nil && !p.Leaf.IsCA {
			all = append(all, p.Leaf)
		}
	}
	for _, r := range s.Retired {
		if !r.Leaf.IsCA {
			all = append(all, r.Leaf)
		}
	}
	return all
}

// issuedBy is the certificates that ca signed and that are to be made anew by the other one.
func (r rotation) issuedBy(ca *x509.Certificate) []Wait {
	var waits []Wait
	for _, p := range Desired(r.policy).Profiles {
		leaf := r.state.Pair(p).Leaf
		if p.Kind == KindCA || leaf == nil || !signedBy(leaf, ca) {
			continue
		}
		w := Wait{Name: NameOf(p.Path), Text: "has a certificate of the old CA: lockstep certs renew --all makes it anew, with --ca-key"}
		if p.External != "" {
			w.Text = fmt.Sprintf("has a certificate of the old CA, %s: its owner makes it anew", p.External)
		}
		waits = append(waits, w)
	}
	return waits
}
