package folder

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// Files of a seed are written with mode 0600, replaced, and removed with what a killed run left.
func TestSeed(t *testing.T) {
	t.Parallel()
	f := create(t)
	if err := os.MkdirAll(filepath.Join(f.Path(), "members/etcd1"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := f.ReadSeed(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("before: %v", err)
	}
	first := Seed{Database: []byte("1"), Scripts: map[string][]byte{"etcd1": []byte("one")}}
	second := Seed{Database: []byte("2"), Scripts: map[string][]byte{"etcd1": []byte("two")}}
	for _, s := range []Seed{first, second} {
		if err := f.WriteSeed(s); err != nil {
			t.Fatal(err)
		}
		held, err := f.HoldsSeed(s)
		database, readErr := f.ReadSeed()
		if err := errors.Join(err, readErr); err != nil || !held || string(database) != string(s.Database) {
			t.Errorf("%t, %q, %v", held, database, err)
		}
	}
	if held, err := f.HoldsSeed(first); held || err != nil {
		t.Errorf("the first seed: %t, %v", held, err)
	}
	for _, name := range []string{"seed.db", "members/etcd1/restore.sh"} {
		if info, err := os.Stat(filepath.Join(f.Path(), name)); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	if s, err := f.Observe(); err != nil || len(s.Stray)+len(s.Unfinished) > 0 {
		t.Errorf("stray %v, unfinished %v, %v", s.Stray, s.Unfinished, err)
	}
	if err := os.WriteFile(filepath.Join(f.Path(), "seed.db.new"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := f.RemoveSeed([]string{"etcd1"}); err != nil {
			t.Fatal(err)
		}
	}
	if left, err := os.ReadDir(filepath.Join(f.Path(), "members/etcd1")); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	if _, err := os.Lstat(filepath.Join(f.Path(), "seed.db.new")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("what a killed run left is still there")
	}
}

// Whatever change of the disk fails, each file is one of the first or of the second seed, whole,
// and writing again ends with the second.
func TestSeedFaultAtEveryChange(t *testing.T) {
	t.Parallel()
	first := Seed{Database: []byte("the first"), Scripts: map[string][]byte{"etcd1": []byte("of the first")}}
	second := Seed{Database: []byte("the second"), Scripts: map[string][]byte{"etcd1": []byte("of the second")}}
	for at := 1; ; at++ {
		f := create(t)
		if err := errors.Join(os.MkdirAll(filepath.Join(f.Path(), "members/etcd1"), 0o700), f.WriteSeed(first)); err != nil {
			t.Fatal(err)
		}
		real := f.disk
		d := &faulty{disk: real, at: at, forever: true, err: errors.New("fault")}
		f.disk = d
		err := f.WriteSeed(second)
		f.disk = real
		if err == nil {
			if at < 10 {
				t.Errorf("only %d changes", at-1)
			}
			return
		}
		for _, name := range second.names() {
			content, err := f.readSeed(name)
			if err != nil || string(content) != string(first.content(name)) && string(content) != string(second.content(name)) {
				t.Errorf("fault at %d: %s holds %q, %v", at, name, content, err)
			}
		}
		if err := f.WriteSeed(second); err != nil {
			t.Errorf("fault at %d, again: %v", at, err)
		}
		if held, err := f.HoldsSeed(second); !held || err != nil {
			t.Errorf("fault at %d, again: %t, %v", at, held, err)
		}
	}
}
