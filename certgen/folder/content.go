package folder

import (
	"crypto"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"lockstep/certgen"
	"lockstep/certgen/authority"
	"lockstep/policies/hint"
)

// mostStray is how much of a file that belongs to nothing is looked at.
const mostStray = 64 << 10

// stray looks into a file that belongs to nothing: a copied key has any name.
func (o *observer) stray(name string, info fs.FileInfo) error {
	if !o.reports || !info.Mode().IsRegular() {
		return nil
	}
	in, err := o.f.root.Open(name)
	if err != nil {
		return err
	}
	defer in.Close()
	if now, err := in.Stat(); err != nil || !os.SameFile(info, now) {
		return errors.Join(err, fmt.Errorf("%s changed while it was opened", name))
	}
	text, err := io.ReadAll(io.LimitReader(in, mostStray))
	if err == nil {
		o.content(name, info, text)
	}
	clear(text)
	return err
}

// strayFolder looks into the files below a folder that belongs to nothing. No link is
// followed. What this user may not read there is left aside: members' data may be one.
func (o *observer) strayFolder(dir string) {
	if !o.reports {
		return
	}
	_ = fs.WalkDir(o.f.root.FS(), dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return nil
		}
		if info, err := o.f.root.Lstat(name); err == nil {
			_ = o.stray(name, info)
		}
		return nil
	})
}

// content notes the certificates and keys that a file holds.
func (o *observer) content(name string, info fs.FileInfo, text []byte) {
	if !o.reports {
		return
	}
	c := certgen.ReadContent(text, publicOf)
	c.Path, c.Mode = name, permissions(info)
	if c.Keys > 0 || len(c.Leaves) > 0 {
		o.state.Contents = append(o.state.Contents, c)
	}
	if at := certgen.Locate(name); c.Keys > 0 && c.Mode&0o177 != 0 && (at.Purpose != certgen.ForKey || at.Staged) {
		o.state.Faults = append(o.state.Faults, certgen.Fault{Kind: certgen.FaultKey, Path: name, Err: hint.Refuse(
			"If no other user can have read it: chmod 600 "+hint.Word(filepath.Join(o.f.path, filepath.FromSlash(name))),
			"%s holds a private key and has mode %04o, and others may use it", name, c.Mode)})
	}
}

// publicOf is the public key of a private key in any PEM form that Go reads; nil for none.
func publicOf(block *pem.Block) crypto.PublicKey {
	text := pem.EncodeToMemory(block)
	defer clear(text)
	key, err := authority.ParseAnyKey(text)
	if err != nil {
		return nil
	}
	return key.Public()
}
