package folder

import (
	"errors"
	"fmt"
	"io/fs"

	"lockstep/certgen"
	"lockstep/policies/hint"
)

// ReadSecret reads a secret of the folder's own, such as certgen.RecoveryFile. The
// error is fs.ErrNotExist when it is not there; one that others may read is refused.
func (f *Folder) ReadSecret(name string) ([]byte, error) {
	if err := secret(name); err != nil {
		return nil, err
	}
	content, info, err := f.read(name)
	if err == nil {
		err = f.guard(name, info)
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	return content, nil
}

// WriteSecret writes a secret with mode 0600, and returns when it is on the disk. It
// never overwrites: the error is then fs.ErrExist.
func (f *Folder) WriteSecret(name string, content []byte) error {
	if err := secret(name); err != nil {
		return err
	}
	err := f.stage(name, content, 0o600)
	if err == nil {
		err = f.place(name)
	}
	if err == nil {
		err = f.disk.SyncDir(".")
	}
	if errors.Is(err, fs.ErrExist) {
		err = hint.With(err, "An earlier run left it behind: what it says must be dealt with first.")
	}
	if err != nil {
		return advise(fmt.Errorf("writing %s: %w", name, errors.Join(err, f.unstage(name))))
	}
	return nil
}

// RemoveSecret removes a secret, and returns when that is on the disk. One that is
// not there is no error.
func (f *Folder) RemoveSecret(name string) error {
	if err := secret(name); err != nil {
		return err
	}
	err := f.disk.Remove(name)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err = errors.Join(err, f.unstage(name)); err == nil {
		err = f.disk.SyncDir(".")
	}
	if err != nil {
		return advise(fmt.Errorf("removing %s: %w", name, err))
	}
	return nil
}

func secret(name string) error {
	if certgen.Locate(name) != (certgen.Item{Purpose: certgen.ForSecret}) {
		return fmt.Errorf("%q is not the name of a secret", name)
	}
	return nil
}
