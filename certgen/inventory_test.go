package certgen_test

import (
	"crypto/x509"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"lockstep/certgen"
	"lockstep/certgen/authority"
	"lockstep/policies"
)

// TestInventory goes through every state that a certificate can be in.
func TestInventory(t *testing.T) {
	t.Parallel()
	p := edge(t)
	p.Certificates.RenewAt = policies.DefaultDue()
	client, server, peer := newCA(t, p, certgen.ClientCA, now), newCA(t, p, certgen.ServerCA, now), newCA(t, p, certgen.PeerCA, now)
	of := profiles(p)
	pair := func(path string, leaf *x509.Certificate, key certgen.KeyState) certgen.Pair {
		return certgen.Pair{Path: path, Leaf: leaf, Key: key, KeyMode: 0o600}
	}
	fresh := func(path string) certgen.Pair {
		a := map[certgen.CA]*authority.Authority{certgen.ClientCA: client, certgen.ServerCA: server, certgen.PeerCA: peer}[of[path].CA]
		return pair(path, issue(t, a, of[path], now), certgen.KeyMatches)
	}
	base := func() certgen.State {
		s := certgen.State{Pairs: map[string]certgen.Pair{}, Files: map[string][]byte{}}
		s.Pairs["ca/client"] = pair("ca/client", client.Certificate(), certgen.KeyUnopened)
		s.Pairs["ca/server"] = pair("ca/server", server.Certificate(), certgen.KeyUnopened)
		s.Pairs["ca/peer"] = pair("ca/peer", peer.Certificate(), certgen.KeyUnopened)
		for path, prof := range of {
			if prof.Kind != certgen.KindCA {
				s.Pairs[path] = fresh(path)
			}
		}
		for ca, a := range map[certgen.CA]*authority.Authority{certgen.ClientCA: client, certgen.PeerCA: peer} {
			list, err := a.RevocationList(nil, big.NewInt(1), now)
			if err != nil {
				t.Fatal(err)
			}
			s.Files[certgen.CRLFile(ca)] = list
		}
		return s
	}
	const path = "components/flannel/client"
	for name, c := range map[string]struct {
		change func(*certgen.State)
		at     time.Time
		entry  string
		want   string
	}{
		"sound":     {func(*certgen.State) {}, now, "flannel", "ok"},
		"delivered": {func(s *certgen.State) { s.Pairs[path] = pair(path, s.Pairs[path].Leaf, certgen.KeyAbsent) }, now, "flannel", "delivered"},
		"due":       {func(*certgen.State) {}, now.Add(61 * day), "flannel", "due"},
		"not due":   {func(*certgen.State) {}, now.Add(59 * day), "flannel", "ok"},
		"expired":   {func(*certgen.State) {}, now.Add(91 * day), "flannel", "expired"},
		"missing":   {func(s *certgen.State) { delete(s.Pairs, path) }, now, "flannel", "missing"},
		"unreadable": {func(s *certgen.State) {
			s.Pairs[path] = certgen.Pair{Path: path, Problem: "this is not PEM"}
		}, now, "flannel", "broken: this is not PEM"},
		"key alone":   {func(s *certgen.State) { s.Pairs[path] = pair(path, nil, certgen.KeyForeign) }, now, "flannel", "broken: a key without its certificate"},
		"another key": {func(s *certgen.State) { s.Pairs[path] = pair(path, s.Pairs[path].Leaf, certgen.KeyForeign) }, now, "flannel", "broken: its key belongs to another certificate"},
		"another user": {func(s *certgen.State) {
			s.Pairs[path] = pair(path, s.Pairs["components/reader/client"].Leaf, certgen.KeyMatches)
		}, now, "flannel", `broken: has CN "Reader", and should have "flannel"`},
		"revoked": {func(s *certgen.State) {
			list, err := client.RevocationList([]x509.RevocationListEntry{{SerialNumber: s.Pairs[path].Leaf.SerialNumber, RevocationTime: now}}, big.NewInt(2), now)
			if err != nil {
				t.Fatal(err)
			}
			s.Files["members/etcd1/client.crl"] = list
		}, now, "flannel", "revoked"},
		"a CA's end": {func(*certgen.State) {}, now.Add(10*year - 80*day), "ca/client", "due"},
		"unnamed": {func(s *certgen.State) {
			s.Pairs["components/gone/client"] = pair("components/gone/client", s.Pairs[path].Leaf, certgen.KeyMatches)
		}, now, "gone", "ok: the policy does not name it"},
		"list missing": {func(s *certgen.State) { delete(s.Files, "client.crl") }, now, "client.crl", "missing"},
		"list in PEM":  {func(s *certgen.State) { s.Files["client.crl"] = []byte("-----BEGIN") }, now, "client.crl", "broken: it is no revocation list in DER form"},
		"another CA's list": {func(s *certgen.State) { s.Files["client.crl"] = s.Files["peer.crl"] }, now, "client.crl",
			"broken: the client CA has not signed it"},
		"retired": {func(s *certgen.State) {
			s.Retired = []certgen.Retired{{Identity: "old", Leaf: s.Pairs[path].Leaf}}
		}, now, "old", "retired"},
		"retired, revoked and of a former CA": {func(s *certgen.State) {
			s.Retired = []certgen.Retired{{Identity: "old", Leaf: newRogue(t, nil).leaf(t, nil, nil), Revoked: true}}
		}, now, "old", "retired: revoked"},
		"retired, of a former CA, and on the list": {func(s *certgen.State) {
			leaf := newRogue(t, nil).leaf(t, nil, nil)
			list, err := client.RevocationList([]x509.RevocationListEntry{{SerialNumber: leaf.SerialNumber, RevocationTime: now}}, big.NewInt(2), now)
			if err != nil {
				t.Fatal(err)
			}
			s.Files["client.crl"], s.Retired = list, []certgen.Retired{{Identity: "old", Leaf: leaf}}
		}, now, "old", "retired: revoked"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := base()
			c.change(&s)
			entries := certgen.WithRetired(certgen.Inventory(p, s, p.Certificates.RenewAt, c.at), s)
			i := slices.IndexFunc(entries, func(e certgen.Entry) bool { return e.Name == c.entry })
			if i < 0 {
				t.Fatalf("no entry %s", c.entry)
			}
			got := strings.TrimSuffix(fmt.Sprintf("%s: %s", entries[i].Health, entries[i].Note), ": ")
			if got != c.want {
				t.Errorf("%s: %s, want %s", c.entry, got, c.want)
			}
			if !slices.IsSortedFunc(entries, func(a, b certgen.Entry) int { return a.Ends.Compare(b.Ends) }) {
				t.Error("not in the order of their ends")
			}
		})
	}
}

// TestInventoryOfShortenedCertificates names what a CA's end cuts short.
func TestInventoryOfShortenedCertificates(t *testing.T) {
	t.Parallel()
	p := edge(t)
	at := now.Add(10*year - 60*day)
	client := newCA(t, p, certgen.ClientCA, now)
	for name, c := range map[string]struct {
		issued time.Time
		want   string
	}{
		"already":          {at, "ends with its CA"},
		"at the next time": {at.Add(-35 * day), "a new one ends with its CA, on 2036-04-28"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			prof := profiles(p)["components/flannel/client"]
			s := certgen.State{Files: map[string][]byte{}, Pairs: map[string]certgen.Pair{
				"ca/client": {Path: "ca/client", Leaf: client.Certificate(), Key: certgen.KeyUnopened},
				prof.Path:   {Path: prof.Path, Leaf: issue(t, client, prof, c.issued), Key: certgen.KeyMatches},
			}}
			entries := certgen.Inventory(p, s, policies.Due{}, at)
			i := slices.IndexFunc(entries, func(e certgen.Entry) bool { return e.Name == "flannel" })
			if got := entries[i].Note; got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
