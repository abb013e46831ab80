package edit

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"lockstep/policies"
	"lockstep/policies/disk"
	"lockstep/policies/hint"
	"lockstep/policies/strict"
)

// Write replaces the file at path, which must still hold before, by after. It keeps
// mode, owner and group, and follows symlinks to the file itself. Cut off at any time
// it leaves the old file or the new one; a temporary file that a crash leaves is gone
// after the next Write. It refuses (exit 3) what another process edited meanwhile, what is no
// regular file, hard links, and an owner that it cannot keep. Two runs of lockstep are
// kept apart by the caller's lock on the PKI folder.
func Write(path string, before, after policies.File) error {
	return write(path, before, after, func(string) error { return nil })
}

// write calls fault before every step with its name: tests let each one fail.
func write(path string, before, after policies.File, fault func(step string) error) error {
	if path == "-" {
		return hint.Refuse("Name a file with -f.", "the policy came from stdin: there is no file to change")
	}
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return fmt.Errorf("writing the policy %s: %w", path, err)
	}
	folder, err := os.OpenRoot(filepath.Dir(target))
	if err != nil {
		return fmt.Errorf("writing the policy %s: %w", path, err)
	}
	w := &writer{folder: folder, name: filepath.Base(target), fault: fault}
	if err := errors.Join(w.replace(before.Text, after.Text), folder.Close()); err != nil {
		return fmt.Errorf("writing the policy %s: %w", path, err)
	}
	return nil
}

type writer struct {
	folder *os.Root
	name   string
	fault  func(step string) error
}

// replace finds what an earlier run left, writes beside the file, and looks at the file
// once more directly before the rename.
func (w *writer) replace(before, after []byte) error {
	if err := w.sweep(); err != nil {
		return err
	}
	about, err := w.unchanged(before)
	if err != nil || bytes.Equal(before, after) {
		return err
	}
	temporary := "." + w.name + "." + rand.Text() + ".new"
	err = w.stage(temporary, after, about)
	if err == nil {
		_, err = w.unchanged(before)
	}
	if err == nil {
		err = w.step("rename", func() error { return w.folder.Rename(temporary, w.name) })
	}
	if err != nil {
		if removed := w.folder.Remove(temporary); !errors.Is(removed, fs.ErrNotExist) {
			err = errors.Join(err, removed)
		}
		return err
	}
	return w.step("sync folder", func() error { return disk.Root(w.folder).SyncDir(".") })
}

func (w *writer) step(name string, do func() error) error {
	if err := w.fault(name); err != nil {
		return err
	}
	return do()
}

// sweep removes temporary files of runs that were killed.
func (w *writer) sweep() error {
	ours := regexp.MustCompile(`^\.` + regexp.QuoteMeta(w.name) + `\.[A-Z2-7]{26}\.new$`)
	entries, err := fs.ReadDir(w.folder.FS(), ".")
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if !ours.MatchString(entry.Name()) || !entry.Type().IsRegular() {
			continue
		}
		if err := w.step("sweep", func() error { return w.folder.Remove(entry.Name()) }); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("clearing what an earlier run left: %w", err)
		}
	}
	return nil
}

// unchanged requires that the file may be written, can be replaced without a surprise,
// and holds want.
func (w *writer) unchanged(want []byte) (fs.FileInfo, error) {
	named, err := w.folder.Lstat(w.name)
	if err != nil {
		return nil, err
	}
	if !named.Mode().IsRegular() { // never opened: a pipe would not answer
		return nil, hint.Refuse("Name the file itself with -f.", "this is not a regular file")
	}
	file, err := w.folder.OpenFile(w.name, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	about, err := file.Stat()
	var text []byte
	if err == nil {
		text, err = io.ReadAll(io.LimitReader(file, strict.MaxBytes+1))
	}
	switch err := errors.Join(err, file.Close()); {
	case err != nil:
		return nil, err
	case links(about) > 1:
		return nil, hint.Refuse("Edit it by hand, or make it a file of its own.", "the file has %d hard links, which would hold different texts afterwards", links(about))
	case !bytes.Equal(text, want):
		return nil, hint.Refuse("Nothing of it was overwritten. Run the same command again: it starts from the file as it is now.",
			"the file was changed by another process meanwhile")
	}
	return about, nil
}

// stage writes the temporary file, down to the disk.
func (w *writer) stage(name string, text []byte, like fs.FileInfo) error {
	var file *os.File
	err := w.step("create", func() (err error) {
		file, err = w.folder.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		return err
	})
	if err != nil {
		return err
	}
	err = w.step("write", func() error { _, err := file.Write(text); return err })
	if err == nil {
		err = w.step("owner", func() error { return keepOwner(file, like) })
	}
	if err == nil { // after the owner: a change of owner may clear bits
		err = w.step("mode", func() error { return file.Chmod(like.Mode().Perm()) })
	}
	if err == nil {
		err = w.step("sync", file.Sync)
	}
	return errors.Join(err, file.Close())
}
