package folder

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"lockstep/certgen"
	"lockstep/certgen/authority"
	"lockstep/policies/hint"
)

// Folder is an open PKI folder. Its methods take slash-separated paths below it.
type Folder struct {
	path string
	root *os.Root
	disk disk
	held atomic.Bool // the lock is ours

	external External

	serials certgen.Serials // used by certificates here or made in this run
	opening sync.Mutex      // guards what follows
	issuers map[certgen.CA]*authority.Authority
}

// Open opens an existing PKI folder. The error is fs.ErrNotExist when there is none.
func Open(path string) (*Folder, error) {
	root, err := os.OpenRoot(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, hint.With(fmt.Errorf("opening the PKI folder: %w", err),
			"Name it with --pki, or make it with lockstep bootstrap.")
	case err != nil:
		return nil, fmt.Errorf("opening the PKI folder: %w", err)
	}
	return &Folder{path: path, root: root, disk: rootDisk{root}}, nil
}

// Create opens the PKI folder at path, and makes it first, with mode 0700 and a
// .gitignore of `*`, when it is absent.
func Create(path string) (*Folder, error) {
	made := true
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, advise(fmt.Errorf("making the PKI folder: %w", err))
	}
	if err := os.Mkdir(path, 0o700); errors.Is(err, fs.ErrExist) {
		made = false
	} else if err != nil {
		return nil, advise(fmt.Errorf("making the PKI folder: %w", err))
	}
	f, err := Open(path)
	if err != nil || !made {
		return f, err
	}
	if err := f.born(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// born writes .gitignore before there is anything to ignore.
func (f *Folder) born() error {
	if err := f.put(certgen.IgnoreFile, []byte("*\n"), 0o644); err != nil {
		return advise(fmt.Errorf("making the PKI folder: %w", err))
	}
	if err := f.disk.SyncDir("."); err != nil {
		return advise(fmt.Errorf("making the PKI folder: %w", err))
	}
	return nil
}

// RemoveIfBorn removes a folder that holds nothing but what Create put there: a run
// that changed nothing leaves nothing.
func (f *Folder) RemoveIfBorn() error {
	names, err := f.list(".")
	if err != nil || len(names) != 1 || names[0] != certgen.IgnoreFile {
		return err
	}
	if err := f.root.Remove(certgen.IgnoreFile); err != nil {
		return fmt.Errorf("removing the empty PKI folder: %w", err)
	}
	return os.Remove(f.path)
}

// Close lets go of the folder.
func (f *Folder) Close() error { return f.root.Close() }

// Path is the folder's path as it was given.
func (f *Folder) Path() string { return f.path }
