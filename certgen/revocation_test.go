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
		again  bool
		cert   func(t *testing.T, w *world) *x509.Certificate
		change func(t *testing.T, w *world)
		want   string
	}{
		"a component": {of: "flannel", want: "client PRESENT; users flannel; record RECORD; retire components/flannel/client; write client.crl, members/etcd1/client.crl"},
		"a renewed component": {of: "flannel", change: func(_ *testing.T, w *world) { retire(w, "flannel", w.state.Pairs[flannel].Leaf, 7, nil) },
			want: "client PRESENT, client 7; users flannel; record RECORD, retired/flannel/7.revoked.crt; retire components/flannel/client; write client.crl, members/etcd1/client.crl"},
		"a former certificate has expired": {of: "flannel", change: func(_ *testing.T, w *world) {
			retire(w, "flannel", w.state.Pairs[flannel].Leaf, 7, func(c *x509.Certificate) { c.NotAfter = now })
		}, want: "client PRESENT; users flannel; record RECORD; retire components/flannel/client; write client.crl, members/etcd1/client.crl"},
		"one by its number": {of: "flannel", serial: 7, change: func(_ *testing.T, w *world) {
			retire(w, "flannel", w.state.Pairs[flannel].Leaf, 7, func(c *x509.Certificate) { c.PublicKey = other(w) })
		}, want: "client 7; record retired/flannel/7.revoked-one.crt; write client.crl, members/etcd1/client.crl"},
		"one by its number, whose key is in use": {of: "flannel", serial: 7, change: func(_ *testing.T, w *world) {
			retire(w, "flannel", w.state.Pairs[flannel].Leaf, 7, nil)
		}, want: "client 7; record retired/flannel/7.revoked-one.crt; stays components/flannel/client; write client.crl, members/etcd1/client.crl"},
		"a number that it does not have": {of: "flannel", serial: 8,
			want: "flannel has no certificate with the serial number 8 that has not expired; nothing was changed"},
		"another component's certificate in its place": {of: "flannel", change: func(t *testing.T, w *world) {
			w.p.Components = append(w.p.Components, policies.Component{Name: "b", User: user(t, "b")})
			retire(w, "flannel", w.state.Pairs[flannel].Leaf, 7, func(c *x509.Certificate) { c.Subject.CommonName = "b" })
		}, want: "client PRESENT, client 7; users flannel; record RECORD, retired/flannel/7.revoked.crt; retire components/flannel/client; write client.crl, members/etcd1/client.crl"},
		"a component that the policy does not name any more": {of: "old", change: func(_ *testing.T, w *world) {
			retire(w, "old", w.state.Pairs[flannel].Leaf, 7, func(c *x509.Certificate) { c.Subject.CommonName = "oldie" })
			retire(w, "old", w.state.Pairs[flannel].Leaf, 8, nil)
		}, want: "client 7, client 8; users oldie; record retired/old/7.revoked.crt, retired/old/8.revoked.crt; write client.crl, members/etcd1/client.crl"},
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
		}, want: "peer 7, no list 8; record retired/etcd1/7.revoked.crt; write members/etcd1/peer.crl, peer.crl"},
		"the present certificate of a member": {of: "members/etcd1", serial: -1,
			want: "the certificate with the serial number PRESENT is in use by members/etcd1, which has to go on working; nothing was changed"},
		"root": {of: "root", change: func(t *testing.T, w *world) {
			root := issue(t, w.cas[certgen.ClientCA], certgen.RootProfile(w.p, hour), now)
			w.state.Pairs["root/client"] = certgen.Pair{Path: "root/client", Leaf: root, Key: certgen.KeyMatches}
			retire(w, "root", root, 7, func(c *x509.Certificate) { c.PublicKey = other(w) })
		}, want: "client 7; record retired/root/7.revoked.crt; write client.crl, members/etcd1/client.crl"},
		"repeated before there is a new certificate": {of: "flannel", change: func(t *testing.T, w *world) {
			retire(w, "flannel", w.state.Pairs[flannel].Leaf, 7, nil)
			w.state.Retired[0].Revoked = true
			w.lists(t, 2, big.NewInt(7))
			delete(w.state.Pairs, flannel)
		}, want: "client 7; users flannel"},
		"repeated after apply has made a new certificate": {of: "flannel", change: func(t *testing.T, w *world) {
			retire(w, "flannel", w.state.Pairs[flannel].Leaf, 7, func(c *x509.Certificate) { c.PublicKey = other(w) })
			w.state.Retired[0].Revoked = true
			w.lists(t, 2, big.NewInt(7))
		}, want: "client 7; since PRESENT"},
		"after a certificate alone was revoked": {of: "flannel", change: func(t *testing.T, w *world) {
			retire(w, "flannel", w.state.Pairs[flannel].Leaf, 7, func(c *x509.Certificate) { c.PublicKey = other(w) })
			w.state.Retired[0].Revoked, w.state.Retired[0].Alone = true, true
			w.lists(t, 2, big.NewInt(7))
		}, want: "client PRESENT, client 7; users flannel; record RECORD, retired/flannel/7.revoked.crt; retire components/flannel/client; write client.crl, members/etcd1/client.crl"},
		"after an instance was revoked": {of: "flannel", change: func(t *testing.T, w *world) {
			retire(w, "flannel", w.state.Pairs[flannel].Leaf, 7, func(c *x509.Certificate) { c.PublicKey = other(w) })
			w.state.Retired[0].Revoked, w.state.Retired[0].Instance = true, "node-a"
			w.lists(t, 2, big.NewInt(7))
		}, want: "client PRESENT, client 7; users flannel; record RECORD, retired/flannel/7.revoked.crt; retire components/flannel/client; write client.crl, members/etcd1/client.crl"},
		"an instance, after it has a new certificate": {of: "flannel/node-a", change: func(t *testing.T, w *world) {
			retire(w, "flannel", w.state.Pairs[flannel].Leaf, 7, func(c *x509.Certificate) { c.PublicKey = other(w) })
			w.state.Retired[0].Revoked, w.state.Retired[0].Instance = true, "node-a"
			w.lists(t, 2, big.NewInt(7))
			pair := w.state.Pairs[flannel]
			pair.Path = "components/flannel/instances/node-a/client"
			w.state.Pairs[pair.Path] = pair
		}, want: "client 7; since PRESENT"},
		"an instance that is gone": {of: "flannel/node-a", change: func(t *testing.T, w *world) {
			retire(w, "flannel", w.state.Pairs[flannel].Leaf, 7, func(c *x509.Certificate) { c.PublicKey = other(w) })
			w.state.Retired[0].Revoked, w.state.Retired[0].Instance = true, "node-a"
			w.lists(t, 2, big.NewInt(7))
		}, want: "client 7"},
		"another one has its number": {of: "flannel", change: func(_ *testing.T, w *world) {
			w.state.Pairs["members/etcd1/peer"].Leaf.SerialNumber = w.state.Pairs[flannel].Leaf.SerialNumber
		}, want: "members/etcd1 has a certificate with the same serial number PRESENT, and every member would refuse it, too; nothing was changed"},
		"of another user before": {of: "flannel", change: func(_ *testing.T, w *world) {
			retire(w, "flannel", w.state.Pairs[flannel].Leaf, 7, func(c *x509.Certificate) { c.Subject.CommonName = "before" })
		}, want: "client PRESENT, client 7; users flannel, before; record RECORD, retired/flannel/7.revoked.crt; retire components/flannel/client; write client.crl, members/etcd1/client.crl"},
		"again": {of: "flannel", again: true, change: func(t *testing.T, w *world) {
			retire(w, "flannel", w.state.Pairs[flannel].Leaf, 7, func(c *x509.Certificate) { c.PublicKey = other(w) })
			w.state.Retired[0].Revoked = true
			w.lists(t, 2, big.NewInt(7))
		}, want: "client PRESENT, client 7; users flannel; record RECORD; retire components/flannel/client; write client.crl, members/etcd1/client.crl"},
		"cut off after the record of the present certificate": {of: "flannel", change: func(_ *testing.T, w *world) {
			present := *w.state.Pairs[flannel].Leaf
			w.state.Retired = append(w.state.Retired, certgen.Retired{Identity: "flannel", Leaf: &present, Revoked: true})
			retire(w, "flannel", w.state.Pairs[flannel].Leaf, 7, func(c *x509.Certificate) { c.PublicKey = other(w) })
		}, want: "client PRESENT, client 7; users flannel; record retired/flannel/7.revoked.crt; retire components/flannel/client; write client.crl, members/etcd1/client.crl"},
		"a certificate that the folder does not know": {of: "flannel", cert: func(t *testing.T, w *world) *x509.Certificate {
			p := certgen.Desired(w.p).Profiles[slices.IndexFunc(certgen.Desired(w.p).Profiles, func(p certgen.Profile) bool { return p.Path == flannel })]
			return issue(t, w.cas[certgen.ClientCA], p, now)
		}, want: "client GIVEN; record retired/flannel/GIVEN.revoked-one.crt; write client.crl, members/etcd1/client.crl"},
		"a certificate of another user": {of: "root", cert: func(_ *testing.T, w *world) *x509.Certificate { return w.state.Pairs[flannel].Leaf },
			want: "the certificate has the CN \"flannel\", and is not for root; nothing was changed"},
		"a certificate of another CA": {of: "flannel", cert: func(t *testing.T, w *world) *x509.Certificate {
			stranger := newWorld(t)
			return stranger.state.Pairs[flannel].Leaf
		}, want: "the certificate is signed by no CA of the PKI folder; nothing was changed"},
		"a server's certificate": {of: "members/etcd1", cert: func(_ *testing.T, w *world) *x509.Certificate { return w.state.Pairs["members/etcd1/server"].Leaf },
			want: "the certificate with the serial number GIVEN is in use by members/etcd1, which has to go on working; nothing was changed"},
		"the CA is the external one of an earlier policy": {of: "flannel", change: func(t *testing.T, w *world) {
			ca := newRogue(t, kubeadm)
			w.state.Pairs["ca/client"] = certgen.Pair{Path: "ca/client", Leaf: ca.cert}
			w.state.Files["members/etcd1/client-ca.crt"] = certgen.EncodeCertificate(ca.cert)
			w.change(flannel, func(p *certgen.Pair) { p.Leaf = ca.leaf(t, nil, nil) })
		}, want: "client PRESENT; users flannel; record RECORD; retire components/flannel/client; waits 2 files (client.crl, members/etcd1/client.crl) must be signed by the client CA, which is external still, and the policy does not name it: lockstep certs rotate-ca client replaces it by one that signs"},
		"the key of the CA is away": {of: "flannel", change: func(_ *testing.T, w *world) {
			w.change("ca/client", func(p *certgen.Pair) { p.Key, p.KeyMode = certgen.KeyAbsent, 0 })
		}, want: "client PRESENT; users flannel; record RECORD; retire components/flannel/client; waits 2 files (client.crl, members/etcd1/client.crl) must be signed by the client CA, and its key, ca/client.key, is not here: bring it back for this run"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if c.change != nil {
				c.change(t, &w)
			}
			r := certgen.Revocation{Name: c.of, Again: c.again}
			given := ""
			if c.cert != nil {
				r.Cert = c.cert(t, &w)
				given = fmt.Sprintf("%x", r.Cert.SerialNumber)
			}
			present := big.NewInt(0xabcdef)
			if leaf := w.state.Pairs[flannel].Leaf; leaf != nil {
				present = leaf.SerialNumber
			}
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
			got = strings.ReplaceAll(got, fmt.Sprintf("retired/flannel/%x.revoked.crt", present), "RECORD")
			got = strings.ReplaceAll(got, fmt.Sprintf("%x", present), "PRESENT")
			if given != "" {
				got = strings.ReplaceAll(got, given, "GIVEN")
			}
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
	var revoked, since, records, stays, retired, lists []string
	for _, c := range p.Certificates {
		lists := []string{"no list"}
		if len(c.Lists) > 0 {
			lists = nil
		}
		for _, ca := range c.Lists {
			lists = append(lists, string(ca))
		}
		revoked = append(revoked, fmt.Sprintf("%s %x", strings.Join(lists, "+"), c.Leaf.SerialNumber))
	}
	for _, c := range p.Since {
		since = append(since, fmt.Sprintf("%x", c.Leaf.SerialNumber))
	}
	for _, s := range p.Records {
		records = append(records, s.File)
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
	part("since", since)
	part("users", p.Users)
	part("record", records)
	part("stays", stays)
	part("retire", retired)
	part("write", lists)
	part("waits", p.Lists.Waiting())
	return strings.Join(parts, "; ")
}
