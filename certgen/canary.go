package certgen

import (
	"crypto/x509"
	"math/big"
	"slices"
	"time"
)

// retiredCanary is the identity of former canaries in retired/: no name that a policy takes.
const retiredCanary = "_canary"

// canaryReason is the reason of a canary's entry in a list (RFC 5280, 5.3.1:
// cessationOfOperation). It tells canaries from certificates that were revoked.
const canaryReason = 5

// CanaryPath is the Profile.Path of the canary of a CA: a certificate for nothing but to be
// refused. The newest list names it, so a member that refuses it has loaded this list
// (docs/etcd.md, fact 15). It names no user.
func CanaryPath(ca CA) string { return Place{Kind: PlaceCanary, Use: string(ca)}.String() }

// canaryOf is the profile of the canary of a CA. It lives as long as its list: an expired one is
// refused by its date, which proves nothing.
func canaryOf(authority Profile) Profile {
	p := authority
	p.Kind, p.Path, p.Identity, p.Lifetime, p.ExternalCA = KindCanary, CanaryPath(authority.CA), retiredCanary, listLife, ""
	return p
}

// NextCanaryPath is the Profile.Path of the canary of the client CA's list that comes after the
// newest one.
const NextCanaryPath = "canary/client.next"

// nextCanaryOf is the profile of the canary of the next list: it lives as long as this list and
// that one. The zero value for a CA that has none.
func nextCanaryOf(authority Profile) Profile {
	if authority.CA != ClientCA {
		return Profile{}
	}
	p := canaryOf(authority)
	p.Path, p.Lifetime = NextCanaryPath, 2*listLife
	return p
}

// Canary is the pair that the newest list of ca names; false where there is none that a member
// could be asked with.
func (s State) Canary(ca CA) (Pair, bool) {
	pair := s.Pairs[CanaryPath(ca)]
	if pair.Leaf == nil || pair.Key != KeyMatches {
		return pair, false
	}
	list := s.NewestList(ca)
	return pair, list != nil && IsCanary(list, pair.Leaf.SerialNumber)
}

// IsCanary reports whether the serial number is that of list's own canary, its last entry. A
// list names all earlier canaries, too: these are refused by members with an older list.
func IsCanary(list *x509.RevocationList, serial *big.Int) bool {
	last := len(list.RevokedCertificateEntries) - 1
	return last >= 0 && list.RevokedCertificateEntries[last].SerialNumber.Cmp(serial) == 0
}

// CanaryEntry is a list's entry for a canary.
func CanaryEntry(leaf *x509.Certificate, now time.Time) x509.RevocationListEntry {
	e := entry(leaf.SerialNumber, now)
	e.ReasonCode = canaryReason
	return e
}

// Takes reports whether leaf, which was made as the canary of the list after the one before, is
// the canary of l, which ca signs at the time now. Then a PKI folder that was restored from before
// l has it, too: a member that refuses it there has a newer list than the folder.
func (l List) Takes(leaf, ca *x509.Certificate, now time.Time) bool {
	listed := slices.ContainsFunc(l.Entries, func(e x509.RevocationListEntry) bool { return e.SerialNumber.Cmp(leaf.SerialNumber) == 0 })
	return !listed && leaf.Subject.CommonName == "" && signedBy(leaf, ca) && !leaf.NotAfter.Before(ListEnd(ca, now))
}
