package certgen_test

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/certgen"
)

func TestTrustSet(t *testing.T) {
	t.Parallel()
	p := small(t)
	old, current, next := newCA(t, p, certgen.ClientCA, now.Add(-day)), newCA(t, p, certgen.ClientCA, now), newCA(t, p, certgen.ClientCA, now.Add(day))
	alien := newCA(t, p, certgen.ClientCA, now)
	profile := profiles(p)[flannel]
	one := certgen.TrustSet{Current: current.Certificate()}
	for name, set := range map[string]certgen.TrustSet{
		"one":      one,
		"next":     {Current: current.Certificate(), Next: next.Certificate()},
		"previous": {Current: current.Certificate(), Previous: old.Certificate()},
		"three":    {Current: current.Certificate(), Next: next.Certificate(), Previous: old.Certificate()},
	} {
		got, err := certgen.ParseTrustSet(set.Encode())
		if diff := cmp.Diff(set, got); err != nil || diff != "" {
			t.Errorf("%s: read back: %v %s", name, err, diff)
		}
		if first, _ := pem.Decode(set.Encode()); string(first.Bytes) != string(set.Current.Raw) {
			t.Errorf("%s: the CA that signs is not the first of the copy", name)
		}
		for _, ca := range set.All() {
			if !set.Holds(ca) || !set.Named(ca.RawSubject) {
				t.Errorf("%s: does not hold its own %s", name, ca.Subject)
			}
		}
		strange := issue(t, alien, profile, now)
		if set.Holds(alien.Certificate()) || set.Named(alien.Certificate().RawSubject) || set.Issued(strange) || set.Of(strange) != set.Current {
			t.Errorf("%s: takes another CA for its own", name)
		}
		of := issue(t, old, profile, now)
		if want := set.Previous != nil; set.Issued(of) != want || want && set.Of(of) != set.Previous {
			t.Errorf("%s: a leaf of the previous generation is ours: %v", name, !want)
		}
	}
	if got := one.Of(nil); got != one.Current {
		t.Errorf("no leaf is judged by %v", got)
	}
	if zero := (certgen.TrustSet{}); zero.Issued(issue(t, current, profile, now)) || len(zero.Encode()) > 0 {
		t.Error("the zero value trusts something")
	}
}

func TestParseTrustSetRefuses(t *testing.T) {
	t.Parallel()
	p := small(t)
	a, b, c := newCA(t, p, certgen.ClientCA, now), newCA(t, p, certgen.ClientCA, now), newCA(t, p, certgen.ClientCA, now)
	many := string(certgen.EncodeCertificate(a.Certificate())) + string(certgen.EncodeCertificate(b.Certificate())) + string(certgen.EncodeCertificate(c.Certificate()))
	for text, want := range map[string]string{
		"":   "the file is empty",
		"x":  "this is not PEM",
		many: "the file holds 3 certificates",
		many + "-----BEGIN X-----\n-----END X-----\n": `a PEM block "X"`,
	} {
		if set, err := certgen.ParseTrustSet([]byte(text)); err == nil || !strings.Contains(err.Error(), want) || set != (certgen.TrustSet{}) {
			t.Errorf("%.20q: %v, want %s", text, err, want)
		}
	}
}

// rotate puts a new client CA in place of w's, which stays trusted.
func (w *world) rotate(t *testing.T) certgen.TrustSet {
	previous := w.cas[certgen.ClientCA].Certificate()
	w.cas[certgen.ClientCA] = newCA(t, w.p, certgen.ClientCA, now.Add(hour))
	set := certgen.TrustSet{Current: w.cas[certgen.ClientCA].Certificate(), Previous: previous}
	w.change(certgen.CAPath(certgen.ClientCA), func(p *certgen.Pair) { p.Leaf = set.Current })
	place := certgen.CAPlace(certgen.ClientCA, certgen.Previous).String()
	w.state.Pairs[place] = certgen.Pair{Path: place, Leaf: previous}
	return set
}

