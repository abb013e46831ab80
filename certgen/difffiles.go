package certgen

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"fmt"
	"maps"
	"slices"
	"strings"
)

func (d *differ) files() {
	for _, name := range slices.Sorted(maps.Keys(d.wanted.Files)) {
		want := d.wanted.Files[name]
		got, found := d.state.Files[name]
		switch {
		case !found:
			d.step(Step{Action: Write, File: name, Content: want, Reason: Missing})
		case name != IgnoreFile && !bytes.Equal(got, want): // what git ignores is the operator's choice once it is there
			d.step(Step{Action: Write, File: name, Content: want, Reason: differs(name, got, want)})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.wanted.Copies)) {
		d.copyOf(name, d.wanted.Copies[name])
	}
	for _, ca := range CAs() {
		d.revocationLists(ca)
	}
}

// differs says how a file is not what it is to be.
func differs(name string, got, want []byte) string {
	if strings.HasSuffix(name, ".env") && sameSettings(got, want) {
		return SameMeaning
	}
	return "differs from the policy"
}

func (d *differ) copyOf(name string, ca CA) {
	v := d.views[ca]
	got, found := d.state.Files[name]
	switch {
	case v == nil || v.cert == nil && !v.making:
	case !found:
		d.step(Step{Action: Write, File: name, CopyOf: ca, Reason: Missing})
	case v.making || !bytes.Equal(got, v.trust.Encode()):
		d.step(Step{Action: Write, File: name, CopyOf: ca, Reason: fmt.Sprintf("differs from the %s CA's certificate", ca)})
	}
}

// revocationLists makes all copies of a CA's CRL equal to the newest valid one, or to
// a new empty one.
func (d *differ) revocationLists(ca CA) {
	v := d.views[ca]
	if v == nil || v.blocked {
		return
	}
	best := NewestCRL(d.state, ca, v.trust)
	for _, name := range slices.Sorted(maps.Keys(d.wanted.CRLs)) {
		if d.wanted.CRLs[name] != ca {
			continue
		}
		got, found := d.state.Files[name]
		reason := Missing
		if found {
			reason = "is not the newest valid revocation list of the " + string(ca) + " CA"
		}
		switch {
		case best != nil && bytes.Equal(got, best):
		case best != nil:
			d.step(Step{Action: Write, File: name, Content: best, Reason: reason})
		default:
			d.signed(v, Step{Action: Write, File: name, CRLOf: ca, Reason: reason})
		}
	}
}

// NewestCRL is the revocation list with the highest number among those of s that
// a generation of ca has signed; nil for none.
func NewestCRL(s State, ca CA, trust TrustSet) []byte {
	var best []byte
	var newest *x509.RevocationList
	for _, name := range slices.Sorted(maps.Keys(s.Files)) {
		if item := Locate(name); item.Purpose != ForCRL || item.CA != ca {
			continue
		}
		list, err := x509.ParseRevocationList(s.Files[name])
		if err != nil || !trust.signedList(list) || list.Number == nil {
			continue
		}
		if newest == nil || newer(list, newest) {
			best, newest = s.Files[name], list
		}
	}
	return best
}

// signedList reports whether a generation of the CA signed list.
func (t TrustSet) signedList(list *x509.RevocationList) bool {
	return slices.ContainsFunc(t.All(), func(ca *x509.Certificate) bool { return list.CheckSignatureFrom(WithCRLSign(ca)) == nil })
}

// newer reports whether a replaces b. Lists that openssl or cfssl made may not count up:
// then the later one counts, and of two of the same time the one that revokes more.
func newer(a, b *x509.RevocationList) bool {
	return cmp.Or(a.Number.Cmp(b.Number), a.ThisUpdate.Compare(b.ThisUpdate),
		cmp.Compare(len(a.RevokedCertificateEntries), len(b.RevokedCertificateEntries))) > 0
}

// restrict mends lax modes, but for keys that are replaced anyway.
func (d *differ) restrict() {
	replaced := map[string]bool{}
	for _, s := range d.plan.Steps {
		replaced[s.Profile.Path] = true
	}
	for _, name := range slices.Sorted(maps.Keys(d.state.Pairs)) {
		if p := d.state.Pairs[name]; p.Lax() && !Guarded(name) && !replaced[name] {
			d.step(Step{Action: Restrict, File: name + ".key", Reason: fmt.Sprintf("its mode is %04o", p.KeyMode.Perm())})
		}
	}
}
