package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"lockstep/certgen/handover"
	"lockstep/cmd/lockstep/view"
	"lockstep/policies/disk"
	"lockstep/policies/hint"
)

// mostOut is the size above which an existing file is none of ours.
const mostOut = 16 << 20

// placeExport writes what is handed over to out, a file or a folder. All targets are looked
// at before the first is written: one that exists is not overwritten without force, for a key
// may not exist anywhere else. One that is the same is left alone, so that a run that was cut
// off can be repeated.
func placeExport(out string, e handover.Export, how placing) ([]view.ExportedFile, error) {
	if e.Folder {
		if err := os.Mkdir(out, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, adviseOut(out, err)
		}
		if info, err := os.Stat(out); err != nil || !info.IsDir() {
			return nil, hint.Refuse("Name a folder with --out.", "%s is a file, and several files are handed over: nothing was written", out)
		}
	}
	files := make([]view.ExportedFile, len(e.Files))
	for i, f := range e.Files {
		target := out
		if e.Folder {
			target = filepath.Join(out, f.Name)
		}
		there, err := how.lookAt(target, f)
		if err != nil {
			return nil, err
		}
		files[i] = view.ExportedFile{File: target, Secret: f.Secret(), Unchanged: there == isSame, Replaced: there == isOther}
	}
	for i, f := range e.Files {
		err := sweep(files[i].File)
		if err == nil && !files[i].Unchanged {
			err = place(files[i].File, f, files[i].Replaced)
		}
		if err != nil {
			return nil, adviseOut(files[i].File, err)
		}
	}
	return files, nil
}

// placing is how files are put into their places.
type placing struct {
	same  func(there, content []byte) bool // whether a file that is there need not be written
	force bool                             // other regular files are replaced
}

// occupant is what has the name of a file that is about to be written.
type occupant int

const (
	isAbsent occupant = iota
	isSame
	isOther // a regular file that is replaced
)

// lookAt reports what is in the place of f, and refuses what must not be replaced.
func (p placing) lookAt(target string, f handover.File) (occupant, error) {
	info, err := os.Lstat(target)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return isAbsent, nil
	case err != nil:
		return isAbsent, adviseOut(target, err)
	case info.IsDir():
		return isAbsent, hint.Refuse("Name a new file with --out.", "%s is a folder, and one file is handed over: nothing was written", target)
	case !info.Mode().IsRegular() || info.Size() > mostOut:
		return isAbsent, hint.Refuse("Move it away, or name another path with --out.", "%s exists, is no file that was handed over, and is not overwritten: nothing was written", target)
	}
	content, err := os.ReadFile(target)
	if err != nil {
		return isAbsent, adviseOut(target, err)
	}
	defer clear(content)
	lax := f.Secret() && info.Mode().Perm()&0o077 != 0
	switch same := p.same(content, f.Content); {
	case p.force && (lax || !same):
		return isOther, nil
	case !same:
		return isAbsent, hint.Refuse("Move it away, name another path with --out, or replace it with --force; it may hold a key that is nowhere else.",
			"%s exists with other contents and is not overwritten: nothing was written", target)
	case lax:
		return isAbsent, hint.Refuse("If no other user can have read it: chmod 600 "+hint.Word(target), "%s holds the private key already, and its mode %04o lets others read it", target, info.Mode().Perm())
	}
	return isSame, nil
}

// temporary is the name under which target is written.
func temporary(target string) string { return "." + filepath.Base(target) + ".lockstep-new" }

// sweep removes what a run that was killed left of target.
func sweep(target string) error {
	if err := os.Remove(filepath.Join(filepath.Dir(target), temporary(target))); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// place writes f where nothing has its name, or in place of a file. The lock on the PKI folder keeps a second run
// away from the temporary name.
func place(target string, f handover.File, replace bool) error {
	write := disk.New
	if replace {
		write = disk.Replace
	}
	return write(filepath.Dir(target), temporary(target), filepath.Base(target), f.Content, f.Mode.Perm())
}

// adviseOut says what to do about a target that cannot be written.
func adviseOut(target string, err error) error {
	err = fmt.Errorf("writing %s: %w", target, err)
	switch folder := filepath.Dir(target); {
	case errors.Is(err, fs.ErrExist):
		return hint.Refuse("Move it away, or name another path with --out.", "%w", err)
	case errors.Is(err, fs.ErrNotExist):
		return hint.With(err, "Make the folder first: mkdir -p "+hint.Word(folder))
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return hint.With(err, "The disk is full: free some space, then run the same command again.")
	case errors.Is(err, fs.ErrPermission):
		return hint.With(err, "Name another path with --out, or let the shell write it: --out - and umask 077.")
	}
	return err
}
