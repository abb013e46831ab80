package disk_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"lockstep/policies/disk"
)

var errFull = errors.New("no space left on device")

// failing fails at its change number at, and at every later one where it is a crash.
type failing struct {
	disk.Disk
	at, changes int
	crash       bool
}

func (d *failing) fault() error {
	d.changes++
	if d.changes == d.at || d.crash && d.changes > d.at {
		return errFull
	}
	return nil
}

func (d *failing) Create(name string, perm fs.FileMode) (disk.File, error) {
	if err := d.fault(); err != nil {
		return nil, err
	}
	f, err := d.Disk.Create(name, perm)
	return failingFile{f, d}, err
}

func (d *failing) Link(from, to string) error {
	if err := d.fault(); err != nil {
		return err
	}
	return d.Disk.Link(from, to)
}

func (d *failing) Remove(name string) error {
	if err := d.fault(); err != nil {
		return err
	}
	return d.Disk.Remove(name)
}

type failingFile struct {
	disk.File
	d *failing
}

func (f failingFile) Write(text []byte) (int, error) {
	if err := f.d.fault(); err != nil {
		n, _ := f.File.Write(text[:len(text)/2])
		return n, err
	}
	return f.File.Write(text)
}

func (f failingFile) Sync() error {
	if err := f.d.fault(); err != nil {
		return err
	}
	return f.File.Sync()
}

// TestFaultAtEveryChange fails or crashes at every change: the final name holds the whole
// content or does not exist, and the next run comes to its end.
func TestFaultAtEveryChange(t *testing.T) {
	t.Parallel()
	for _, crash := range []bool{false, true} {
		reached := 0
		for at := 1; ; at++ {
			dir := t.TempDir()
			root, err := os.OpenRoot(dir)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { root.Close() })
			d := &failing{Disk: disk.Root(root), at: at, crash: crash}
			err = disk.Stage(d, "a.new", []byte("content"), 0o644)
			if err == nil {
				err = disk.Place(d, "a.new", "a")
			}
			if d.changes < at {
				if err != nil {
					t.Fatal(err)
				}
				break
			}
			reached++
			if !errors.Is(err, errFull) {
				t.Errorf("change %d: %v", at, err)
			}
			text, err := os.ReadFile(filepath.Join(dir, "a"))
			if err == nil && string(text) != "content" || err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("change %d: %q, %v", at, text, err)
			}
			if err == nil {
				continue // it is in place; the left-over is cleared by its owner's next run
			}
			if err := disk.New(dir, "a.new", "a", []byte("content"), 0o644); err != nil {
				t.Errorf("after change %d: %v", at, err)
			}
		}
		if reached < 5 {
			t.Errorf("crash %v: only %d changes", crash, reached)
		}
	}
}

// TestNew never replaces a file, clears what an earlier run left, and sets the mode itself.
func TestNew(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, ".a.new"), []byte("cut o"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := disk.New(dir, ".a.new", "a", []byte("first"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := disk.New(dir, ".a.new", "a", []byte("second"), 0o644); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a file that exists: %v", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("%v, %v", entries, err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "a"))
	if err != nil || string(text) != "first" {
		t.Errorf("%q, %v", text, err)
	}
	if err := disk.New(filepath.Join(dir, "none"), "x", "y", nil, 0o600); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
}
