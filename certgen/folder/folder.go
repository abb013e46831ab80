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
	"lockstep/policies/disk"
	"lockstep/policies/hint"
)

// Folder is an open PKI folder. Its methods take slash-separated paths below it.
type Folder struct {
	path string
	root *os.Root
	disk disk.Disk
	held atomic.Bool // the lock is ours

	// seen is what Observe saw while the lock was ours, until Apply changes the folder.
	seen atomic.Pointer[certgen.State]

	external External
	secrets  secrets

	serials certgen.Serials // used by certificates here or made in this run
	opening sync.Mutex      // guards what follows
	issuers map[certgen.CA]*authority.Authority
}

// Open opens an existing PKI folder; o is what the policy names outside of it. The error is fs.ErrNotExist when there is none; a
// folder that holds files and none of lockstep's is a hint.Refused error.
func Open(path string, o External) (*Folder, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, adviseOpening(fmt.Errorf("opening the PKI folder: %w", err))
	}
	f := &Folder{path: path, root: root, disk: disk.Root(root), external: o}
	if err := f.refuseOthers(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// adviseOpening says what to do about a folder that cannot be opened.
func adviseOpening(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return hint.With(err, "Name it with --pki, or make it with lockstep bootstrap.")
	case errors.Is(err, fs.ErrPermission):
		return hint.With(err, "It holds keys, so only its owner may read it: run lockstep as that user (ls -ld shows it), or name another folder with --pki.")
	}
	return err
}

// Create opens the PKI folder at path, and makes it first, with mode 0700, when it is
// absent. One that is empty gets a .gitignore of `*`. Of several runs that make it at the
// same time each comes out with the same folder.
func Create(path string, o External) (*Folder, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, advise(fmt.Errorf("making the PKI folder: %w", err))
	}
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, advise(fmt.Errorf("making the PKI folder: %w", err))
	}
	f, err := Open(path, o)
	if err != nil {
		return nil, err
	}
	if err := f.born(); err != nil {
		return nil, advise(errors.Join(fmt.Errorf("making the PKI folder: %w", err), f.Close()))
	}
	return f, nil
}

// born writes .gitignore before there is anything to ignore. It does so under the lock:
// another run may have found the folder as empty as this one. Where that other run holds
// the lock, the file is there before it lets go.
func (f *Folder) born() error {
	if names, err := f.list("."); err != nil || len(names) > 0 {
		return err
	}
	lock := f.flock()
	defer lock.Close()
	locked, err := lock.TryLock()
	if err != nil || !locked {
		return err
	}
	if names, err := f.list("."); err != nil || len(names) > 0 {
		return err
	}
	if err := f.put(certgen.IgnoreFile, []byte("*\n"), 0o644); err != nil {
		return err
	}
	return f.disk.SyncDir(".")
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
