package certgen_test

import (
	"crypto/x509"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lockstep/certgen"
	"lockstep/policies"
)

// rotating is a folder in which one CA is rotated, and the ports that trust it.
type rotating struct {
	world
	ca         certgen.CA
	old, fresh *x509.Certificate            // the CA that is replaced, and the one that replaces it
	before     map[string]*x509.Certificate // what the old CA signed, by path
	ports      []certgen.Port
	choice     certgen.Choice
}

// newRotating is the folder at a stage of the rotation of ca, with everything done that the
// stage wants, and ports that trust the CA and show a certificate of it as before the rotation.
func newRotating(t *testing.T, ca certgen.CA, stage certgen.Stage) *rotating {
	t.Helper()
	w := newWorld(t)
	r := &rotating{world: w, ca: ca, old: w.cas[ca].Certificate(), choice: certgen.Choice{CA: ca}, before: map[string]*x509.Certificate{}}
	for path, pair := range w.state.Pairs {
		r.before[path] = pair.Leaf
	}
	server := w.state.Pairs["members/etcd1/server"].Leaf
	if ca == certgen.PeerCA {
		server = w.state.Pairs["members/etcd1/peer"].Leaf
	}
	r.ports = []certgen.Port{{Name: "members/etcd1", Place: certgen.PlaceOf("members/etcd1"), Accepts: [][]byte{r.old.RawSubject}, Shown: server}}
	if stage == certgen.StageNone {
		return r
	}
	next := newCA(t, w.p, ca, now.Add(time.Minute))
	r.fresh = next.Certificate()
	r.put(certgen.Next, r.fresh, certgen.KeyUnopened)
	if stage != certgen.StageNext {
		w.cas[ca] = next
		r.put(certgen.Next, nil, certgen.KeyAbsent)
		r.put(certgen.Current, r.fresh, certgen.KeyUnopened)
		kept := certgen.Previous
		if stage == certgen.StageDropped {
			kept = certgen.Dropped
		}
		r.put(kept, r.old, certgen.KeyAbsent)
		r.reissue(t)
	}
	trust, err := w.state.Trust(ca)
	if err != nil {
		t.Fatal(err)
	}
	for name, of := range certgen.Desired(w.p).Copies {
		if of == ca {
			w.state.Files[name] = trust.Encode()
		}
	}
	if ca != certgen.ServerCA {
		r.publish(t, ca)
	}
	return r
}

// put puts the certificate of a generation in its place; nil for none.
func (r *rotating) put(g certgen.Generation, cert *x509.Certificate, key certgen.KeyState) {
	path := certgen.CAPlace(r.ca, g).String()
	if delete(r.state.Pairs, path); cert != nil {
		r.state.Pairs[path] = certgen.Pair{Path: path, Leaf: cert, Key: key, KeyMode: 0o600}
	}
}

// reissue makes every certificate of the CA anew.
func (r *rotating) reissue(t *testing.T) {
	t.Helper()
	for path, prof := range profiles(r.p) {
		if prof.CA == r.ca && prof.Kind != certgen.KindCA {
			r.change(path, func(p *certgen.Pair) { p.Leaf = issue(t, r.cas[r.ca], prof, now.Add(time.Minute)) })
		}
	}
}

// trusts makes the port accept these CAs.
func (r *rotating) trusts(cas ...*x509.Certificate) {
	r.ports[0].Accepts = nil
	for _, ca := range cas {
		r.ports[0].Accepts = append(r.ports[0].Accepts, ca.RawSubject)
	}
}

func (r *rotating) shows(path string) { r.ports[0].Shown = r.state.Pairs[path].Leaf }

var (
	keyID     = regexp.MustCompile(`CA [0-9a-f]{8}"`)
	retiredID = regexp.MustCompile(`(retired/[a-z-]+)/[0-9a-f]+[.]`)
)

