package folder

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"lockstep/certgen"
	"lockstep/certgen/authority"
)

// TestIssuerIsOpenedOnce: a run that makes thousands of certificates in memory reads the
// folder once, and never draws a number that it has written meanwhile.
func TestIssuerIsOpenedOnce(t *testing.T) {
	t.Parallel()
	p := edge(t, "a")
	f := settled(t, p)
	first, err := f.Issuer(certgen.ClientCA)
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"ca", "components"} {
		if err := os.Rename(filepath.Join(f.Path(), dir), filepath.Join(f.Path(), "away-"+dir)); err != nil {
			t.Fatal(err)
		}
	}
	again, err := f.Issuer(certgen.ClientCA)
	if err != nil || again != first {
		t.Errorf("opened again: %v", err)
	}
	for _, dir := range []string{"ca", "components"} {
		if err := os.Rename(filepath.Join(f.Path(), "away-"+dir), filepath.Join(f.Path(), dir)); err != nil {
			t.Fatal(err)
		}
	}
	p = edge(t, "a", "b")
	apply(t, f, diff(t, f, p))
	if f.serials.Take(observe(t, f).Pairs["components/b/client"].Leaf.SerialNumber) {
		t.Error("the number of a certificate that was written meanwhile is free")
	}
}

// BenchmarkMint is one certificate made in memory, in a run with n components, of which
// it does not depend: the folder has been read before.
func BenchmarkMint(b *testing.B) {
	for _, n := range []int{100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			names := make([]string, n)
			for i := range names {
				names[i] = fmt.Sprintf("c%d", i)
			}
			p := edge(b, names...)
			f := settled(b, p)
			profile := certgen.ComponentProfile(p, p.Components[0].Holders()[0])
			if _, err := f.Issuer(certgen.ClientCA); err != nil { // reads the folder
				b.Fatal(err)
			}
			for b.Loop() {
				issuer, err := f.Issuer(certgen.ClientCA)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := authority.Mint(b.Context(), issuer, profile, clock()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
