package certgen_test

import (
	"crypto/x509"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lockstep/certgen"
	"lockstep/certgen/authority"
	"lockstep/policies"
	"lockstep/policies/pending"
)

// small is a policy with one of each, to keep expectations readable.
func small(t testing.TB) *policies.Policy {
	p := edge(t)
	p.Cluster.Members, p.Cluster.Proxies, p.Components = p.Cluster.Members[:1], nil, p.Components[:1]
	return p
}

// world is a folder in which everything is as small wants it.
type world struct {
	p     *policies.Policy
	cas   map[certgen.CA]*authority.Authority
	state certgen.State
}

func newWorld(t testing.TB) world {
	p := small(t)
	w := world{p: p, cas: map[certgen.CA]*authority.Authority{}, state: certgen.State{Pairs: map[string]certgen.Pair{}, Files: map[string][]byte{}}}
	wanted := certgen.Desired(p)
	for _, prof := range wanted.Profiles {
		if prof.Kind == certgen.KindCA {
			w.cas[prof.CA] = newCA(t, p, prof.CA, now)
			w.state.Pairs[prof.Path] = certgen.Pair{Path: prof.Path, Leaf: w.cas[prof.CA].Certificate(), Key: certgen.KeyUnopened, KeyMode: 0o600}
			continue
		}
		w.state.Pairs[prof.Path] = certgen.Pair{Path: prof.Path, Leaf: issue(t, w.cas[prof.CA], prof, now), Key: certgen.KeyMatches, KeyMode: 0o600}
	}
	for name, content := range wanted.Files {
		w.state.Files[name] = content
	}
	for name, ca := range wanted.Copies {
		w.state.Files[name] = certgen.EncodeCertificate(w.cas[ca].Certificate())
	}
	for _, ca := range []certgen.CA{certgen.ClientCA, certgen.PeerCA} {
		w.publish(t, ca)
	}
	return w
}

// publish makes a canary of ca, and puts a list that names it everywhere.
func (w *world) publish(t testing.TB, ca certgen.CA) {
	t.Helper()
	prof := certgen.CanaryProfile(w.p, ca)
	w.state.Pairs[prof.Path] = certgen.Pair{Path: prof.Path, Leaf: issue(t, w.cas[ca], prof, now), Key: certgen.KeyMatches, KeyMode: 0o600}
	der := w.list(t, ca, 1)
	for name, of := range certgen.Desired(w.p).CRLs {
		if of == ca {
			w.state.Files[name] = der
		}
	}
}

// list is a revocation list of ca that names the canary and these serial numbers.
func (w *world) list(t testing.TB, ca certgen.CA, number int64, serials ...*big.Int) []byte {
	t.Helper()
	if canary := w.state.Pairs[certgen.CanaryPath(ca)].Leaf; canary != nil {
		serials = append(serials, canary.SerialNumber)
	}
	return list(t, w.cas[ca], number, serials...)
}

