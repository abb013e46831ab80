package certgen_test

import (
	"crypto/x509"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"lockstep/certgen"
	"lockstep/policies"

	"github.com/google/go-cmp/cmp"
)

// TestDiffRevocation: which certificates are revoked by which list, whose user goes, what is
// retired, and what is refused.
func TestDiffRevocation(t *testing.T) {
	t.Parallel()
	retire := func(w *world, identity string, leaf *x509.Certificate, serial int64, change func(*x509.Certificate)) {
		c := *leaf
		c.SerialNumber = big.NewInt(serial)
		if change != nil {
			change(&c)
		}
		c.Raw = append([]byte{byte(serial)}, c.Raw...) // another certificate
		w.state.Retired = append(w.state.Retired, certgen.Retired{Identity: identity, Leaf: &c})
	}
	other := func(w *world) any { return w.state.Pairs["members/etcd1/server"].Leaf.PublicKey }
	for name, c := range map[string]struct {
		of     string
		serial int64
		change func(t *testing.T, w *world)
		want   string
	}{
		"a component": {of: "flannel", want: "client PRESENT; users flannel; retire components/flannel/client; write client.crl, members/etcd1/client.crl"},
		"a renewed component": {of: "flannel", change: func(_ *testing.T, w *world) { retire(w, "flannel", w.state.Pairs[flannel].Leaf, 7, nil) },
			want: "client PRESENT, client 7; users flannel; retire components/flannel/client; write client.crl, members/etcd1/client.crl"},
		"a former certificate has expired": {of: "flannel", change: func(_ *testing.T, w *world) {
			retire(w, "flannel", w.state.Pairs[flannel].Leaf, 7, func(c *x509.Certificate) { c.NotAfter = now })
		}, want: "client PRESENT; users flannel; retire components/flannel/client; write client.crl, members/etcd1/client.crl"},
		"one by its number": {of: "flannel", serial: 7, change: func(_ *testing.T, w *world) {
			retire(w, "flannel", w.state.Pairs[flannel].Leaf, 7, func(c *x509.Certificate) { c.PublicKey = other(w) })
		}, want: "client 7; write client.crl, members/etcd1/client.crl"},
		"one by its number, whose key is in use": {of: "flannel", serial: 7, change: func(_ *testing.T, w *world) {
			retire(w, "flannel", w.state.Pairs[flannel].Leaf, 7, nil)
		}, want: "client 7; stays components/flannel/client; write client.crl, members/etcd1/client.crl"},
		"a number that it does not have": {of: "flannel", serial: 8,
			want: "flannel has no certificate with the serial number 8 that has not expired; nothing was changed"},
		"another component's certificate in its place": {of: "flannel", change: func(t *testing.T, w *world) {
			w.p.Components = append(w.p.Components, policies.Component{Name: "b", User: user(t, "b")})
			retire(w, "flannel", w.state.Pairs[flannel].Leaf, 7, func(c *x509.Certificate) { c.Subject.CommonName = "b" })
		}, want: "client PRESENT, client 7; users flannel; retire components/flannel/client; write client.crl, members/etcd1/client.crl"},
		"a component that the policy does not name any more": {of: "old", change: func(_ *testing.T, w *world) {
			retire(w, "old", w.state.Pairs[flannel].Leaf, 7, func(c *x509.Certificate) { c.Subject.CommonName = "oldie" })
			retire(w, "old", w.state.Pairs[flannel].Leaf, 8, nil)
		}, want: "client 7, client 8; users oldie; write client.crl, members/etcd1/client.crl"},
		"nothing of that name": {of: "flanel", want: `neither the policy nor the PKI folder has a certificate of "flanel"`},
		"a member without a former certificate": {of: "members/etcd1",
			want: "members/etcd1 has no earlier certificate that could be revoked, and the present one has to go on working; nothing was changed"},
		"a member that was renewed": {of: "members/etcd1", change: func(_ *testing.T, w *world) {
			retire(w, "etcd1", w.state.Pairs["members/etcd1/peer"].Leaf, 7, nil)
		}, want: "the present certificate of members/etcd1 has the key of one that would be revoked; nothing was changed"},
		"a member with a new key": {of: "members/etcd1", change: func(_ *testing.T, w *world) {
			retire(w, "etcd1", w.state.Pairs["members/etcd1/peer"].Leaf, 7, func(c *x509.Certificate) { c.PublicKey = w.state.Pairs[flannel].Leaf.PublicKey })
			retire(w, "etcd1", w.state.Pairs["members/etcd1/server"].Leaf, 8, func(c *x509.Certificate) { c.PublicKey = w.state.Pairs[flannel].Leaf.PublicKey })
			retire(w, "etcd1", w.state.Pairs[flannel].Leaf, 9, func(c *x509.Certificate) { c.Subject.CommonName = "etcd1" }) // a component of that name
		}, want: "peer 7, server 8; write members/etcd1/peer.crl, peer.crl"},
		"the present certificate of a member": {of: "members/etcd1", serial: -1,
			want: "the certificate with the serial number PRESENT is in use by members/etcd1, which has to go on working; nothing was changed"},
		"root": {of: "root", change: func(t *testing.T, w *world) {
			root := issue(t, w.cas[certgen.ClientCA], certgen.RootProfile(w.p, hour), now)
			w.state.Pairs["root/client"] = certgen.Pair{Path: "root/client", Leaf: root, Key: certgen.KeyMatches}
			retire(w, "root", root, 7, func(c *x509.Certificate) { c.PublicKey = other(w) })
		}, want: "client 7; write client.crl, members/etcd1/client.crl"},
		"the key of the CA is away": {of: "flannel", change: func(_ *testing.T, w *world) {
			w.change("ca/client", func(p *certgen.Pair) { p.Key, p.KeyMode = certgen.KeyAbsent, 0 })
		}, want: "client PRESENT; users flannel; retire components/flannel/client; waits 2 files (client.crl, members/etcd1/client.crl) must be signed by the client CA, and its key, ca/client.key, is not here: bring it back for this run"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if c.change != nil {
				c.change(t, &w)
			}
			r := certgen.Revocation{Name: c.of}
			present := w.state.Pairs[flannel].Leaf.SerialNumber
			if c.serial < 0 {
				present = w.state.Pairs["members/etcd1/peer"].Leaf.SerialNumber
				r.Serial = present
			} else if c.serial > 0 {
				r.Serial = big.NewInt(c.serial)
			}
			got := ""
			plan, err := certgen.DiffRevocation(w.p, r, w.state, now)
			if err != nil {
				got = err.Error()
			} else {
				got = revocationText(plan)
			}
			got = strings.ReplaceAll(got, fmt.Sprintf("%x", present), "PRESENT")
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func revocationText(p certgen.RevocationPlan) string {
	var parts []string
	part := func(name string, list []string) {
		if len(list) > 0 {
			parts = append(parts, strings.TrimSpace(name+" "+strings.Join(list, ", ")))
		}
	}
	var revoked, stays, retired, lists []string
	for _, c := range p.Certificates {
		revoked = append(revoked, fmt.Sprintf("%s %x", c.CA, c.Leaf.SerialNumber))
	}
	for _, c := range p.SameKey {
		stays = append(stays, c.Path)
	}
	for _, s := range p.Retire {
		retired = append(retired, s.Path())
	}
	for _, s := range p.Lists.Steps {
		lists = append(lists, s.File)
	}
	slices.Sort(lists)
	part("", revoked)
	part("users", p.Users)
	part("stays", stays)
	part("retire", retired)
	part("write", lists)
	part("waits", p.Lists.Waiting())
	return strings.Join(parts, "; ")
}
