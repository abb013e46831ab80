package folder

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"lockstep/certgen"
	"lockstep/policies"
)

func ownKey(t testing.TB) crypto.PublicKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader) // a kind that no policy asks for
	if err != nil {
		t.Fatal(err)
	}
	return key.Public()
}

func diffSign(t testing.TB, f *Folder, p *policies.Policy, key crypto.PublicKey) certgen.Plan {
	t.Helper()
	plan := certgen.DiffSign(p, certgen.ComponentProfile(p, p.Components[0].Holders()[0]), key, observe(t, f), clock())
	if len(plan.Blocked()) > 0 {
		t.Fatal(plan.Blocked())
	}
	return plan
}

// TestSign signs for a key that is not here, where nothing was, where a pair was, and where
// the request was made with the pair's own key.
func TestSign(t *testing.T) {
	t.Parallel()
	p := tiny(t, "a")
	for _, c := range []struct {
		name      string
		pair, own bool // a pair is there; the request is made with its key
		key       certgen.KeyState
		retired   int
	}{
		{name: "nothing there", key: certgen.KeyAbsent},
		{name: "a pair", pair: true, key: certgen.KeyAbsent, retired: 1},
		{name: "its own pair", pair: true, own: true, key: certgen.KeyMatches, retired: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := settled(t, tiny(t))
			if c.pair {
				f = settled(t, p)
			}
			key := ownKey(t)
			if c.own {
				key = observe(t, f).Pairs["components/a/client"].Leaf.PublicKey
			}
			apply(t, f, diffSign(t, f, p, key))
			state := observe(t, f)
			got := state.Pairs["components/a/client"]
			if got.Key != c.key || !equal(key, got.Leaf.PublicKey) {
				t.Errorf("key %v", got.Key)
			}
			if found := certgen.Fatal(certgen.Defects(got.Leaf, certgen.ComponentProfile(p, p.Components[0].Holders()[0]), state.Pairs["ca/client"].Leaf, clock())); len(found) > 0 {
				t.Errorf("defects: %v", found)
			}
			if len(state.Retired) != c.retired {
				t.Errorf("retired: %v", state.Retired)
			}
			if plan := diff(t, f, p); !plan.Empty() {
				t.Errorf("still planned: %v", plan.Steps)
			}
		})
	}
}

// TestSignCutOff cuts signing off at every change of the folder: no certificate is lost, no
// key is deleted before a certificate for the request is on the disk, and the same again
// comes to the end.
func TestSignCutOff(t *testing.T) {
	t.Parallel()
	p := tiny(t, "a")
	base := settled(t, p)
	before := observe(t, base).Pairs["components/a/client"].Leaf
	for _, key := range []crypto.PublicKey{ownKey(t), before.PublicKey} {
		for _, crash := range []bool{false, true} {
			t.Run(fmt.Sprintf("own=%v/crash=%v", equal(key, before.PublicKey), crash), func(t *testing.T) {
				t.Parallel()
				at := 1
				for ; signCutOff(t, base.Path(), p, key, before, at, crash); at++ {
					if t.Failed() {
						t.Fatalf("after a fault at change %d", at)
					}
				}
				if at < 8 {
					t.Errorf("only %d changes were made", at-1)
				}
			})
		}
	}
}

// signCutOff reports whether there was a change number at.
func signCutOff(t *testing.T, base string, p *policies.Policy, key crypto.PublicKey, before *x509.Certificate, at int, crash bool) bool {
	t.Helper()
	dir := clone(t, base)
	first := open(t, dir)
	d := &faulty{disk: first.disk, at: at, forever: crash, err: syscall.ENOSPC}
	first.disk = d
	err := first.Apply(context.Background(), diffSign(t, first, p, key), clock, 1, nil)
	if d.changes < at {
		return false
	}
	if err != nil {
		clearError(t, err)
	}
	second := open(t, dir)
	state := observe(t, second)
	now := state.Pairs["components/a/client"]
	kept := now.Leaf.Equal(before) || slices.ContainsFunc(state.Retired, func(r certgen.Retired) bool { return r.Leaf.Equal(before) })
	if !kept {
		t.Error("the certificate that was there is lost")
	}
	if now.Key == certgen.KeyForeign || now.Key == certgen.KeyUnreadable {
		t.Errorf("a key that does not match: %v", now.Key)
	}
	if _, err := os.Lstat(filepath.Join(dir, "components/a/client.key")); err != nil && !equal(key, now.Leaf.PublicKey) {
		staged, err := second.readCertificate("components/a/client.crt" + certgen.NewSuffix)
		if err != nil || !equal(key, staged.PublicKey) {
			t.Error("the key is gone, and there is no certificate for the request")
		}
	}
	apply(t, second, diffSign(t, second, p, key))
	if plan := diff(t, second, p); !plan.Empty() {
		t.Errorf("still planned: %v", plan.Steps)
	}
	if end := observe(t, second).Pairs["components/a/client"]; !equal(key, end.Leaf.PublicKey) {
		t.Error("in the end it is for another key")
	}
	return true
}

// TestSignNoKey: of a key that cannot be signed nothing is written.
func TestSignNoKey(t *testing.T) {
	t.Parallel()
	p := tiny(t, "a")
	f := settled(t, p)
	plan := diffSign(t, f, p, struct{}{})
	before := snapshot(t, f.Path())
	if err := f.Apply(context.Background(), plan, clock, 1, nil); err == nil {
		t.Error("a key of no kind was signed")
	}
	if after := snapshot(t, f.Path()); len(after) != len(before) {
		t.Error("the folder was changed")
	}
}