func list(t testing.TB, a *authority.Authority, number int64, serials ...*big.Int) []byte {
	t.Helper()
	var entries []x509.RevocationListEntry
	for _, serial := range serials {
		entries = append(entries, x509.RevocationListEntry{SerialNumber: serial, RevocationTime: now})
	}
	der, err := a.RevocationList(entries, big.NewInt(number), now)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func (w world) change(path string, f func(*certgen.Pair)) {
	pair := w.state.Pairs[path]
	f(&pair)
	w.state.Pairs[path] = pair
}

// plan is a plan as text.
func plan(p certgen.Plan) string {
	var lines []string
	for _, s := range p.Steps {
		lines = append(lines, s.String()+" | "+s.Reason)
	}
	for _, b := range p.Blocked() {
		lines = append(lines, "BLOCKED "+b)
	}
	carried := slices.ContainsFunc(p.Unsigned(), func(c certgen.Pending) bool { return c.Step.Carries })
	for _, w := range p.Waiting() {
		lines = append(lines, "WAITING"+still(carried)+" "+w)
	}
	for _, c := range p.Unfit() {
		lines = append(lines, "EXTERNAL"+still(c.Step.Carries)+" "+certgen.UnfitText(c))
	}
	for _, c := range pending.Needing(p.Pending, pending.Prune) {
		lines = append(lines, "removable: "+c.Step.String()+" | "+c.Reason)
	}
	return strings.Join(lines, "\n")
}

func still(carries bool) string {
	if carries {
		return ", still its user's:"
	}
	return ""
}

const flannel = "components/flannel/client"

func TestDiff(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		spoil func(t *testing.T, w *world)
		want  string
	}{
		{"nothing to do", func(*testing.T, *world) {}, ""},
		{"an empty folder", func(_ *testing.T, w *world) { w.state = certgen.State{} }, `make the client CA | missing
make the server CA | missing
make the peer CA | missing
issue members/etcd1/server for 10.0.0.11, etcd1.edge.internal, localhost, 127.0.0.1, ::1 | missing
issue members/etcd1/peer for 10.0.0.11, etcd1.edge.internal | missing
issue components/flannel/client to user "flannel" | missing
write .gitignore | missing
write components/flannel/etcdctl.env | missing
write members/etcd1/etcd.env | missing
write components/flannel/ca.crt | missing
write members/etcd1/client-ca.crt | missing
write members/etcd1/peer-ca.crt | missing
write members/etcd1/server-ca.crt | missing
write client.crl | missing
write members/etcd1/client.crl | missing
write members/etcd1/peer.crl | missing
write peer.crl | missing`},
		{"cut off after the first CA", func(_ *testing.T, w *world) {
			ca := w.state.Pairs["ca/client"]
			w.state = certgen.State{Pairs: map[string]certgen.Pair{"ca/client": ca}, Unfinished: []string{"ca/server"}}
			w.p.Cluster.Members, w.p.Cluster.Proxies = nil, []policies.Proxy{{Name: "x", Hosts: []string{"10.0.0.9"}}}
			w.p.Components = nil
		}, `finish ca/server | its writing was cut off
make the server CA | missing
issue proxies/x/server for 10.0.0.9, localhost, 127.0.0.1, ::1 | missing
issue proxies/x/client | missing
write .gitignore | missing
write proxies/x/proxy.env | missing
write proxies/x/client-ca.crt | missing
write proxies/x/server-ca.crt | missing
write client.crl | missing
write proxies/x/client.crl | missing`},

		{"a new component", func(t *testing.T, w *world) {
			w.p.Components = append(w.p.Components, policies.Component{Name: "b", User: user(t, "b")})
		}, "issue components/b/client to user \"b\" | missing\nwrite components/b/etcdctl.env | missing\nwrite components/b/ca.crt | missing"},
		{"another lifetime, key, O, OU and L", func(_ *testing.T, w *world) {
			w.p.Certificates = policies.Certificates{Key: policies.RSA4096, Lifetimes: policies.Lifetimes{CA: hour, Member: hour, Component: hour},
				Subject: policies.Subject{Organization: []string{"acme"}, Locality: []string{"x"}}}
		}, ""},
		{"expired", func(t *testing.T, w *world) {
			p := profiles(w.p)[flannel]
			p.Lifetime = day
			w.cas[certgen.ClientCA] = newCA(t, w.p, certgen.ClientCA, now.Add(-year))
			w.reissueAll(t, certgen.ClientCA)
			w.change(flannel, func(x *certgen.Pair) { x.Leaf = issue(t, w.cas[certgen.ClientCA], p, now.Add(-2*day)) })
		}, `renew components/flannel/client to user "flannel" | its certificate expired on 2026-04-30 12:00 UTC`},
		{"expired, its key is another's", func(t *testing.T, w *world) {
			p := profiles(w.p)[flannel]
			p.Lifetime = day
			w.cas[certgen.ClientCA] = newCA(t, w.p, certgen.ClientCA, now.Add(-year))
			w.reissueAll(t, certgen.ClientCA)
			w.change(flannel, func(x *certgen.Pair) {
				x.Leaf, x.Key = issue(t, w.cas[certgen.ClientCA], p, now.Add(-2*day)), certgen.KeyForeign
			})
		}, `reissue components/flannel/client to user "flannel" | its certificate expired on 2026-04-30 12:00 UTC`},
		{"due, its key was delivered", func(t *testing.T, w *world) {
			w.p.Certificates.RenewAt = policies.DefaultDue()
			w.cas[certgen.ClientCA] = newCA(t, w.p, certgen.ClientCA, now.Add(-year))
			w.reissueAll(t, certgen.ClientCA)
			w.change(flannel, func(x *certgen.Pair) {
				x.Leaf, x.Key = issue(t, w.cas[certgen.ClientCA], profiles(w.p)[flannel], now.Add(-61*day)), certgen.KeyAbsent
			})
		}, `renew components/flannel/client to user "flannel" | its certificate ends on 2026-05-30 12:00 UTC`},
		{"not due yet", func(t *testing.T, w *world) {
			w.p.Certificates.RenewAt = policies.DefaultDue()
			w.cas[certgen.ClientCA] = newCA(t, w.p, certgen.ClientCA, now.Add(-year))
			w.reissueAll(t, certgen.ClientCA)
			w.change(flannel, func(x *certgen.Pair) {
				x.Leaf = issue(t, w.cas[certgen.ClientCA], profiles(w.p)[flannel], now.Add(-59*day))
			})
		}, ""},
		{"due, and a new one would end with its CA, too", func(t *testing.T, w *world) {
			w.p.Certificates.RenewAt = policies.Due{Left: 40 * day}
			w.cas[certgen.ClientCA] = newCA(t, w.p, certgen.ClientCA, now.Add(30*day-10*year))
			w.reissueAll(t, certgen.ClientCA)
			w.change(flannel, func(x *certgen.Pair) {
				x.Leaf = issue(t, w.cas[certgen.ClientCA], profiles(w.p)[flannel], now.Add(-hour))
			})
		}, ""},
		{"another user", func(t *testing.T, w *world) { w.p.Components[0].User = user(t, "flanel") },
			"reissue components/flannel/client to user \"flanel\" | its certificate has CN \"flannel\", and should have \"flanel\"\nwrite components/flannel/etcdctl.env | sets the same, written in another form; copies of it may stay"},
		{"another CA's", func(t *testing.T, w *world) {
			other := newCA(t, w.p, certgen.ClientCA, now)
			w.change(flannel, func(x *certgen.Pair) { x.Leaf = issue(t, other, profiles(w.p)[flannel], now) })
		}, `reissue components/flannel/client to user "flannel" | its certificate is not signed by the client CA "…`},
		{"a host more", func(_ *testing.T, w *world) {
			w.p.Cluster.Members[0].Hosts = append(w.p.Cluster.Members[0].Hosts, "10.0.0.99")
		}, `reissue members/etcd1/server for 10.0.0.11, etcd1.edge.internal, 10.0.0.99, localhost, 127.0.0.1, ::1 | its certificate is for 10.0.0.11, 127.0.0.1, ::1, etcd1.edge.internal, localhost, and should be for 10.0.0.11, 10.0.0.99, 127.0.0.1, ::1, etcd1.edge.internal, localhost
reissue members/etcd1/peer for 10.0.0.11, etcd1.edge.internal, 10.0.0.99 | its certificate is for 10.0.0.11, etcd1.edge.internal, and should be for 10.0.0.11, 10.0.0.99, etcd1.edge.internal`},
		{"a peer's certificate as server", func(_ *testing.T, w *world) {
			w.change("members/etcd1/server", func(x *certgen.Pair) { x.Leaf = w.state.Pairs["members/etcd1/peer"].Leaf })
		}, `reissue members/etcd1/server for 10.0.0.11, etcd1.edge.internal, localhost, 127.0.0.1, ::1 | its certificate is not signed by the server CA …`},
		{"its key was delivered and is not here", func(_ *testing.T, w *world) { w.change(flannel, func(x *certgen.Pair) { x.Key = certgen.KeyAbsent }) }, ``},
		{"another key", func(_ *testing.T, w *world) { w.change(flannel, func(x *certgen.Pair) { x.Key = certgen.KeyForeign }) },
			`reissue components/flannel/client to user "flannel" | its key belongs to another certificate`},
		{"half a key", func(_ *testing.T, w *world) {
			w.change(flannel, func(x *certgen.Pair) { x.Key = certgen.KeyUnreadable })
		}, `reissue components/flannel/client to user "flannel" | its key cannot be read`},
		{"a key alone", func(_ *testing.T, w *world) {
			w.change(flannel, func(x *certgen.Pair) { x.Leaf, x.Key = nil, certgen.KeyForeign })
		}, `reissue components/flannel/client to user "flannel" | its certificate is missing`},
		{"half a certificate", func(_ *testing.T, w *world) {
			w.change(flannel, func(x *certgen.Pair) { x.Leaf, x.Problem, x.Key = nil, "this is not PEM", certgen.KeyForeign })
		}, `reissue components/flannel/client to user "flannel" | its certificate cannot be read: this is not PEM`},

		{"lax modes", func(_ *testing.T, w *world) {
			for path := range w.state.Pairs {
				w.change(path, func(x *certgen.Pair) { x.KeyMode = 0o644 })
			}
		}, "restrict canary/client.key to mode 0600 | its mode is 0644\nrestrict canary/peer.key to mode 0600 | its mode is 0644\nrestrict components/flannel/client.key to mode 0600 | its mode is 0644\nrestrict members/etcd1/peer.key to mode 0600 | its mode is 0644\nrestrict members/etcd1/server.key to mode 0600 | its mode is 0644"},
		{"stricter modes", func(_ *testing.T, w *world) { w.change(flannel, func(x *certgen.Pair) { x.KeyMode = 0o400 }) }, ""},
		{"a lax key that is replaced anyway", func(_ *testing.T, w *world) {
			w.change(flannel, func(x *certgen.Pair) { x.KeyMode, x.Key = 0o644, certgen.KeyForeign })
		}, `reissue components/flannel/client to user "flannel" | its key belongs to another certificate`},

		{"edited and missing files", func(_ *testing.T, w *world) {
			w.state.Files["members/etcd1/etcd.env"] = []byte("ETCD_NAME=x\n")
			w.state.Files[".gitignore"] = []byte("*.key\n")
			w.state.Files["members/etcd1/peer-ca.crt"] = []byte("x")
			delete(w.state.Files, "components/flannel/etcdctl.env")
			delete(w.state.Files, "components/flannel/ca.crt")
		}, `write components/flannel/etcdctl.env | missing
write members/etcd1/etcd.env | differs from the policy
write components/flannel/ca.crt | missing
write members/etcd1/peer-ca.crt | differs from the peer CA's certificate`},
		{"the newest list wins", func(t *testing.T, w *world) {
			w.state.Files["members/etcd1/client.crl"] = w.list(t, certgen.ClientCA, 7)
		}, "write client.crl | is not the newest valid revocation list of the client CA"},
		{"a list of another CA, and half a list", func(t *testing.T, w *world) {
			w.state.Files["client.crl"] = list(t, newCA(t, w.p, certgen.ClientCA, now), 99)
			w.state.Files["members/etcd1/peer.crl"] = w.state.Files["peer.crl"][:100]
		}, "write client.crl | is not the newest valid revocation list of the client CA\nwrite members/etcd1/peer.crl | is not the newest valid revocation list of the peer CA"},
		{"no list that is valid", func(_ *testing.T, w *world) {
			w.state.Files["client.crl"], w.state.Files["members/etcd1/client.crl"] = nil, nil
		}, "write client.crl | is no valid revocation list of the client CA\nwrite members/etcd1/client.crl | is no valid revocation list of the client CA"},

		{"ca/ is kept elsewhere", func(_ *testing.T, w *world) { w.dropCAs() }, ""},
		{"CA keys are kept elsewhere", func(_ *testing.T, w *world) {
			for _, ca := range certgen.CAs() {
				w.change(certgen.CAPath(ca), func(x *certgen.Pair) { x.Key, x.KeyMode = certgen.KeyAbsent, 0 })
			}
		}, ""},
		{"ca/ is kept elsewhere and needed", func(t *testing.T, w *world) {
			w.dropCAs()
			w.p.Components = append(w.p.Components, policies.Component{Name: "b", User: user(t, "b")})
			w.change(flannel, func(x *certgen.Pair) { x.Key = certgen.KeyForeign })
		}, `write components/b/etcdctl.env | missing
write components/b/ca.crt | missing
WAITING, still its user's: 2 files (components/flannel/client, components/b/client) must be signed by the client CA, and its key, ca/client.key, is not here: bring it back for this run`},
		{"a CA is gone for good", func(_ *testing.T, w *world) {
			w.dropCAs()
			delete(w.state.Files, "members/etcd1/client-ca.crt")
		}, `BLOCKED the client CA is not here, and 3 files that came from it still are (components/flannel/client.crt, client.crl, members/etcd1/client.crl): bring back ca/client.crt, and ca/client.key if something is to be signed; a CA is never replaced`},
		{"only something retired remains", func(_ *testing.T, w *world) {
			leaf := *w.state.Pairs[flannel].Leaf
			leaf.SerialNumber = big.NewInt(0xabc)
			w.state = certgen.State{Retired: []certgen.Retired{{Identity: "flannel", Leaf: &leaf}}}
			w.p.Cluster.Members, w.p.Cluster.Endpoints, w.p.Components = nil, []string{"https://a:2379"}, nil
		}, `write .gitignore | missing
BLOCKED the client CA is not here, and 1 file that came from it still is (retired/flannel/abc.crt): bring back ca/client.crt, and ca/client.key if something is to be signed; a CA is never replaced`},
		{"a CA's key without its certificate", func(_ *testing.T, w *world) { w.change("ca/peer", func(x *certgen.Pair) { x.Leaf = nil }) },
			"BLOCKED ca/peer.key is here and ca/peer.crt is not: bring back the certificate; members, proxies and components have copies of it"},
		{"half a CA certificate", func(_ *testing.T, w *world) {
			w.change("ca/peer", func(x *certgen.Pair) { x.Leaf, x.Problem = nil, "this is not PEM" })
		}, "BLOCKED ca/peer.crt cannot be read (this is not PEM): bring back the right file from a copy"},
		{"copies that differ", func(t *testing.T, w *world) {
			w.dropCAs()
			w.state.Files["components/flannel/ca.crt"] = certgen.EncodeCertificate(newCA(t, w.p, certgen.ServerCA, now).Certificate())
		}, "BLOCKED reading the server CA's certificate: components/flannel/ca.crt and members/etcd1/server-ca.crt differ: bring back ca/server.crt, which decides"},
		{"an expired CA", func(t *testing.T, w *world) {
			w.cas[certgen.ClientCA] = newCA(t, w.p, certgen.ClientCA, now.Add(-20*year))
			w.change("ca/client", func(x *certgen.Pair) { x.Leaf = w.cas[certgen.ClientCA].Certificate() })
			w.state.Files["members/etcd1/client-ca.crt"] = certgen.EncodeCertificate(w.cas[certgen.ClientCA].Certificate())
		}, "BLOCKED the client CA (ca/client.crt) expired on 2016-05-03 12:00 UTC: nothing can be signed or trusted before lockstep certs rotate-ca client --compromised has replaced it; the clock of this host may be wrong"},
		{"a CA that begins later", func(t *testing.T, w *world) {
			w.cas[certgen.ClientCA] = newCA(t, w.p, certgen.ClientCA, now.Add(time.Hour))
			w.change("ca/client", func(x *certgen.Pair) { x.Leaf = w.cas[certgen.ClientCA].Certificate() })
			w.state.Files["members/etcd1/client-ca.crt"] = certgen.EncodeCertificate(w.cas[certgen.ClientCA].Certificate())
		}, "BLOCKED the client CA (ca/client.crt) is not valid before 2026-05-01 12:55 UTC: nothing can be signed or trusted until then; the clock of this host, or of the one that made the CA, may be wrong"},
		{"another folder's CA", func(t *testing.T, w *world) {
			w.change("ca/client", func(x *certgen.Pair) { x.Leaf = newCA(t, w.p, certgen.ClientCA, now).Certificate() })
		}, "BLOCKED ca/client.crt is another client CA than members/etcd1/client-ca.crt, from which 1 certificate came (components/flannel/client.crt): put the right one into ca/; a CA is never replaced"},

		{"a component less", func(_ *testing.T, w *world) { w.p.Components = nil },
			"removable: retire components/flannel/client | the policy does not name it any more"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c.spoil(t, &w)
			got := plan(certgen.Diff(certgen.Desired(w.p), w.state, now))
			want, open := strings.CutSuffix(c.want, "…") // what follows is random or long
			if open && strings.HasPrefix(got, want) {
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// dropCAs leaves the folder without ca/.
func (w *world) dropCAs() {
	for _, ca := range certgen.CAs() {
		delete(w.state.Pairs, certgen.CAPath(ca))
	}
}

// reissueAll puts what w.cas now has for ca everywhere.
func (w *world) reissueAll(t testing.TB, ca certgen.CA) {
	a := w.cas[ca]
	w.change(certgen.CAPath(ca), func(x *certgen.Pair) { x.Leaf = a.Certificate() })
	for name := range w.state.Files {
		switch item := certgen.Locate(name); {
		case item.CA != ca:
		case item.Purpose == certgen.ForCopy:
			w.state.Files[name] = certgen.EncodeCertificate(a.Certificate())
		}
	}
	if ca != certgen.ServerCA {
		w.publish(t, ca)
	}
}

func TestDiffRoot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const files = "write root/etcdctl.env | missing\nwrite root/ca.crt | missing"
	if diff := cmp.Diff("issue root/client to user \"root\" | it was asked for\n"+files, plan(certgen.DiffRoot(w.p, hour, w.state, now))); diff != "" {
		t.Error("first: " + diff)
	}
	w.state.Pairs["root/client"] = certgen.Pair{Path: "root/client", Leaf: issue(t, w.cas[certgen.ClientCA], certgen.RootProfile(w.p, hour), now), Key: certgen.KeyMatches, KeyMode: 0o600}
	if diff := cmp.Diff("reissue root/client to user \"root\" | it was asked for\n"+files, plan(certgen.DiffRoot(w.p, hour, w.state, now))); diff != "" {
		t.Error("again: " + diff)
	}
	if got := plan(certgen.Diff(certgen.Desired(w.p), w.state, now)); got != "" {
		t.Error("root's certificate is nothing that a policy removes: " + got)
	}
	want := "BLOCKED root's certificate needs the client CA, which has not been made yet: bootstrap the cluster first"
	if diff := cmp.Diff(want, plan(certgen.DiffRoot(w.p, hour, certgen.State{}, now))); diff != "" {
		t.Error("too early: " + diff)
	}
	w.change("ca/client", func(x *certgen.Pair) { x.Key = certgen.KeyAbsent })
	want = files + "\nWAITING, still its user's: 1 file (root/client) must be signed by the client CA, and its key, ca/client.key, is not here: bring it back for this run"
	if diff := cmp.Diff(want, plan(certgen.DiffRoot(w.p, hour, w.state, now))); diff != "" {
		t.Error("no key: " + diff)
	}
}

// TestDiffIsPure holds that Diff neither changes its arguments nor depends on map order.
func TestDiffIsPure(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.state.Pairs = map[string]certgen.Pair{"ca/client": w.state.Pairs["ca/client"]}
	first := plan(certgen.Diff(certgen.Desired(w.p), w.state, now))
	for range 20 {
		if diff := cmp.Diff(first, plan(certgen.Diff(certgen.Desired(w.p), w.state, now))); diff != "" {
			t.Fatal(diff)
		}
	}
	if len(w.state.Pairs) != 1 {
		t.Error("the state was changed")
	}
}

func TestSerials(t *testing.T) {
	t.Parallel()
	state := certgen.State{
		Pairs:   map[string]certgen.Pair{"a": {Leaf: &x509.Certificate{SerialNumber: big.NewInt(1)}}, "b": {}},
		Retired: []certgen.Retired{{Leaf: &x509.Certificate{SerialNumber: big.NewInt(2)}}},
	}
	all := state.Serials()
	for n, free := range map[int64]bool{1: false, 2: false, 3: true} {
		if got := all.Take(big.NewInt(n)); got != free {
			t.Errorf("taking %d: %v, want %v", n, got, free)
		}
	}
	if all.Take(big.NewInt(3)) {
		t.Error("3 was taken twice")
	}
	var none certgen.Serials
	if !none.Take(big.NewInt(1)) || none.Take(big.NewInt(1)) {
		t.Error("the zero value is no empty set")
	}
}

func TestTakeIsSafe(t *testing.T) {
	t.Parallel()
	var all certgen.Serials
	won := make(chan bool)
	for range 8 {
		go func() { won <- all.Take(big.NewInt(5)) }()
	}
	winners := 0
	for range 8 {
		if <-won {
			winners++
		}
	}
	if winners != 1 {
		t.Errorf("%d goroutines took the same number", winners)
	}
}

// What an env file says counts, not how: one that a former version wrote is rewritten, and
// no message asks to copy it and to restart etcd.
func TestAnEnvFileInAnotherForm(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text     string
		reason   string
		outdates bool
	}{
		"half quoted":    {"A=https://[::1]:1\"\nB=x\n", "differs from the policy", true},
		"quoted":         {"# old\nA=\"https://[::1]:1\"\nB=x\n", certgen.SameMeaning, false},
		"escaped":        {"A=\"https://[::1]:1\"\n\nB=\"x\"\n", certgen.SameMeaning, false},
		"another value":  {"A=\"https://[::2]:1\"\nB=x\n", "differs from the policy", true},
		"one more":       {"A=https://[::1]:1\nB=x\nC=y\n", "differs from the policy", true},
		"another order":  {"B=x\nA=https://[::1]:1\n", "differs from the policy", true},
		"half a quote":   {"A=\"https://[::1]:1\nB=x\n", "differs from the policy", true},
		"a line of junk": {"A=https://[::1]:1\nB=x\njunk\n", "differs from the policy", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := certgen.Wanted{Files: map[string][]byte{"members/a/etcd.env": []byte("# new\nA=https://[::1]:1\nB=x\n")}}
			plan := certgen.Diff(w, certgen.State{Files: map[string][]byte{"members/a/etcd.env": []byte(c.text)}}, time.Time{})
			if len(plan.Steps) != 1 || plan.Steps[0].Reason != c.reason || plan.Steps[0].Outdates() != c.outdates {
				t.Errorf("%+v", plan.Steps)
			}
		})
	}
}
