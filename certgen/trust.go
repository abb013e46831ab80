package certgen

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io/fs"
	"maps"
	"slices"
)

// Generation tells the certificates of one CA apart while it is rotated.
type Generation string

const (
	Current  Generation = ""         // signs: ca/client.crt
	Next     Generation = "next"     // is trusted already, and does not sign yet: ca/client.next.crt
	Previous Generation = "previous" // is trusted still, and does not sign any more: ca/client.previous.crt, without a key
	Dropped  Generation = "dropped"  // is in no copy any more; a server that was not restarted trusts it still: ca/client.dropped.crt, without a key
)

// CAPlace is the place of one generation of a CA.
func CAPlace(ca CA, g Generation) Place {
	use := string(ca)
	if g != Current {
		use += "." + string(g)
	}
	return Place{Kind: PlaceCA, Use: use}
}

// TrustSet is what is trusted as one CA: more than its one certificate only while the CA is
// rotated. The zero value trusts nothing.
type TrustSet struct {
	Current, Next, Previous *x509.Certificate
}

// All is the certificates of the set. The one that signs is the first.
func (t TrustSet) All() []*x509.Certificate {
	all := []*x509.Certificate{t.Current, t.Next, t.Previous}
	return slices.DeleteFunc(all, func(c *x509.Certificate) bool { return c == nil })
}

// Issued reports whether a generation of the CA signed leaf.
func (t TrustSet) Issued(leaf *x509.Certificate) bool {
	return slices.ContainsFunc(t.All(), func(ca *x509.Certificate) bool { return leaf.CheckSignatureFrom(ca) == nil })
}

// Of is the generation that signed leaf. Where none did it is the current one, by which
// the leaf is then judged; leaf may be nil.
func (t TrustSet) Of(leaf *x509.Certificate) *x509.Certificate {
	if t.Next == nil && t.Previous == nil || leaf == nil {
		return t.Current
	}
	for _, ca := range t.All() {
		if signedBy(leaf, ca) {
			return ca
		}
	}
	return t.Current
}

// Holds reports whether ca, as it is or renewed with the same key, is a generation of the set.
func (t TrustSet) Holds(ca *x509.Certificate) bool {
	return slices.ContainsFunc(t.All(), func(own *x509.Certificate) bool { return SameCA(own, ca) })
}

// Named reports whether a generation has this subject, as ports name the CAs that they trust.
func (t TrustSet) Named(rawSubject []byte) bool {
	return slices.ContainsFunc(t.All(), func(own *x509.Certificate) bool { return bytes.Equal(own.RawSubject, rawSubject) })
}

// Encode is the content of a copy of the CA: the current certificate, then the others.
func (t TrustSet) Encode() []byte {
	var out []byte
	for _, cert := range t.All() {
		out = append(out, EncodeCertificate(cert)...)
	}
	return out
}

// reordered reports whether a copy holds the certificates of the set in another order: another
// generation signs, and the same are trusted.
func (t TrustSet) reordered(content []byte) bool {
	other, err := ParseTrustSet(content)
	if err != nil || len(other.All()) != len(t.All()) || bytes.Equal(content, t.Encode()) {
		return false
	}
	return !slices.ContainsFunc(other.All(), func(ca *x509.Certificate) bool { return !slices.ContainsFunc(t.All(), ca.Equal) })
}

// ParseTrustSet reads a copy of a CA, as [TrustSet.Encode] writes it. Of the certificates
// after the first, one that begins before it is the previous generation, any other the next.
func ParseTrustSet(content []byte) (TrustSet, error) {
	var certs []*x509.Certificate
	for rest := content; len(certs) == 0 || hasPEM(rest); {
		first, after := pem.Decode(rest)
		if first == nil {
			after = nil // ParseCertificate says what is wrong with it
		}
		cert, err := ParseCertificate(rest[:len(rest)-len(after)])
		if err != nil {
			return TrustSet{}, err
		}
		certs, rest = append(certs, cert), after
	}
	t, ok := NewTrustSet(certs...)
	if !ok {
		return TrustSet{}, fmt.Errorf("the file holds %d certificates, which are not one CA and its next or previous one", len(certs))
	}
	return t, nil
}

