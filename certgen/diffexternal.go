package certgen

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"maps"
	"slices"
	"strings"

	"lockstep/policies/count"
)

// takeIn takes in a CA that others made. The folder keeps its certificate, so that
// another file under the same name is found out.
func (d *differ) takeIn(p Profile, v *view) {
	pair := d.state.Pairs[p.Path]
	d.plan.ExternalCA = p.ExternalCA
	v.keyless = pair.Key == KeyAbsent && !d.state.HasKey
	v.cert, v.trust = d.state.ExternalCA.Current, d.state.ExternalCA
	switch {
	case v.cert == nil:
		d.blockView(v, "the CA that certificates.ca names was not read")
	case pair.Problem != "":
		d.blockView(v, "%s.crt cannot be read (%s): bring back the right file from a copy", p.Path, pair.Problem)
	case pair.Leaf == nil && pair.Key != KeyAbsent:
		d.blockView(v, "%s.key is here without its certificate, and certificates.ca names another CA: move the key away, or leave out certificates.ca", p.Path)
	case pair.Leaf != nil && !SameCA(pair.Leaf, v.cert):
		d.otherCA(p, v, pair)
	default:
		d.existing(p, v)
		d.bring(p, v, pair.Leaf)
	}
}

// otherCA judges a folder that holds another CA than the external one. An
// earlier external CA gives way while nothing here came from it: it was the
// wrong file, and nothing is lost with its copy.
func (d *differ) otherCA(p Profile, v *view, pair Pair) {
	held := fmt.Sprintf("ca/ holds the CA %q, and certificates.ca names %q (%s)", pair.Leaf.Subject, v.cert.Subject, p.ExternalCA)
	from := d.state.From(pair.Leaf)
	switch {
	case pair.Key != KeyAbsent || madeHere(pair.Leaf, p.CA):
		d.blockView(v, "%s: leave out certificates.ca to stay with lockstep's own CAs, or bootstrap with another folder (--pki)", held)
	case len(from) > 0 && !v.trust.Holds(pair.Leaf):
		d.blockView(v, "%s, but %s here came from the first (%s): name the first one again, or begin in another folder (--pki); a CA is never replaced",
			held, count.Of(len(from), "file"), shortened(from))
	default:
		d.existing(p, v)
		d.bring(p, v, pair.Leaf)
	}
}

// bring plans that the folder holds v's certificate; held is the one that it has, nil for
// none.
func (d *differ) bring(p Profile, v *view, held *x509.Certificate) {
	if v.blocked || held != nil && held.Equal(v.cert) {
		return
	}
	s := Step{Action: TakeInCA, Profile: p, Content: EncodeCertificate(v.cert), Reason: Missing}
	switch {
	case held == nil:
	case SameCA(held, v.cert):
		s.Reason = "its owner has renewed it, with the same key"
	case v.trust.Holds(held):
		s.Reason = fmt.Sprintf("it signs from now on; %q is trusted still", held.Subject)
	default:
		s.Reason = fmt.Sprintf("instead of %q, from which nothing came", held.Subject)
	}
	d.step(s)
}

// blockView blocks a CA: nothing that it would sign is planned.
func (d *differ) blockView(v *view, format string, args ...any) {
	v.blocked = true
	d.block(v, format, args...)
}

// From is the paths of what is here because of ca: certificates that it signed, retired
// ones, and lists in which it revoked something. Canaries do not count: like a list that revokes
// nothing else they are made again at any time.
func (s State) From(ca *x509.Certificate) []string {
	var found []string
	for _, name := range slices.Sorted(maps.Keys(s.Pairs)) {
		leaf := s.Pairs[name].Leaf
		if leaf != nil && Locate(name+".crt").Pair != "" && serves(name) && signedBy(leaf, ca) {
			found = append(found, name+".crt")
		}
	}
	for _, r := range s.Retired {
		if r.Identity != retiredCanary && signedBy(r.Leaf, ca) {
			found = append(found, r.Path())
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Files)) {
		list, err := x509.ParseRevocationList(s.Files[name])
		if err == nil && Locate(name).Purpose == ForCRL && revokes(list) > 0 && list.CheckSignatureFrom(WithCRLSign(ca)) == nil {
			found = append(found, name)
		}
	}
	return found
}

// madeHere reports whether cert has the name that lockstep gives its own CAs: the name ends
// in the purpose and the key's identifier.
func madeHere(cert *x509.Certificate, ca CA) bool {
	id, err := KeyID(cert.PublicKey)
	return err == nil && strings.HasSuffix(cert.Subject.CommonName, nameTail(ca, id))
}

// nameTail is the end of the CN of a CA that lockstep makes, from its purpose and the
// identifier of its key: " client CA 1a2b3c4d".
func nameTail(ca CA, id []byte) string { return fmt.Sprintf(" %s CA %x", ca, id[:4]) }

// left reports whether ca/ holds the copies of the external CA of an earlier policy:
// lockstep's own CAs are never the same certificate.
func (s State) left() bool {
	client, server := s.Pairs[CAPath(ClientCA)], s.Pairs[CAPath(ServerCA)]
	return client.Leaf != nil && server.Leaf != nil && client.Leaf.Equal(server.Leaf) && client.Key == KeyAbsent && server.Key == KeyAbsent
}

// SameCA reports whether a and b are one CA: what the one has signed is good under the
// other.
func SameCA(a, b *x509.Certificate) bool {
	return bytes.Equal(a.RawSubject, b.RawSubject) && bytes.Equal(a.RawSubjectPublicKeyInfo, b.RawSubjectPublicKeyInfo)
}
