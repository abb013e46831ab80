//go:build unix

package edit

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"lockstep/policies"
	"lockstep/policies/hint"
)

func version(text string) policies.File { return policies.File{Name: "p.yaml", Text: []byte(text)} }

func noFault(string) error { return nil }

// place is a folder with a policy p.yaml that says "old".
func place(t *testing.T) (folder, path string) {
	t.Helper()
	folder = t.TempDir()
	path = filepath.Join(folder, "p.yaml")
	if err := os.WriteFile(path, []byte("old"), 0o640); err != nil {
		t.Fatal(err)
	}
	return folder, path
}

// holds requires the text and that the folder holds these names and no others.
func holds(t *testing.T, path, want string, names ...string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("%s holds %q, %v; want %q", path, got, err, want)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, e := range entries {
		found = append(found, e.Name())
	}
	if !slices.Equal(found, names) {
		t.Errorf("the folder holds %q, want %q", found, names)
	}
}

func TestWriteKeepsModeAndOwner(t *testing.T) {
	t.Parallel()
	_, path := place(t)
	owner := os.Geteuid()
	if owner == 0 {
		owner = 4711
	}
	if err := errors.Join(os.Chmod(path, 0o604), os.Chown(path, owner, os.Getegid())); err != nil {
		t.Fatal(err)
	}
	before, _ := os.Stat(path)
	if err := Write(path, version("old"), version("new")); err != nil {
		t.Fatal(err)
	}
	holds(t, path, "new", "p.yaml")
	after, err := os.Stat(path)
	if err != nil || after.Mode() != before.Mode() || os.SameFile(before, after) {
		t.Errorf("mode %v, want %v in another file (%v)", after.Mode(), before.Mode(), err)
	}
	if err := keepOwner(openFile(t, path), before); err != nil {
		t.Error(err)
	}
	if uid(after) != owner {
		t.Errorf("owner %d, want %d", uid(after), owner)
	}
}

func openFile(t *testing.T, path string) *os.File {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func TestNoChangeTouchesNothing(t *testing.T) {
	t.Parallel()
	_, path := place(t)
	before, _ := os.Stat(path)
	if err := Write(path, version("old"), version("old")); err != nil {
		t.Fatal(err)
	}
	if after, err := os.Stat(path); err != nil || !os.SameFile(before, after) || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("another file, or time (%v)", err)
	}
}

func TestWriteFollowsSymlinksToTheFile(t *testing.T) {
	t.Parallel()
	folder, path := place(t)
	links := t.TempDir()
	first, second := filepath.Join(links, "a.yaml"), filepath.Join(links, "b.yaml")
	if err := errors.Join(os.Symlink(path, first), os.Symlink("a.yaml", second)); err != nil {
		t.Fatal(err)
	}
	if err := Write(second, version("old"), version("new")); err != nil {
		t.Fatal(err)
	}
	holds(t, path, "new", "p.yaml")
	holds(t, second, "new", "a.yaml", "b.yaml")
	if to, err := os.Readlink(second); err != nil || to != "a.yaml" {
		t.Errorf("the link leads to %q, %v", to, err)
	}
	if err := os.Rename(path, filepath.Join(folder, "gone")); err != nil {
		t.Fatal(err)
	}
	if err := Write(second, version("new"), version("newer")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a dangling link: %v", err)
	}
	holds(t, filepath.Join(folder, "gone"), "new", "gone")
}

