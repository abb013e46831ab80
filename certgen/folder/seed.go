package folder

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"

	"lockstep/certgen"
)

// Seed is the files from which a cluster starts.
type Seed struct {
	Database []byte            // certgen.SeedFile
	Scripts  map[string][]byte // certgen.RestoreFile, by member
}

// ReadSeed reads the seed.db of the folder. The error is fs.ErrNotExist when it is not there.
func (f *Folder) ReadSeed() ([]byte, error) { return f.readSeed(certgen.SeedFile) }

// HoldsSeed reports whether exactly the files of s are in place.
func (f *Folder) HoldsSeed(s Seed) (bool, error) {
	for _, name := range s.names() {
		have, err := f.readSeed(name)
		if errors.Is(err, fs.ErrNotExist) || err == nil && !bytes.Equal(have, s.content(name)) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	return true, nil
}

// WriteSeed writes the files of s with mode 0600, each whole or not at all, and the database
// first: a script that is still the one of an earlier seed refuses to restore this one. What was
// cut off is finished by writing again.
func (f *Folder) WriteSeed(s Seed) error {
	for _, name := range s.names() {
		err := f.put(name, s.content(name), 0o600)
		if err == nil {
			err = f.disk.SyncDir(path.Dir(name))
		}
		if err != nil {
			return advise(fmt.Errorf("writing %s: %w", name, err))
		}
	}
	return nil
}

// RemoveSeed removes the scripts of these members and then seed.db: while it is there, the next
// run removes the rest.
func (f *Folder) RemoveSeed(members []string) error {
	var names []string
	for _, member := range members {
		names = append(names, restorePath(member))
	}
	for _, name := range append(names, certgen.SeedFile) {
		err := f.disk.Remove(name)
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		if err = errors.Join(err, f.unstage(name)); err == nil {
			err = f.disk.SyncDir(path.Dir(name))
		}
		if err != nil {
			return advise(fmt.Errorf("removing %s: %w", name, err))
		}
	}
	return nil
}

func (f *Folder) readSeed(name string) ([]byte, error) {
	content, _, err := f.read(name)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	return content, nil
}

// names is the files in the order in which they are written.
func (s Seed) names() []string {
	names := []string{certgen.SeedFile}
	for _, member := range slices.Sorted(maps.Keys(s.Scripts)) {
		names = append(names, restorePath(member))
	}
	return names
}

func (s Seed) content(name string) []byte {
	if name == certgen.SeedFile {
		return s.Database
	}
	return s.Scripts[certgen.PlaceOf(path.Dir(name)).Name]
}

func restorePath(member string) string {
	return certgen.Place{Kind: certgen.PlaceMember, Name: member}.In(certgen.RestoreFile).String()
}