// NewTrustSet is the CA that signs, then those that are trusted beside it: one that begins
// before it is the previous generation, any other the next. It reports false where two would
// be the same generation.
func NewTrustSet(certs ...*x509.Certificate) (TrustSet, bool) {
	t := TrustSet{Current: certs[0]}
	for _, cert := range certs[1:] {
		slot := &t.Next
		if cert.NotBefore.Before(t.Current.NotBefore) {
			slot = &t.Previous
		}
		if *slot != nil {
			return TrustSet{}, false
		}
		*slot = cert
	}
	return t, true
}

func hasPEM(text []byte) bool {
	block, _ := pem.Decode(text)
	return block != nil
}

// Trust is a CA as the folder shows it: the external one, else from ca/, or else, when ca/
// is not here, what all copies in the other folders agree on. The error is fs.ErrNotExist
// when there is none of these.
func (s State) Trust(ca CA) (TrustSet, error) {
	if s.ExternalCA.Current != nil {
		return s.ExternalCA, nil
	}
	if p, ok := s.Pairs[CAPath(ca)]; ok && (p.Leaf != nil || p.Problem != "") {
		if p.Leaf == nil {
			return TrustSet{}, fmt.Errorf("reading %s.crt: %s", p.Path, p.Problem)
		}
		t := TrustSet{Current: p.Leaf}
		for g, slot := range map[Generation]**x509.Certificate{Next: &t.Next, Previous: &t.Previous} {
			other := s.Pairs[CAPlace(ca, g).String()]
			if other.Problem != "" {
				return TrustSet{}, fmt.Errorf("reading %s.crt: %s", other.Path, other.Problem)
			}
			*slot = other.Leaf
		}
		return t, nil
	}
	if a, settled := s.copied[ca]; settled {
		return a.trust, a.err
	}
	return s.ofCopies(ca)
}

// ofCopies is what the copies of ca agree on.
func (s State) ofCopies(ca CA) (TrustSet, error) {
	copies := map[string][]byte{}
	for name, content := range s.Files {
		if item := Locate(name); item.Purpose == ForCopy && item.CA == ca {
			copies[name] = content
		}
	}
	return Agree(ca, copies)
}

// agreement is what the copies of a CA agree on, or why they do not.
type agreement struct {
	trust TrustSet
	err   error
}

// Settled is s whose Files do not change any more: what the copies of the CAs agree on, which
// [State.Trust] is asked for each certificate, is worked out once.
func (s State) Settled() State {
	s.copied = map[CA]agreement{}
	for _, ca := range CAs() {
		if own := s.Pairs[CAPath(ca)]; own.Leaf == nil && own.Problem == "" {
			trust, err := s.ofCopies(ca)
			s.copied[ca] = agreement{trust, err}
		}
	}
	return s
}

// Authority is the certificate of the CA that signs: the current generation of [State.Trust].
func (s State) Authority(ca CA) (*x509.Certificate, error) {
	t, err := s.Trust(ca)
	return t.Current, err
}

// Agree is the CA that all copies (PEM, by path) hold. The error is fs.ErrNotExist when
// there is no copy.
func Agree(ca CA, copies map[string][]byte) (TrustSet, error) {
	var found TrustSet
	var first string
	for _, name := range slices.Sorted(maps.Keys(copies)) {
		t, err := ParseTrustSet(copies[name])
		if err != nil {
			return TrustSet{}, fmt.Errorf("reading %s: %w", name, err)
		}
		if first != "" && !bytes.Equal(found.Encode(), t.Encode()) {
			return TrustSet{}, fmt.Errorf("reading the %s CA's certificate: %s and %s differ", ca, first, name)
		}
		if first == "" {
			found, first = t, name
		}
	}
	if first == "" {
		return TrustSet{}, fmt.Errorf("reading the %s CA's certificate: %w", ca, fs.ErrNotExist)
	}
	return found, nil
}
