package certgen

import (
	"cmp"
	"crypto/x509"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"time"

	"lockstep/policies/count"
)

// listLife is how long a revocation list is current, unless its CA ends before. etcd does not
// look at the end of a list, other software does. It is renewed by changing commands from
// the half on.
const listLife = 365 * 24 * time.Hour

// ListEnd is the next update of a list that ca signs at the time now.
func ListEnd(ca *x509.Certificate, now time.Time) time.Time {
	return earlier(now.Add(listLife).Truncate(time.Second), ca.NotAfter)
}

// List is a revocation list that is to be signed. Its canary is its last entry. With a list of the
// client CA is made the canary of the list that follows it, which no list names yet. Not with one of
// the peer CA: members would take it for another member's certificate until the next list.
type List struct {
	CA      CA
	Number  *big.Int
	Entries []x509.RevocationListEntry
	Canary  Profile
	Next    Profile // the zero value for none
}

// revocationLists makes all copies of a CA's CRL equal to the newest valid one, or to a new
// one where that does not do any more.
func (d *differ) revocationLists(ca CA) {
	v := d.views[ca]
	if v == nil || v.blocked {
		return
	}
	newest := d.state.newestList(ca, v.trust)
	next, why := d.nextList(ca, v, newest)
	for _, name := range slices.Sorted(maps.Keys(d.wanted.CRLs)) {
		if d.wanted.CRLs[name] != ca {
			continue
		}
		got, found := d.state.Files[name]
		reason := Missing
		if found {
			reason = cmp.Or(why, "is not the newest valid revocation list of the "+string(ca)+" CA")
		}
		switch {
		case next != nil:
			d.signed(v, Step{Action: Write, File: name, List: next, Reason: reason, Early: newest != nil && d.now.Before(newest.NextUpdate)})
		case !slices.Equal(got, newest.Raw): // where there is none, one has to be signed
			d.step(Step{Action: Write, File: name, Content: newest.Raw, Reason: reason})
		}
	}
}

// nextList is the list that has to be signed, and why the present one, nil for none, does not
// do; nil where it does. Without the CA's key it does for as long as it is current.
func (d *differ) nextList(ca CA, v *view, list *x509.RevocationList) (*List, string) {
	why := d.outdated(ca, v, list)
	revoke := d.state.unlisted(ca, list, d.now)
	switch {
	case len(revoke) > 0:
		why = "does not list " + count.Of(len(revoke), "revoked certificate")
	case why == "" || v.keyless && list != nil && d.now.Before(list.NextUpdate):
		return nil, ""
	}
	next := &List{CA: ca, Number: big.NewInt(1), Canary: canaryOf(v.profile), Next: nextCanaryOf(v.profile)}
	if list != nil {
		next.Number.Add(next.Number, list.Number)
		next.Entries = d.unexpired(list.RevokedCertificateEntries)
	}
	for _, serial := range revoke {
		next.Entries = append(next.Entries, entry(serial, d.now))
	}
	if left := d.state.Pairs[CanaryPath(ca)].Leaf; left != nil && (list == nil || !Lists(list, left.SerialNumber)) {
		// Of a list whose writing was cut off, or for which an older one was restored: that had the number.
		next.Number.Add(next.Number, big.NewInt(1))
		next.Entries = append(next.Entries, CanaryEntry(left, d.now))
	}
	return next, why
}

// entry is a list's entry for what is revoked at the time now.
func entry(serial *big.Int, now time.Time) x509.RevocationListEntry {
	return x509.RevocationListEntry{SerialNumber: serial, RevocationTime: now.UTC().Truncate(time.Second)}
}

// Unlisted is the serial numbers that are recorded as revoked, and that the newest valid list
// of ca does not name.
func (s State) Unlisted(ca CA, now time.Time) []*big.Int {
	if _, err := s.Trust(ca); err != nil {
		return nil
	}
	return s.unlisted(ca, s.NewestList(ca), now)
}

