package folder

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"syscall"

	"lockstep/certgen"
	"lockstep/policies/disk"
	"lockstep/policies/hint"
)

// stage writes name.new, down to the disk. A left-over of an earlier run gives way.
func (f *Folder) stage(name string, content []byte, perm fs.FileMode) error {
	return disk.Stage(f.disk, name+certgen.NewSuffix, content, perm)
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
func (f *Folder) place(name string) error { return disk.Place(f.disk, name+certgen.NewSuffix, name) }

// unstage removes name.new, if it is there.
func (f *Folder) unstage(name string) error { return disk.Unstage(f.disk, name+certgen.NewSuffix) }

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
