package folder

import (
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"lockstep/certgen"
	"lockstep/certgen/authority"
	"lockstep/policies/hint"
)

// most is the size above which no file of ours is read; a revocation list of a
// hundred thousand certificates has 5 MB.
const most = 16 << 20

// read returns a regular file's content. Symbolic links on the way are refused.
func (f *Folder) read(name string) ([]byte, fs.FileInfo, error) {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if info, err := f.root.Lstat(dir); err != nil {
			return nil, nil, err
		} else if err := f.regular(dir, info.Mode()); err != nil {
			return nil, nil, err
		}
	}
	before, err := f.lstat(name)
	if err != nil {
		return nil, nil, err
	}
	return f.readKnown(name, before)
}

// readKnown is read for a file whose folder is known to be one of ours and whose
// entry has been looked at.
func (f *Folder) readKnown(name string, before fs.FileInfo) ([]byte, fs.FileInfo, error) {
	return f.readFrom(f.root, name, name, before)
}

// readFrom is readKnown for a file that has the name base in the folder that dir is.
func (f *Folder) readFrom(dir *os.Root, base, name string, before fs.FileInfo) ([]byte, fs.FileInfo, error) {
	if err := f.regular(name, before.Mode()); err != nil {
		return nil, nil, err
	}
	in, err := dir.OpenFile(base, os.O_RDONLY|openFlag, 0)
	if err != nil {
		return nil, nil, err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return nil, nil, err
	}
	if !os.SameFile(before, info) {
		return nil, nil, fmt.Errorf("%s changed while it was opened", name)
	}
	content, err := all(in, name)
	return content, info, err
}

// all is what is left to read of in, up to most bytes.
func all(in io.Reader, name string) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(in, most+1))
	if err == nil && len(content) > most {
		err = fmt.Errorf("%s is larger than %d MiB", name, most>>20)
	}
	return content, err
}

// regular refuses what may lead out of the folder, or block the process that opens it.
func (f *Folder) regular(name string, mode fs.FileMode) error {
	where := f.word(name)
	switch {
	case mode&fs.ModeSymlink != 0:
		return hint.Refuse(fmt.Sprintf("Put what it leads to in its place: to=$(realpath %[1]s) && rm %[1]s && cp -a \"$to\" %[1]s; "+
			"to keep ca/ elsewhere, mount it there (a mounted Kubernetes Secret is read in ca/).", where),
			"%s is a symbolic link, and none is followed inside the PKI folder", name)
	case !mode.IsRegular() && !mode.IsDir():
		return hint.Refuse("Remove it: rm "+where, "%s is neither a file nor a folder", name)
	}
	return nil
}

// guard refuses a key of the folder that others may read or exchange.
func (f *Folder) guard(name string, info fs.FileInfo) error {
	return guardAt(name, filepath.Join(f.path, filepath.FromSlash(name)), info)
}

// Guard refuses a secret at path outside the folder that others may read or exchange.
func Guard(path string, info fs.FileInfo) error { return guardAt(path, path, info) }

// guardAt is guard for a key that lies at where.
func guardAt(name, where string, info fs.FileInfo) error {
	if mode := permissions(info); certgen.Lax(mode) {
		return hint.Refuse("If no other user can have read it: chmod 600 "+hint.Word(where),
			"%s has mode %04o, and others may use it: only 0600 is accepted", name, mode)
	}
	if uid, yes := foreign(info); yes {
		return hint.Refuse(fmt.Sprintf("If you trust its owner until now, as root: chown %d %s", os.Geteuid(), hint.Word(where)),
			"%s belongs to user %d, who can read and exchange it", name, uid)
	}
	return nil
}

// readKey reads the private key of a pair. The error is authority.ErrEncrypted for one that
// is encrypted and that Decrypt has not opened.
func (f *Folder) readKey(pair string) (crypto.Signer, error) {
	name := pair + ".key"
	content, info, err := f.read(name)
	if err != nil {
		return nil, err
	}
	if certgen.Guarded(pair) {
		if err := f.guard(name, info); err != nil {
			return nil, err
		}
	}
	key, err := authority.ParseKey(content)
	if errors.Is(err, authority.ErrEncrypted) {
		if opened := f.secrets.key(pair); opened != nil {
			return opened, nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	return key, nil
}

func (f *Folder) readCertificate(name string) (*x509.Certificate, error) {
	content, _, err := f.read(name)
	if err != nil {
		return nil, err
	}
	cert, err := certgen.ParseCertificate(content)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	return cert, nil
}

// readPair reads a pair, half renamed or not.
func (f *Folder) readPair(pair string) (*x509.Certificate, crypto.Signer, error) {
	key, err := f.readKey(pair)
	if err != nil {
		return nil, nil, err
	}
	cert, err := f.readCertificate(pair + ".crt")
	if err == nil && authority.Matches(cert, key) {
		return cert, key, nil
	}
	if next, nextErr := f.readCertificate(pair + ".crt" + certgen.NewSuffix); nextErr == nil && authority.Matches(next, key) {
		return next, key, nil
	}
	if next := f.successor(pair); next != nil && authority.Matches(next, key) {
		return next, key, nil
	}
	if err == nil {
		err = fmt.Errorf("%s.key belongs to another certificate than %s.crt", pair, pair)
	}
	return nil, nil, err
}

// exists reports whether anything has that name.
func (f *Folder) exists(name string) (bool, error) {
	_, err := f.root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
