// Package disk is the careful way to write files: under a temporary name, down to the disk,
// and then to the final name in one step. Cut off at any time it leaves the old file, the new
// one, or a temporary file that the next run clears. It is a leaf: the PKI folder, the policy
// file, saved plans and what is handed over are written by it.
//
// [Root] is the disk below an [os.Root]: no link leads out of it. Tests put a [Disk] that
// fails in its place.
package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// Disk is every way in which a folder is changed. Names are slash-separated paths below it.
type Disk interface {
	Mkdir(name string) error                            // mode 0700
	Create(name string, perm fs.FileMode) (File, error) // never opens what exists; whatever the umask says
	Link(from, to string) error                         // never overwrites
	Rename(from, to string) error
	Remove(name string) error
	Chmod(name string, perm fs.FileMode) error
	SyncDir(name string) error
}

// File is a new file.
type File interface {
	io.WriteCloser
	Sync() error
}

// Root is the disk below root.
func Root(root *os.Root) Disk { return rootDisk{root} }

type rootDisk struct{ root *os.Root }

func (d rootDisk) Mkdir(name string) error                   { return d.root.Mkdir(name, 0o700) }
func (d rootDisk) Link(from, to string) error                { return d.root.Link(from, to) }
func (d rootDisk) Rename(from, to string) error              { return d.root.Rename(from, to) }
func (d rootDisk) Remove(name string) error                  { return d.root.Remove(name) }
func (d rootDisk) Chmod(name string, perm fs.FileMode) error { return d.root.Chmod(name, perm) }

func (d rootDisk) Create(name string, perm fs.FileMode) (File, error) {
	f, err := d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	if perm != 0o600 {
		if err := f.Chmod(perm); err != nil { // whatever the umask says
			return nil, errors.Join(err, f.Close())
		}
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

// Stage writes the file temporary, down to the disk. A left-over of that name gives way.
func Stage(d Disk, temporary string, content []byte, perm fs.FileMode) error {
	out, err := d.Create(temporary, perm)
	if errors.Is(err, fs.ErrExist) {
		if err := d.Remove(temporary); err != nil {
			return fmt.Errorf("clearing a left-over: %w", err)
		}
		out, err = d.Create(temporary, perm)
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

// Place gives a staged file its final name, which no file may have yet: the error is
// fs.ErrExist then.
func Place(d Disk, temporary, name string) error {
	if err := d.Link(temporary, name); err != nil {
		return fmt.Errorf("writing: %w", err)
	}
	return Unstage(d, temporary)
}

// Unstage removes a staged file, if it is there.
func Unstage(d Disk, temporary string) error {
	if err := d.Remove(temporary); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("clearing: %w", err)
	}
	return nil
}

// New writes a file that does not exist yet, all of it or nothing, in the folder dir. The
// error is fs.ErrExist where a file has that name. What an earlier run left under the name
// temporary gives way.
func New(dir, temporary, name string, content []byte, perm fs.FileMode) error {
	return write(dir, temporary, content, perm, func(d Disk) error { return Place(d, temporary, name) })
}

// Replace writes a file, all of it or nothing, in the folder dir. A file that has that name
// gives way to it in one step.
func Replace(dir, temporary, name string, content []byte, perm fs.FileMode) error {
	return write(dir, temporary, content, perm, func(d Disk) error { return d.Rename(temporary, name) })
}

// write stages content in dir, and puts it in place.
func write(dir, temporary string, content []byte, perm fs.FileMode, place func(Disk) error) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	d := Root(root)
	err = Stage(d, temporary, content, perm)
	if err == nil {
		err = place(d)
	}
	if err == nil {
		err = d.SyncDir(".")
	} else {
		err = errors.Join(err, Unstage(d, temporary))
	}
	return errors.Join(err, root.Close())
}
