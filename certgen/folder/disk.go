package folder

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"syscall"

	"lockstep/certgen"
	"lockstep/policies/hint"
)

// disk is every way in which this package changes the world. Tests let each call fail.
type disk interface {
	Mkdir(name string) error                            // 0700
	Create(name string, perm fs.FileMode) (file, error) // never opens what exists
	Link(from, to string) error                         // never overwrites
	Rename(from, to string) error
	Remove(name string) error
	Chmod(name string, perm fs.FileMode) error
	SyncDir(name string) error
}

type file interface {
	io.WriteCloser
	Sync() error
}

type rootDisk struct{ root *os.Root }

func (d rootDisk) Mkdir(name string) error                   { return d.root.Mkdir(name, 0o700) }
func (d rootDisk) Link(from, to string) error                { return d.root.Link(from, to) }
func (d rootDisk) Rename(from, to string) error              { return d.root.Rename(from, to) }
func (d rootDisk) Remove(name string) error                  { return d.root.Remove(name) }
func (d rootDisk) Chmod(name string, perm fs.FileMode) error { return d.root.Chmod(name, perm) }

func (d rootDisk) Create(name string, perm fs.FileMode) (file, error) {
	f, err := d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil || perm == 0o600 {
		return f, err
	}
	if err := f.Chmod(perm); err != nil { // whatever the umask says
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (d rootDisk) SyncDir(name string) error {
	f, err := d.root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(syncDir(f), f.Close())
}

// stage writes name.new, down to the disk. A left-over of an earlier run gives way.
func (f *Folder) stage(name string, content []byte, perm fs.FileMode) error {
	temporary := name + certgen.NewSuffix
	out, err := f.disk.Create(temporary, perm)
	if errors.Is(err, fs.ErrExist) {
		if err := f.disk.Remove(temporary); err != nil {
			return fmt.Errorf("clearing a left-over: %w", err)
		}
		out, err = f.disk.Create(temporary, perm)
	}
	if err != nil {
		return fmt.Errorf("writing: %w", err)
	}
	_, err = out.Write(content)
	if err == nil {
		err = out.Sync()
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", temporary, err)
	}
	return nil
}

// put replaces name by content. The folder is not forced to disk.
func (f *Folder) put(name string, content []byte, perm fs.FileMode) error {
	if err := f.stage(name, content, perm); err != nil {
		return errors.Join(err, f.unstage(name))
	}
	if err := f.disk.Rename(name+certgen.NewSuffix, name); err != nil {
		return errors.Join(fmt.Errorf("writing: %w", err), f.unstage(name))
	}
	return nil
}

// place puts name.new under its final name, which nothing may hold yet.
func (f *Folder) place(name string) error {
	if err := f.disk.Link(name+certgen.NewSuffix, name); err != nil {
		return fmt.Errorf("writing: %w", err)
	}
	return f.unstage(name)
}

// unstage removes name.new, if it is there.
func (f *Folder) unstage(name string) error {
	if err := f.disk.Remove(name + certgen.NewSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("clearing: %w", err)
	}
	return nil
}

// mkdirs makes folders and their parents, and forces them to disk together.
func (f *Folder) mkdirs(names ...string) error {
	parents := map[string]bool{}
	for _, name := range names {
		if err := f.mkdir(name, parents); err != nil {
			return fmt.Errorf("making a folder: %w", err)
		}
	}
	for _, parent := range slices.Sorted(maps.Keys(parents)) {
		if err := f.disk.SyncDir(parent); err != nil {
			return fmt.Errorf("making a folder: %w", err)
		}
	}
	return nil
}

func (f *Folder) mkdir(name string, parents map[string]bool) error {
	if name == "." {
		return nil
	}
	info, err := f.root.Lstat(name)
	if err == nil {
		return f.regular(name, info.Mode())
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := f.mkdir(path.Dir(name), parents); err != nil {
		return err
	}
	if err := f.disk.Mkdir(name); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	parents[path.Dir(name)] = true
	return nil
}

// advise adds what to do about the usual errors of file systems.
func advise(err error) error {
	again := " Then run the same command again: it finishes what was cut off."
	switch {
	case err == nil, hint.Text(err) != "":
		return err
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return hint.With(err, "The disk that holds the PKI folder is full: free some space."+again)
	case errors.Is(err, syscall.EROFS):
		return hint.With(err, "The PKI folder lies on a file system that is mounted read-only: mount it for writing."+again)
	case errors.Is(err, fs.ErrPermission):
		return hint.With(err, "The PKI folder may not be changed by this user: run lockstep as the folder's owner, or give the folder mode 0700 and to this user."+again)
	}
	return err
}