func (s State) unlisted(ca CA, list *x509.RevocationList, now time.Time) (serials []*big.Int) {
	for _, r := range s.Retired {
		named := list != nil && Lists(list, r.Leaf.SerialNumber)
		if r.Revoked && !named && now.Before(r.Leaf.NotAfter) && slices.Contains(s.ListsNaming(r.Leaf), ca) {
			serials = append(serials, r.Leaf.SerialNumber)
		}
	}
	return serials
}

// outdated says why list has to be signed anew; "" where it does.
func (d *differ) outdated(ca CA, v *view, list *x509.RevocationList) string {
	switch {
	case list == nil:
		return "is no valid revocation list of the " + string(ca) + " CA"
	case v.cert == nil:
		return ""
	case list.CheckSignatureFrom(WithCRLSign(v.cert)) != nil:
		return "is signed by an earlier " + string(ca) + " CA"
	case dueList(list, v.cert, d.now):
		return "half of its life is over"
	}
	if _, found := d.state.Canary(ca); found {
		return ""
	}
	if left := d.state.Pairs[CanaryPath(ca)].Leaf; left != nil && !Lists(list, left.SerialNumber) {
		return "is older than the canary of the newest list: that list was not written, or an older one was restored"
	}
	return "its canary is missing, by which members show that they have loaded it"
}

// dueList reports whether half of the life of list is over and a new one of ca would be
// current for longer.
func dueList(list *x509.RevocationList, ca *x509.Certificate, now time.Time) bool {
	half := list.ThisUpdate.Add(list.NextUpdate.Sub(list.ThisUpdate) / 2)
	return !now.Before(half) && list.NextUpdate.Before(ListEnd(ca, now))
}

// unexpired keeps the entries of certificates that are not known to have expired a year ago or
// earlier: a clock that is ahead must not bring a certificate back.
func (d *differ) unexpired(entries []x509.RevocationListEntry) []x509.RevocationListEntry {
	ends := map[string]time.Time{}
	note := func(cert *x509.Certificate) {
		if cert != nil && ends[cert.SerialNumber.String()].Before(cert.NotAfter) {
			ends[cert.SerialNumber.String()] = cert.NotAfter
		}
	}
	for _, pairs := range []map[string]Pair{d.state.Pairs, d.state.External} {
		for _, pair := range pairs {
			note(pair.Leaf)
		}
	}
	for _, r := range d.state.Retired {
		note(r.Leaf)
	}
	return slices.DeleteFunc(slices.Clone(entries), func(e x509.RevocationListEntry) bool {
		end, known := ends[e.SerialNumber.String()]
		return known && end.Before(d.now.Add(-listLife))
	})
}

// Lists reports whether list names the serial number.
func Lists(list *x509.RevocationList, serial *big.Int) bool {
	return slices.ContainsFunc(list.RevokedCertificateEntries, func(e x509.RevocationListEntry) bool { return e.SerialNumber.Cmp(serial) == 0 })
}

// NewestList is the revocation list with the highest number among those of s that
// a generation of ca has signed, former ones included: what they revoked stays revoked. nil for
// none, and where the CA is not known.
func (s State) NewestList(ca CA) *x509.RevocationList {
	trust, err := s.Trust(ca)
	if err != nil {
		return nil
	}
	return s.newestList(ca, trust)
}

func (s State) newestList(ca CA, trust TrustSet) (newest *x509.RevocationList) {
	signers := append(trust.All(), s.Former(ca)...)
	for _, name := range slices.Sorted(maps.Keys(s.Files)) {
		if item := Locate(name); item.Purpose != ForCRL || item.CA != ca {
			continue
		}
		list, err := x509.ParseRevocationList(s.Files[name])
		if err != nil || !signedList(signers, list) || list.Number == nil {
			continue
		}
		if newest == nil || newer(list, newest) {
			newest = list
		}
	}
	return newest
}

// signedList reports whether a generation of the CA signed list.
func (t TrustSet) signedList(list *x509.RevocationList) bool { return signedList(t.All(), list) }

func signedList(cas []*x509.Certificate, list *x509.RevocationList) bool {
	return slices.ContainsFunc(cas, func(ca *x509.Certificate) bool { return list.CheckSignatureFrom(WithCRLSign(ca)) == nil })
}

