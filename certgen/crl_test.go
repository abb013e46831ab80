package certgen_test

import (
	"crypto/x509"
	"math/big"
	"testing"
	"time"

	"lockstep/certgen"

	"github.com/google/go-cmp/cmp"
)

// TestListsAreMadeAnew: which lists are signed again, when, and what they name.
func TestListsAreMadeAnew(t *testing.T) {
	t.Parallel()
	leaked, old := big.NewInt(0x5eed), big.NewInt(0x01d)
	const fresh = "write client.crl | %\nwrite members/etcd1/client.crl | %"
	again := func(why string) string {
		out := ""
		for _, c := range fresh {
			if c == '%' {
				out += why
				continue
			}
			out += string(c)
		}
		return out
	}
	for name, c := range map[string]struct {
		change func(t *testing.T, w *world)
		revoke []*big.Int
		at     time.Time
		plan   string
		number int64
		lists  []*big.Int // beside the canary that was there
	}{
		"current":            {at: now.Add(182 * day)},
		"half of it is over": {at: now.Add(183 * day), plan: again("half of its life is over"), number: 2},
		"an earlier canary is restored": {change: func(t *testing.T, w *world) {
			earlier := w.state.Pairs["canary/client"]
			w.publish(t, certgen.ClientCA)
			der := w.list(t, certgen.ClientCA, 5, earlier.Leaf.SerialNumber)
			w.state.Files["client.crl"], w.state.Files["members/etcd1/client.crl"] = der, der
			last := w.state.Pairs["canary/client"].Leaf
			w.state.Retired = append(w.state.Retired, certgen.Retired{Identity: "_canary", Leaf: last})
			w.state.Pairs["canary/client"] = earlier
		}, at: now, plan: again("its canary is missing, by which members show that they have loaded it")},
		"to be revoked": {revoke: []*big.Int{leaked}, at: now, plan: again("does not list 1 revoked certificate"), number: 2, lists: []*big.Int{leaked}},
		"revoked already": {change: func(t *testing.T, w *world) { w.lists(t, 5, leaked) },
			revoke: []*big.Int{leaked}, at: now},
		"one more": {change: func(t *testing.T, w *world) { w.lists(t, 5, old) },
			revoke: []*big.Int{leaked}, at: now, plan: again("does not list 1 revoked certificate"), number: 6, lists: []*big.Int{old, leaked}},
		"the canary's key is gone": {change: func(_ *testing.T, w *world) {
			w.change("canary/client", func(p *certgen.Pair) { p.Key = certgen.KeyAbsent })
		}, at: now, plan: again("its canary is missing, by which members show that they have loaded it"), number: 2},
		"a newer canary, cut off before its list": {change: func(t *testing.T, w *world) {
			list := w.state.Files["client.crl"]
			w.publish(t, certgen.ClientCA)
			w.state.Files["client.crl"], w.state.Files["members/etcd1/client.crl"] = list, list
		}, at: now, plan: again("is older than the canary of the newest list: that list was not written, or an older one was restored"), number: 3, lists: []*big.Int{nil}},
		"an entry of what has expired": {change: func(t *testing.T, w *world) {
			leaf := *w.state.Pairs[flannel].Leaf
			leaf.SerialNumber, leaf.NotAfter = old, now.Add(-366*day)
			w.state.Retired = append(w.state.Retired, certgen.Retired{Identity: "flannel", Leaf: &leaf})
			w.lists(t, 5, old)
		}, revoke: []*big.Int{leaked}, at: now, plan: again("does not list 1 revoked certificate"), number: 6, lists: []*big.Int{leaked}},
		"an entry of what has just expired": {change: func(t *testing.T, w *world) {
			leaf := *w.state.Pairs[flannel].Leaf
			leaf.SerialNumber, leaf.NotAfter = old, now.Add(-364*day)
			w.state.Retired = append(w.state.Retired, certgen.Retired{Identity: "flannel", Leaf: &leaf})
			w.lists(t, 5, old)
		}, revoke: []*big.Int{leaked}, at: now, plan: again("does not list 1 revoked certificate"), number: 6, lists: []*big.Int{old, leaked}},
		"the key is away": {change: func(_ *testing.T, w *world) {
			w.change("ca/client", func(p *certgen.Pair) { p.Key, p.KeyMode = certgen.KeyAbsent, 0 })
		}, at: now.Add(200 * day)},
		"the key is away, and something is revoked": {change: func(_ *testing.T, w *world) {
			w.change("ca/client", func(p *certgen.Pair) { p.Key, p.KeyMode = certgen.KeyAbsent, 0 })
		}, revoke: []*big.Int{leaked}, at: now,
			plan: "WAITING 2 files (client.crl, members/etcd1/client.crl) must be signed by the client CA, and its key, ca/client.key, is not here: bring it back for this run"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			canary := w.state.Pairs["canary/client"].Leaf.SerialNumber
			if c.change != nil {
				c.change(t, &w)
			}
			for _, serial := range c.revoke {
				w.record(serial)
			}
			wanted := certgen.Wanted{CRLs: certgen.Desired(w.p).CRLs}
			for _, p := range certgen.Desired(w.p).Profiles {
				if p.Kind == certgen.KindCA && p.CA != certgen.PeerCA {
					wanted.Profiles = append(wanted.Profiles, p)
				}
			}
			for name, ca := range wanted.CRLs {
				if ca == certgen.PeerCA {
					delete(wanted.CRLs, name)
				}
			}
			w.state.Unfinished = nil
			got := certgen.Diff(wanted, w.state, c.at)
			got.Pending = got.Unsigned()
			if diff := cmp.Diff(c.plan, plan(got)); diff != "" {
				t.Fatal(diff)
			}
			if c.number == 0 {
				return
			}
			list := got.Steps[0].List
			want := append([]*big.Int{canary}, c.lists...)
			for i := range want {
				if want[i] == nil {
					want[i] = w.state.Pairs["canary/client"].Leaf.SerialNumber
				}
			}
			if diff := cmp.Diff(serials(want), entries(list.Entries)); diff != "" || list.Number.Int64() != c.number {
				t.Errorf("number %v\n%s", list.Number, diff)
			}
		})
	}
}

// record records a certificate of the first component as revoked.
func (w *world) record(serial *big.Int) {
	leaf := *w.state.Pairs[flannel].Leaf
	leaf.SerialNumber, leaf.Raw = serial, append([]byte{1}, leaf.Raw...) // another certificate
	w.state.Retired = append(w.state.Retired, certgen.Retired{Identity: "flannel", Leaf: &leaf, Revoked: true})
}

func serials(numbers []*big.Int) map[string]bool {
	out := map[string]bool{}
	for _, n := range numbers {
		out[n.String()] = true
	}
	return out
}

func entries(list []x509.RevocationListEntry) map[string]bool {
	out := map[string]bool{}
	for _, e := range list {
		out[e.SerialNumber.String()] = true
	}
	return out
}

// lists puts a list of the client CA everywhere.
func (w *world) lists(t testing.TB, number int64, revoked ...*big.Int) {
	t.Helper()
	der := w.list(t, certgen.ClientCA, number, revoked...)
	w.state.Files["client.crl"], w.state.Files["members/etcd1/client.crl"] = der, der
}