// TestDiffWhileACAIsRotated: a leaf of the previous generation stays, and the copies hold both.
func TestDiffWhileACAIsRotated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	set := w.rotate(t)
	got, err := w.state.Trust(certgen.ClientCA)
	if diff := cmp.Diff(set, got); err != nil || diff != "" {
		t.Fatal(err, diff)
	}
	later := now.Add(2 * hour)
	const lists = "write client.crl | is signed by an earlier client CA\nwrite members/etcd1/client.crl | is signed by an earlier client CA"
	want := "write members/etcd1/client-ca.crt | differs from the client CA's certificate\n" + lists
	if diff := cmp.Diff(want, plan(certgen.Diff(certgen.Desired(w.p), w.state, later))); diff != "" {
		t.Error(diff)
	}
	w.state.Files["members/etcd1/client-ca.crt"] = set.Encode()
	if got := plan(certgen.Diff(certgen.Desired(w.p), w.state, later)); got != lists {
		t.Error("copied, and still to do:", got)
	}
	w.dropCAs()
	delete(w.state.Pairs, certgen.CAPlace(certgen.ClientCA, certgen.Previous).String())
	got, err = w.state.Trust(certgen.ClientCA)
	if diff := cmp.Diff(set, got); err != nil || diff != "" {
		t.Error("from the copies:", err, diff)
	}
}

// TestDiffAfterARotation: a leaf of a CA that is trusted no more is issued again.
func TestDiffAfterARotation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	set := w.rotate(t)
	delete(w.state.Pairs, certgen.CAPlace(certgen.ClientCA, certgen.Previous).String())
	w.state.Files["members/etcd1/client-ca.crt"] = certgen.EncodeCertificate(set.Current)
	got := plan(certgen.Diff(certgen.Desired(w.p), w.state, now.Add(2*hour)))
	if !strings.HasPrefix(got, "reissue "+flannel) || strings.Count(got, "\n") != 2 || !strings.Contains(got, "write client.crl | is no valid revocation list of the client CA") {
		t.Error(got)
	}
}

func ExampleTrustSet() {
	old, current := &x509.Certificate{Raw: []byte("old")}, &x509.Certificate{Raw: []byte("current")}
	set := certgen.TrustSet{Current: current, Previous: old}
	for _, cert := range set.All() {
		fmt.Printf("%s\n", cert.Raw)
	}
	fmt.Println(certgen.CAPlace(certgen.ClientCA, certgen.Previous))
	// Output:
	// current
	// old
	// ca/client.previous
}

// TestSettled: without ca/ the copies are read once, however often the CA is asked for.
func TestSettled(t *testing.T) {
	t.Parallel()
	p := small(t)
	ca, other := newCA(t, p, certgen.ServerCA, now), newCA(t, p, certgen.ServerCA, now)
	file := "components/flannel/ca.crt"
	s := certgen.State{Files: map[string][]byte{file: certgen.TrustSet{Current: ca.Certificate()}.Encode()}}
	settled := s.Settled()
	s.Files[file] = certgen.TrustSet{Current: other.Certificate()}.Encode()
	for name, c := range map[string]struct {
		state certgen.State
		want  *x509.Certificate
	}{
		"not settled": {s, other.Certificate()},
		"settled":     {settled, ca.Certificate()},
	} {
		if got, err := c.state.Trust(certgen.ServerCA); err != nil || !got.Current.Equal(c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := settled.Trust(certgen.PeerCA); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a copy: %v", err)
	}
	settled.Pairs = map[string]certgen.Pair{certgen.CAPath(certgen.ServerCA): {Leaf: other.Certificate()}}
	if got, err := settled.Trust(certgen.ServerCA); err != nil || !got.Current.Equal(other.Certificate()) {
		t.Errorf("with ca/: %v", err)
	}
}