func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		spoil func(path string) error
		want  string
	}{
		"changed before":          {func(path string) error { return os.WriteFile(path, []byte("theirs"), 0o600) }, "the file was changed by another process meanwhile"},
		"changed by one byte":     {func(path string) error { return os.WriteFile(path, []byte("old\n"), 0o600) }, "the file was changed by another process meanwhile"},
		"another name for it":     {func(path string) error { return os.Link(path, path+".2") }, "the file has 2 hard links, which would hold different texts afterwards"},
		"a folder in its place":   {func(path string) error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o700)) }, "this is not a regular file"},
		"a pipe without a writer": {func(path string) error { return errors.Join(os.Remove(path), pipe(path)) }, "this is not a regular file"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, path := place(t)
			if err := test.spoil(path); err != nil {
				t.Fatal(err)
			}
			err := Write(path, version("old"), version("new"))
			if hint.Of(err) != hint.Refused || hint.Text(err) == "" || err.Error() != "writing the policy "+path+": "+test.want {
				t.Errorf("exit %d: %v", hint.Of(err), err)
			}
		})
	}
	if err := Write("-", version("old"), version("new")); hint.Of(err) != hint.Refused || err.Error() != "the policy came from stdin: there is no file to change" {
		t.Errorf("stdin: %v", err)
	}
}

func TestAnotherProcessEditsMeanwhile(t *testing.T) {
	t.Parallel()
	_, path := place(t)
	err := write(path, version("old"), version("new"), func(step string) error {
		if step == "sync" {
			return os.WriteFile(path, []byte("theirs"), 0o600)
		}
		return nil
	})
	if hint.Of(err) != hint.Refused {
		t.Errorf("exit %d: %v", hint.Of(err), err)
	}
	holds(t, path, "theirs", "p.yaml")
}

// Whatever step fails: the old file, nothing beside it, and the next run works.
func TestEveryStepMayFail(t *testing.T) {
	t.Parallel()
	for _, failing := range []string{"create", "write", "owner", "mode", "sync", "rename"} {
		_, path := place(t)
		broken := errors.New("the disk is on fire")
		err := write(path, version("old"), version("new"), failAt(failing, func() error { return broken }))
		if !errors.Is(err, broken) {
			t.Errorf("%s: %v", failing, err)
		}
		holds(t, path, "old", "p.yaml")
		if err := Write(path, version("old"), version("new")); err != nil {
			t.Errorf("after %s: %v", failing, err)
		}
		holds(t, path, "new", "p.yaml")
	}
}

// Killed before any step: the old file or the new one, and the next run clears up.
func TestEveryStepMayBeTheLast(t *testing.T) {
	t.Parallel()
	for step, want := range map[string]string{"create": "old", "write": "old", "owner": "old", "mode": "old", "sync": "old", "rename": "old", "sync folder": "new"} {
		folder, path := place(t)
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: was not reached", step)
				}
			}()
			_ = write(path, version("old"), version("new"), failAt(step, func() error { panic("killed") }))
		}()
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", step, got, err)
		}
		if files, err := policies.Read([]string{folder}, strings.NewReader("")); err != nil || len(files) != 1 {
			t.Errorf("%s: a left-over is read as policy: %d files, %v", step, len(files), err)
		}
		if err := Write(path, version(want), version("new")); err != nil {
			t.Errorf("after %s: %v", step, err)
		}
		holds(t, path, "new", "p.yaml")
	}
}

// Files that only look like ours stay.
func TestSweepTakesItsOwnOnly(t *testing.T) {
	t.Parallel()
	folder, path := place(t)
	stay := []string{".p.yaml.new", ".p.yaml.SHORT.new", ".pxyaml." + strings.Repeat("A", 26) + ".new", ".p.yaml." + strings.Repeat("A", 26) + ".new.bak"}
	for _, name := range append(stay, ".p.yaml."+strings.Repeat("A", 26)+".new") {
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := write(path, version("old"), version("new"), noFault); err != nil {
		t.Fatal(err)
	}
	slices.Sort(stay)
	holds(t, path, "new", append(stay, "p.yaml")...)
}

func failAt(failing string, how func() error) func(string) error {
	return func(step string) error {
		if step == failing {
			return how()
		}
		return nil
	}
}
func pipe(path string) error { return syscall.Mkfifo(path, 0o600) }

func uid(about fs.FileInfo) int {
	if stat, ok := about.Sys().(*syscall.Stat_t); ok {
		return int(stat.Uid)
	}
	return -1
}