// newer reports whether a replaces b. Lists that openssl or cfssl made may not count up:
// then the later one counts, and of two of the same time the one that revokes more.
func newer(a, b *x509.RevocationList) bool {
	return cmp.Or(a.Number.Cmp(b.Number), a.ThisUpdate.Compare(b.ThisUpdate),
		cmp.Compare(len(a.RevokedCertificateEntries), len(b.RevokedCertificateEntries))) > 0
}

// WantedLists is the revocation lists that the folder has to hold, by path: those of the
// policy, and the first copy of a CA's list once it has revoked something. Members that lockstep
// does not set up are given that copy by hand.
func WantedLists(p Wanted, s State, now time.Time) map[string]CA {
	lists := maps.Clone(p.CRLs)
	for _, ca := range CAs() {
		_, there := s.Files[CRLFile(ca)]
		signs := slices.ContainsFunc(p.Profiles, func(p Profile) bool { return p.Kind == KindCA && p.CA == ca })
		if ca != ServerCA && signs && (there || len(s.Unlisted(ca, now)) > 0) {
			lists[CRLFile(ca)] = ca
		}
	}
	return lists
}

// Revocations is the serial numbers, in decimal, that are revoked, by CA: those that its newest
// valid list names, canaries included, and those that are recorded and that no list names yet.
func Revocations(s State) map[CA]map[string]bool {
	out := map[CA]map[string]bool{}
	for _, ca := range CAs() {
		out[ca] = s.revoked(ca)
	}
	return out
}

func (s State) revoked(ca CA) map[string]bool {
	serials := s.Listed(ca)
	for _, r := range s.Retired {
		if r.Revoked && slices.Contains(s.ListsNaming(r.Leaf), ca) {
			serials[r.Leaf.SerialNumber.String()] = true
		}
	}
	return serials
}

// Listed is the serial numbers, in decimal, that the newest valid list of ca names, those of
// canaries included.
func (s State) Listed(ca CA) map[string]bool {
	serials := map[string]bool{}
	if list := s.NewestList(ca); list != nil {
		for _, e := range list.RevokedCertificateEntries {
			serials[e.SerialNumber.String()] = true
		}
	}
	return serials
}

// ListsNaming is the CAs whose revocation lists name leaf when it is revoked: none of a server
// certificate, since clients of etcd read no list. Under one CA for all purposes a client's
// certificate opens the peer port, too, and the lists of both name it. Which CA issued leaf is
// judged by the names alone.
func (s State) ListsNaming(leaf *x509.Certificate) []CA {
	first := listOf(leaf)
	if first == ServerCA {
		return nil
	}
	return slices.DeleteFunc(CAs(), func(ca CA) bool {
		trust, err := s.Trust(ca)
		return ca == ServerCA || ca != first && (err != nil || !trust.Named(leaf.RawIssuer))
	})
}

// Revoked reports whether the serial number is revoked under ca: see [Revocations]. No
// list is no revocation. Lists of which none is valid are an error: what they named is not
// known.
func (s State) Revoked(ca CA, serial *big.Int) (bool, error) {
	if _, err := s.Trust(ca); err != nil {
		return false, err
	}
	if s.NewestList(ca) != nil {
		return s.revoked(ca)[serial.String()], nil
	}
	for _, name := range slices.Sorted(maps.Keys(s.Files)) {
		if item := Locate(name); item.Purpose == ForCRL && item.CA == ca {
			return false, fmt.Errorf("reading %s: it is no valid revocation list of the %s CA, and no copy is", name, ca)
		}
	}
	return false, nil
}

// Revokes counts the certificates that the newest list of ca names, without canaries.
func (s State) Revokes(ca CA) int {
	list := s.NewestList(ca)
	if list == nil {
		return 0
	}
	return revokes(list)
}

// revokes counts the entries of list that are no canary.
func revokes(list *x509.RevocationList) (n int) {
	for _, e := range list.RevokedCertificateEntries {
		if e.ReasonCode != canaryReason {
			n++
		}
	}
	return n
}