// said is a rotation as text.
func said(r certgen.Rotation) string {
	text := plan(r.Plan)
	if text != "" {
		text += "\n"
	}
	text += "then " + string(r.Stage)
	if r.Confirm {
		text += ", to be confirmed"
	}
	if r.Finished {
		text += ", finished"
	}
	for _, w := range r.Waits {
		text += fmt.Sprintf("\n%s:%s", w.Name, strings.TrimRight(" "+w.Text, " "))
		for _, x := range []struct {
			kind string
			is   bool
		}{{" [certificate]", w.NewCertificate}, {" [list]", w.NewList}, {" [CA]", w.NewCA}} {
			if x.is {
				text += x.kind
			}
		}
	}
	return retiredID.ReplaceAllString(keyID.ReplaceAllString(text, `CA ID"`), "$1/ID.")
}

func TestRotate(t *testing.T) {
	t.Parallel()
	const next, previous, dropped, none = certgen.StageNext, certgen.StagePrevious, certgen.StageDropped, certgen.StageNone
	for _, c := range []struct {
		name  string
		ca    certgen.CA
		stage certgen.Stage
		do    func(t *testing.T, r *rotating)
		want  string
	}{
		{"client begins", certgen.ClientCA, none, nil, `make the next client CA | to replace "edge client CA ID", which ends on 2036-04-28 12:00 UTC
write members/etcd1/client-ca.crt | differs from the client CA's certificate
then next
members/etcd1: [CA]`},
		{"a member that is down", certgen.ClientCA, none, func(_ *testing.T, r *rotating) { r.ports[0].Err = errors.New("no answer") },
			"then none\nmembers/etcd1: cannot be asked: no answer [CA]"},
		{"a member of another CA", certgen.ClientCA, none, func(_ *testing.T, r *rotating) { r.trusts() },
			"then none\nmembers/etcd1: does not trust \"edge client CA ID\" yet [CA]"},
		{"not restarted", certgen.ClientCA, next, nil, "then next\nmembers/etcd1: does not trust \"edge client CA ID\" yet [CA]"},
		{"cut off before the copies were written", certgen.ClientCA, next, func(_ *testing.T, r *rotating) {
			r.trusts(r.old, r.fresh)
			r.state.Files["members/etcd1/client-ca.crt"] = certgen.EncodeCertificate(r.old)
		}, "write members/etcd1/client-ca.crt | differs from the client CA's certificate\nthen next\nmembers/etcd1: [CA]"},
		{"confirming does not help", certgen.ClientCA, next, func(_ *testing.T, r *rotating) { r.choice.Confirmed = true },
			"then next\nmembers/etcd1: does not trust \"edge client CA ID\" yet [CA]"},
		{"what a port shows that cannot be asked proves nothing", certgen.ClientCA, next, func(_ *testing.T, r *rotating) {
			r.trusts(r.old, r.fresh)
			r.ports[0].Err = errors.New("unknown authority")
		}, "then next\nmembers/etcd1: cannot be asked: unknown authority [CA]"},
		{"client switches", certgen.ClientCA, next, func(_ *testing.T, r *rotating) { r.trusts(r.old, r.fresh) }, `let the next client CA sign | every member and proxy trusts it
renew components/flannel/client to user "flannel" | it comes from an earlier client CA
write members/etcd1/client-ca.crt | sets the same, written in another form; copies of it may stay
write client.crl | is signed by an earlier client CA
write members/etcd1/client.crl | is signed by an earlier client CA
then previous, to be confirmed
flannel: [certificate]
members/etcd1: [list]`},
		{"client switches, and a component has no certificate", certgen.ClientCA, next, func(_ *testing.T, r *rotating) {
			r.trusts(r.old, r.fresh)
			delete(r.state.Pairs, flannel)
		}, `let the next client CA sign | every member and proxy trusts it
write members/etcd1/client-ca.crt | sets the same, written in another form; copies of it may stay
write client.crl | is signed by an earlier client CA
write members/etcd1/client.crl | is signed by an earlier client CA
then previous, to be confirmed
members/etcd1: [list]`},
		{"without the next key", certgen.ClientCA, next, func(_ *testing.T, r *rotating) {
			r.trusts(r.old, r.fresh)
			r.put(certgen.Next, r.fresh, certgen.KeyAbsent)
		}, "BLOCKED ca/client.next.key is not here: bring it back for this run\nthen next"},
		{"without the old key", certgen.ClientCA, none, func(_ *testing.T, r *rotating) { r.put(certgen.Current, r.old, certgen.KeyAbsent) },
			`make the next client CA | to replace "edge client CA ID", which ends on 2036-04-28 12:00 UTC
write members/etcd1/client-ca.crt | differs from the client CA's certificate
then next
members/etcd1: [CA]`},
		{"cut off while certificates were made", certgen.ClientCA, previous, func(t *testing.T, r *rotating) {
			r.trusts(r.old, r.fresh)
			r.choice.Confirmed = true
			r.change(flannel, func(p *certgen.Pair) { p.Leaf = r.before[flannel] })
		}, "renew components/flannel/client to user \"flannel\" | it comes from an earlier client CA\nthen previous, to be confirmed\nflannel: [certificate]\nmembers/etcd1: [list]"},
		{"to be confirmed", certgen.ClientCA, previous, func(_ *testing.T, r *rotating) { r.trusts(r.old, r.fresh) },
			"then previous, to be confirmed\nflannel: [certificate]\nmembers/etcd1: [list]"},
		{"confirmed, and a member has fallen back", certgen.ClientCA, previous, func(_ *testing.T, r *rotating) { r.choice.Confirmed = true },
			"then previous\nmembers/etcd1: does not trust \"edge client CA ID\" yet [CA]"},
		{"confirmed", certgen.ClientCA, previous, func(_ *testing.T, r *rotating) {
			r.trusts(r.old, r.fresh)
			r.choice.Confirmed = true
		}, `drop the previous client CA | no certificate of it is used any more
write members/etcd1/client-ca.crt | differs from the client CA's certificate
then dropped
members/etcd1: [CA]`},
		{"what the policy does not name", certgen.ClientCA, previous, func(t *testing.T, r *rotating) {
			r.trusts(r.old, r.fresh)
			r.choice.Confirmed = true
			r.state.Pairs["components/gone/client"] = certgen.Pair{Path: "components/gone/client", Leaf: r.before[flannel]}
		}, "then previous\ncomponents/gone: has a certificate of the previous CA, and the policy does not name it: write it into the policy, or let lockstep apply --prune retire it"},
		{"not restarted with the new one alone", certgen.ClientCA, dropped, func(_ *testing.T, r *rotating) { r.trusts(r.old, r.fresh) },
			"then dropped\nmembers/etcd1: still trusts \"edge client CA ID\" [CA]"},
		{"client ends", certgen.ClientCA, dropped, func(_ *testing.T, r *rotating) { r.trusts(r.fresh) },
			"retire ca/client.dropped | no server trusts or shows it any more\nthen none, finished"},

		{"client has ended", certgen.ClientCA, none, func(_ *testing.T, r *rotating) { retireFormer(r) }, "then none, finished"},
		{"ca/ comes from a copy that is older than its replacement", certgen.ClientCA, none, func(_ *testing.T, r *rotating) {
			r.state.Retired = []certgen.Retired{{Identity: certgen.RetiredCA(r.ca), Leaf: r.old}}
			r.choice.Compromised = true
		}, "BLOCKED ca/client.crt is a client CA that was replaced, as retired/client-ca/ID.crt tells: bring back ca/client.crt and ca/client.key of the CA that replaced it\nthen none"},
		{"client has ended, and the clock is behind", certgen.ClientCA, none, func(_ *testing.T, r *rotating) {
			retireFormer(r)
			later := *r.old
			later.NotBefore = now.Add(72 * hour)
			r.put(certgen.Current, &later, certgen.KeyUnopened)
		}, "BLOCKED the client CA (ca/client.crt) is not valid before 2026-05-04 12:00 UTC: nothing can be signed or trusted until then; the clock of this host, or of the one that made the CA, may be wrong\nthen none"},
		{"client again", certgen.ClientCA, none, func(_ *testing.T, r *rotating) {
			retireFormer(r)
			r.choice.Again = true
		}, `make the next client CA | to replace "edge client CA ID", which ends on 2036-04-28 12:00 UTC
write members/etcd1/client-ca.crt | differs from the client CA's certificate
then next
members/etcd1: [CA]`},

		{"server begins", certgen.ServerCA, none, nil, `make the next server CA | to replace "edge server CA ID", which ends on 2036-04-28 12:00 UTC
write components/flannel/ca.crt | differs from the server CA's certificate
write members/etcd1/server-ca.crt | differs from the server CA's certificate
then next, to be confirmed
flannel: [CA]`},
		{"server waits for its clients", certgen.ServerCA, next, nil, "then next, to be confirmed\nflannel: [CA]"},
		{"server switches", certgen.ServerCA, next, func(_ *testing.T, r *rotating) { r.choice.Confirmed = true },
			`let the next server CA sign | it is confirmed that every client trusts it
renew members/etcd1/server for 10.0.0.11, etcd1.edge.internal, localhost, 127.0.0.1, ::1 | it comes from an earlier server CA
write components/flannel/ca.crt | sets the same, written in another form; copies of it may stay
write members/etcd1/server-ca.crt | sets the same, written in another form; copies of it may stay
then previous
members/etcd1: [certificate]`},
		{"server is not copied", certgen.ServerCA, previous, nil, "then previous\nmembers/etcd1: does not show a certificate of \"edge server CA ID\" yet [certificate]"},
		{"server ends", certgen.ServerCA, previous, func(_ *testing.T, r *rotating) { r.shows("members/etcd1/server") },
			`drop the previous server CA | no certificate of it is used any more
write components/flannel/ca.crt | differs from the server CA's certificate
write members/etcd1/server-ca.crt | differs from the server CA's certificate
retire ca/server.dropped | no server trusts or shows it any more
then none, finished
flannel: [CA]`},

		{"peer begins", certgen.PeerCA, none, nil, `make the next peer CA | to replace "edge peer CA ID", which ends on 2036-04-28 12:00 UTC
write members/etcd1/peer-ca.crt | differs from the peer CA's certificate
then next
members/etcd1: [CA]`},
		{"peer switches", certgen.PeerCA, next, func(_ *testing.T, r *rotating) { r.trusts(r.old, r.fresh) },
			`let the next peer CA sign | every member trusts it
renew members/etcd1/peer for 10.0.0.11, etcd1.edge.internal | it comes from an earlier peer CA
write members/etcd1/peer-ca.crt | sets the same, written in another form; copies of it may stay
write members/etcd1/peer.crl | is signed by an earlier peer CA
write peer.crl | is signed by an earlier peer CA
then previous
members/etcd1: [certificate] [list]`},
		{"peer is not copied", certgen.PeerCA, previous, func(_ *testing.T, r *rotating) { r.trusts(r.old, r.fresh) },
			"then previous\nmembers/etcd1: does not show a certificate of \"edge peer CA ID\" yet [certificate]"},
		{"peer drops", certgen.PeerCA, previous, func(_ *testing.T, r *rotating) { r.shows("members/etcd1/peer") },
			`drop the previous peer CA | no certificate of it is used any more
write members/etcd1/peer-ca.crt | differs from the peer CA's certificate
then dropped
members/etcd1: [CA]`},
		{"peer ends", certgen.PeerCA, dropped, func(_ *testing.T, r *rotating) { r.trusts(r.fresh) },
			"retire ca/peer.dropped | no server trusts or shows it any more\nthen none, finished"},

		{"compromised", certgen.ClientCA, none, compromised, `make the next client CA | to replace "edge client CA ID", which ends on 2036-04-28 12:00 UTC
replace the client CA by the next one | the CA is compromised
renew components/flannel/client to user "flannel" | it comes from an earlier client CA
write members/etcd1/client-ca.crt | differs from the client CA's certificate
write client.crl | is signed by an earlier client CA
write members/etcd1/client.crl | is signed by an earlier client CA
then dropped
flannel: [certificate]
members/etcd1: [list] [CA]`},
		{"compromised while both are trusted", certgen.ClientCA, next, compromised, `retire ca/client.next | the CA is compromised
make the next client CA | to replace "edge client CA ID", which ends on 2036-04-28 12:00 UTC
replace the client CA by the next one | the CA is compromised
renew components/flannel/client to user "flannel" | it comes from an earlier client CA
write members/etcd1/client-ca.crt | differs from the client CA's certificate
write client.crl | is signed by an earlier client CA
write members/etcd1/client.crl | is signed by an earlier client CA
then dropped
flannel: [certificate]
members/etcd1: [list] [CA]`},
		{"compromised and cut off", certgen.ClientCA, dropped, func(t *testing.T, r *rotating) {
			r.choice.Compromised = true
			r.state.Files["members/etcd1/client-ca.crt"] = certgen.EncodeCertificate(r.old)
			r.change(flannel, func(p *certgen.Pair) { p.Leaf = r.before[flannel] })
		}, `renew components/flannel/client to user "flannel" | it comes from an earlier client CA
write members/etcd1/client-ca.crt | differs from the client CA's certificate
then dropped
flannel: [certificate]
members/etcd1: [list] [CA]`},
		{"compromised and not restarted", certgen.PeerCA, dropped, compromised, "then dropped\nmembers/etcd1: does not trust \"edge peer CA ID\" yet [CA]"},
		{"expired", certgen.PeerCA, none, func(t *testing.T, r *rotating) {
			compromised(t, r)
			expired := *r.old
			expired.NotAfter = now
			r.put(certgen.Current, &expired, certgen.KeyUnopened)
		}, `make the next peer CA | to replace "edge peer CA ID", which ends on 2026-05-01 12:00 UTC
replace the peer CA by the next one | the CA is compromised
renew members/etcd1/peer for 10.0.0.11, etcd1.edge.internal | it comes from an earlier peer CA
write members/etcd1/peer-ca.crt | differs from the peer CA's certificate
write members/etcd1/peer.crl | is signed by an earlier peer CA
write peer.crl | is signed by an earlier peer CA
then dropped
members/etcd1: [certificate] [list] [CA]`},
		{"expired, without --compromised", certgen.PeerCA, none, func(_ *testing.T, r *rotating) {
			expired := *r.old
			expired.NotAfter = now
			r.put(certgen.Current, &expired, certgen.KeyUnopened)
			r.ports[0].Err = errors.New("expired")
		}, "BLOCKED the peer CA (ca/peer.crt) expired on 2026-05-01 12:00 UTC: nothing can be signed or trusted before lockstep certs rotate-ca peer --compromised has replaced it; the clock of this host may be wrong\nthen none"},
		{"no CA yet", certgen.ClientCA, none, func(_ *testing.T, r *rotating) { r.state = certgen.State{} }, "BLOCKED there is no client CA yet: bootstrap the cluster first\nthen none"},
		{"the CA's folder is away", certgen.ClientCA, none, func(_ *testing.T, r *rotating) { r.dropCAs() },
			"BLOCKED ca/client.crt is not here: copy a client-ca.crt or ca.crt of the PKI folder there; its key is not needed\nthen none"},
	} {
		t.Run(string(c.ca)+" "+c.name, func(t *testing.T) {
			t.Parallel()
			r := newRotating(t, c.ca, c.stage)
			if c.do != nil {
				c.do(t, r)
			}
			got := certgen.Rotate(r.p, r.choice, r.ports, r.state, now.Add(2*hour))
			if diff := cmp.Diff(c.want, said(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// retireFormer is a folder in which a rotation has ended.
func retireFormer(r *rotating) {
	former := *r.old
	former.Raw, former.RawSubject = []byte("former"), []byte("former")
	r.state.Retired = append(r.state.Retired, certgen.Retired{Identity: certgen.RetiredCA(r.ca), Leaf: &former})
}

func compromised(_ *testing.T, r *rotating) { r.choice.Compromised = true }

// TestNoPlanDuringARotation: at each stage, what Diff plans is nothing, whatever the ports do.
func TestNoPlanDuringARotation(t *testing.T) {
	t.Parallel()
	for _, ca := range certgen.CAs() {
		for _, stage := range []certgen.Stage{certgen.StageNone, certgen.StageNext, certgen.StagePrevious, certgen.StageDropped} {
			r := newRotating(t, ca, stage)
			if got := r.state.Stage(ca); got != stage {
				t.Errorf("%s: stage %q, want %q", ca, got, stage)
			}
			if got := plan(certgen.Diff(certgen.Desired(r.p), r.state, now.Add(2*hour))); got != "" {
				t.Errorf("%s CA, %s: %s", ca, stage, got)
			}
		}
	}
}

// TestDiffAfterAReplacement: what a CA signed that was dropped at once is made anew for the same
// key, its revocations stay, and its copies are no rival.
func TestDiffAfterAReplacement(t *testing.T) {
	t.Parallel()
	r := newRotating(t, certgen.ClientCA, certgen.StageDropped)
	r.change(flannel, func(p *certgen.Pair) { p.Leaf, p.Key = r.before[flannel], certgen.KeyAbsent })
	r.state.Files["members/etcd1/client-ca.crt"] = certgen.EncodeCertificate(r.old)
	want := `renew components/flannel/client to user "flannel" | its certificate is not signed by the client CA "edge client CA ID"
write members/etcd1/client-ca.crt | differs from the client CA's certificate`
	got := keyID.ReplaceAllString(plan(certgen.Diff(certgen.Desired(r.p), r.state, now.Add(2*hour))), `CA ID"`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestRotateKeepsRevocations: the list that the new CA signs holds what the old one revoked.
func TestRotateKeepsRevocations(t *testing.T) {
	t.Parallel()
	r := newRotating(t, certgen.ClientCA, certgen.StageNone)
	serial := r.state.Pairs["members/etcd1/server"].Leaf.SerialNumber
	der := r.list(t, certgen.ClientCA, 7, serial)
	r.state.Files["client.crl"], r.state.Files["members/etcd1/client.crl"] = der, der
	r.choice.Compromised = true
	got := certgen.Rotate(r.p, r.choice, r.ports, r.state, now.Add(2*hour))
	seen := 0
	for _, s := range got.Plan.Steps {
		if s.List == nil {
			continue
		}
		seen++
		if s.List.Number.Int64() != 8 || len(s.List.Entries) != 2 || s.List.Entries[0].SerialNumber.Cmp(serial) != 0 {
			t.Errorf("%s: %+v", s, s.List)
		}
	}
	if seen != 2 {
		t.Errorf("%d lists are signed", seen)
	}
}

func TestFinishMoves(t *testing.T) {
	t.Parallel()
	for _, kept := range []certgen.Generation{certgen.Previous, certgen.Dropped} {
		r := newRotating(t, certgen.ClientCA, certgen.StageNext)
		if got := r.state.FinishMoves(); len(got) > 0 {
			t.Errorf("nothing was moved, and %q is finished", got)
		}
		r.put(kept, r.old, certgen.KeyAbsent)
		if got := r.state.FinishMoves(); len(got) != 1 || got[0] != "ca/client" {
			t.Errorf("finished %q", got)
		}
		trust, err := r.state.Trust(certgen.ClientCA)
		if err != nil || trust.Current != r.fresh || trust.Next != nil || (trust.Previous != nil) != (kept == certgen.Previous) {
			t.Errorf("%s: %v %+v", kept, err, trust)
		}
	}
}

func TestRotateRefusesAnotherPolicy(t *testing.T) {
	t.Parallel()
	p := small(t)
	p.Cluster = policies.Cluster{Name: "edge", Endpoints: []string{"https://10.0.0.11:2379"}}
	got := certgen.Rotate(p, certgen.Choice{CA: certgen.PeerCA}, nil, certgen.State{}, now)
	if want := "BLOCKED the policy has no peer CA of lockstep's\nthen none"; said(got) != want {
		t.Error(said(got))
	}
}

// TestInventoryDuringARotation: the other generations are rows, and nothing is due of what does
// not sign any more.
func TestInventoryDuringARotation(t *testing.T) {
	t.Parallel()
	for stage, want := range map[certgen.Stage]string{
		certgen.StageNext:     "due the next one: to be trusted already, does not sign yet",
		certgen.StagePrevious: "ok the previous one: trusted still, does not sign any more",
		certgen.StageDropped:  "retired in no copy any more; what was not restarted trusts it still",
	} {
		r := newRotating(t, certgen.ClientCA, stage)
		seen := 0
		for _, e := range certgen.Inventory(r.p, r.state, policies.Due{Left: 20 * year}, now.Add(2*hour)) {
			if got := string(e.Health) + " " + e.Note; e.Name == "ca/client."+string(stage) {
				if seen++; got != want {
					t.Errorf("%s: %s", stage, got)
				}
			}
		}
		if seen != 1 {
			t.Errorf("%s: %d rows", stage, seen)
		}
	}
}

// TestRotateAnInheritedCA: the external CA of an earlier policy is replaced like one of ours. It
// is judged as external, and blocks a plan only until the rotation begins.
func TestRotateAnInheritedCA(t *testing.T) {
	t.Parallel()
	ca := newRogue(t, kubeadm)
	r := newRotating(t, certgen.ClientCA, certgen.StageNone)
	for _, one := range certgen.CAs() {
		r.state.Pairs[certgen.CAPath(one)] = certgen.Pair{Path: certgen.CAPath(one), Leaf: ca.cert}
	}
	for name := range certgen.Desired(r.p).Copies {
		r.state.Files[name] = certgen.EncodeCertificate(ca.cert)
	}
	r.change(flannel, func(p *certgen.Pair) { p.Leaf = ca.leaf(t, nil, nil) })
	r.trusts(ca.cert)
	if !r.state.Inherited(certgen.PeerCA) || len(certgen.Diff(certgen.Desired(r.p), r.state, now).Blocked()) == 0 {
		t.Error("a plan is not blocked by a CA that the policy names no more")
	}
	begun := certgen.Rotate(r.p, r.choice, r.ports, r.state, now.Add(2*hour))
	if want := `make the next client CA | to replace "etcd-ca", which ends on 2027-05-01 12:00 UTC
write members/etcd1/client-ca.crt | differs from the client CA's certificate
then next
members/etcd1: [CA]`; said(begun) != want {
		t.Error(cmp.Diff(want, said(begun)))
	}
	if !begun.Rootless {
		t.Error("nothing signs root's certificate, and it is not said")
	}
	r.state.Pairs[certgen.RootPath] = certgen.Pair{Path: certgen.RootPath, Leaf: ca.leaf(t, nil, nil), Key: certgen.KeyMatches}
	if begun := certgen.Rotate(r.p, r.choice, r.ports, r.state, now.Add(2*hour)); begun.Rootless {
		t.Error("root's certificate is here")
	}
	delete(r.state.Pairs, certgen.RootPath)
	r.put(certgen.Next, newCA(t, r.p, certgen.ClientCA, now).Certificate(), certgen.KeyUnopened)
	if blocked := certgen.Diff(certgen.Desired(r.p), r.state, now).Blocked(); len(blocked) > 0 {
		t.Errorf("blocked while it is replaced: %q", blocked)
	}
}
