package world

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"testing"
	"time"

	"lockstep/certgen"
	"lockstep/certgen/authority"
	"lockstep/certgen/folder"
	"lockstep/policies"
	"lockstep/policies/hint"
)

var start = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// edge is a policy with nothing but endpoints.
func edge() *policies.Policy {
	return &policies.Policy{
		Cluster:      policies.Cluster{Name: "edge", Endpoints: []string{"https://10.0.0.11:2379"}},
		Certificates: policies.Certificates{Lifetimes: policies.Lifetimes{CA: 1000 * time.Hour, Member: 100 * time.Hour, Component: 10 * time.Hour}},
	}
}

// settled is a PKI folder with the CAs of p, their keys encrypted if there is a passphrase.
func settled(t *testing.T, p *policies.Policy, passphrase string) *folder.Folder {
	t.Helper()
	f, err := folder.Create(filepath.Join(t.TempDir(), "pki"), folder.External{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if passphrase != "" {
		if err := f.EncryptNew([]byte(passphrase)); err != nil {
			t.Fatal(err)
		}
	}
	state, err := f.Observe()
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return start }
	if err := f.Apply(context.Background(), certgen.Diff(certgen.Desired(p), state, start), now, 1, nil); err != nil {
		t.Fatal(err)
	}
	return f
}

// Root's certificate made in memory is valid at each moment of a run, also when the clock
// leaps a day ahead and back.
func TestRootIsValidWhateverTheClockDoes(t *testing.T) {
	t.Parallel()
	now := start
	w := &World{Policy: edge(), Folder: settled(t, edge(), ""), Now: func() time.Time { return now }}
	for _, at := range []time.Duration{0, rootTTL - 2*time.Minute, rootTTL - 30*time.Second, 24 * time.Hour, time.Minute, 0} {
		now = start.Add(at)
		root, err := w.Root(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if now.Before(root.Leaf.NotBefore) || !now.Before(root.Leaf.NotAfter.Add(-time.Minute)) {
			t.Errorf("after %v it is valid from %v to %v", at, root.Leaf.NotBefore, root.Leaf.NotAfter)
		}
	}
	first, _ := w.Root(context.Background())
	if second, _ := w.Root(context.Background()); first != second {
		t.Error("it is made twice at the same time")
	}
}

// An encrypted key that was not decrypted is like one that is not here, and the text says
// how to go on.
func TestRootWithAnEncryptedKey(t *testing.T) {
	t.Parallel()
	made := settled(t, edge(), "open")
	f, err := folder.Open(made.Path(), folder.External{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := &World{Policy: edge(), Folder: f, Now: func() time.Time { return start }}
	_, err = w.Root(context.Background())
	if !errors.Is(err, fs.ErrNotExist) || !errors.Is(err, authority.ErrEncrypted) || hint.Text(err) == "" {
		t.Errorf("%v: %s", err, hint.Text(err))
	}
	if err := f.Decrypt([]byte("open")); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Root(context.Background()); err != nil {
		t.Error(err)
	}
}
