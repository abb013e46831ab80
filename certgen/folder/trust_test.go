package folder

import (
	"bytes"
	"errors"
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/certgen"
	"lockstep/certgen/authority"
)

// TestTrust: a CA has a next generation in ca/, the copies hold both, and the leaves stay.
func TestTrust(t *testing.T) {
	t.Parallel()
	p := edge(t, "a")
	f := settled(t, p)
	current, err := f.Certificate(certgen.ClientCA)
	if err != nil {
		t.Fatal(err)
	}
	next, key, err := authority.Create(certgen.Desired(p).Profiles[0], clock())
	if err != nil {
		t.Fatal(err)
	}
	place := certgen.CAPlace(certgen.ClientCA, certgen.Next).String()
	if err := errors.Join(f.stagePair(place, next.Certificate(), key), f.placePair(place)); err != nil {
		t.Fatal(err)
	}
	want := certgen.TrustSet{Current: current, Next: next.Certificate()}
	got, err := f.Trust(certgen.ClientCA)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Fatal(err, diff)
	}
	apply(t, f, diff(t, f, p))
	if copied, err := f.root.ReadFile("members/etcd1/client-ca.crt"); err != nil || !bytes.Equal(copied, want.Encode()) {
		t.Errorf("the member's copy is not both generations (%v):\n%s", err, copied)
	}
	if plan := diff(t, f, p); !plan.Empty() {
		t.Error("still to do:", plan.Steps)
	}
	if err := f.root.RemoveAll("ca"); err != nil {
		t.Fatal(err)
	}
	got, err = f.Trust(certgen.ClientCA)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error("from the copies:", err, diff)
	}
}

// TestTrustOfABrokenGeneration: a next generation that cannot be read is an error, not a
// CA of one generation.
func TestTrustOfABrokenGeneration(t *testing.T) {
	t.Parallel()
	f := settled(t, edge(t, "a"))
	if err := f.root.WriteFile("ca/client.next.crt", []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := f.Trust(certgen.ClientCA); err == nil || errors.Is(err, fs.ErrNotExist) || got != (certgen.TrustSet{}) {
		t.Error(got, err)
	}
	if _, err := observe(t, f).Trust(certgen.ClientCA); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}
