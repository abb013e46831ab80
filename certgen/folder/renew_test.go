package folder

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"lockstep/certgen"
	"lockstep/policies"
)

// TestRenewWithoutTheKey renews a certificate whose key was delivered: the new one is for the
// same key, no key appears, and the old one is kept until it expires.
func TestRenewWithoutTheKey(t *testing.T) {
	t.Parallel()
	p := tiny(t, "a")
	f := settled(t, p)
	if err := os.Remove(filepath.Join(f.Path(), "components/a/client.key")); err != nil {
		t.Fatal(err)
	}
	before := observe(t, f).Pairs["components/a/client"].Leaf
	p.Certificates.RenewAt = policies.Due{Left: 15 * time.Hour}
	p.Certificates.Lifetimes.Component *= 2
	plan := diff(t, f, p)
	if len(plan.Steps) != 1 || plan.Steps[0].Action != certgen.Renew || !plan.Steps[0].Early {
		t.Fatalf("planned %v", plan.Steps)
	}
	apply(t, f, plan)
	nothingLeft(t, f, p)
	state := observe(t, f)
	after := state.Pairs["components/a/client"]
	if after.Key != certgen.KeyAbsent || after.Leaf.Equal(before) {
		t.Errorf("key %v, serial %v", after.Key, after.Leaf.SerialNumber)
	}
	if string(after.Leaf.RawSubjectPublicKeyInfo) != string(before.RawSubjectPublicKeyInfo) {
		t.Error("it is for another key")
	}
	if len(state.Retired) != 1 || !state.Retired[0].Leaf.Equal(before) || state.Retired[0].Identity != "a" {
		t.Errorf("retired: %v", state.Retired)
	}
}

// TestRenewKeepsTheKindOfKey: the policy's kind of key is for new keys.
func TestRenewKeepsTheKindOfKey(t *testing.T) {
	t.Parallel()
	p := tiny(t, "a")
	f := settled(t, p)
	p.Certificates.Key = policies.Ed25519
	p.Certificates.RenewAt = policies.Due{Left: 15 * time.Hour}
	p.Certificates.Lifetimes.Component *= 2
	apply(t, f, diff(t, f, p))
	nothingLeft(t, f, p)
	if got := certgen.AlgorithmOf(observe(t, f).Pairs["components/a/client"].Leaf.PublicKey); got != policies.ECDSAP256 {
		t.Errorf("kind of key %s", got)
	}
}

func nothingLeft(t *testing.T, f *Folder, p *policies.Policy) {
	t.Helper()
	if plan := diff(t, f, p); !plan.Empty() {
		t.Errorf("still planned: %v", plan.Steps)
	}
}
