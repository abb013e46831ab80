package folder

import (
	"crypto"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"lockstep/certgen"
	"lockstep/certgen/authority"
	"lockstep/policies/hint"
)

// mostStray is how much of a stray file is looked at.
const mostStray = 64 << 10

// stray looks into a stray file: a copied key has any name.
func (v *visit) stray(name string, info fs.FileInfo) error {
	if !v.reports || v.names || !info.Mode().IsRegular() {
		return nil
	}
	in, err := v.f.root.Open(name)
	if err != nil {
		return err
	}
	defer in.Close()
	if now, err := in.Stat(); err != nil || !os.SameFile(info, now) {
		return errors.Join(err, fmt.Errorf("%s changed while it was opened", name))
	}
	text, err := io.ReadAll(io.LimitReader(in, mostStray))
	if err == nil {
		v.content(name, info, text)
	}
	clear(text)
	return err
}

// strayFolder looks into the files below a stray folder. No link is
// followed. What this user may not read there is left aside: members' data may be one.
func (v *visit) strayFolder(dir string) {
	if !v.reports || v.names {
		return
	}
	_ = fs.WalkDir(v.f.root.FS(), dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return nil
		}
		if info, err := v.f.root.Lstat(name); err == nil {
			_ = v.stray(name, info)
		}
		return nil
	})
}

// content notes the certificates and keys that a file holds.
func (v *visit) content(name string, info fs.FileInfo, text []byte) {
	if !v.reports || v.names {
		return
	}
	c := certgen.ReadContent(text, publicOf)
	c.Path, c.Mode = name, permissions(info)
	if c.Keys > 0 || len(c.Leaves) > 0 {
		v.state.Contents = append(v.state.Contents, c)
	}
	if at := certgen.Locate(name); c.Keys > 0 && certgen.Lax(c.Mode) && (at.Purpose != certgen.ForKey || at.Staged) {
		v.state.Faults = append(v.state.Faults, certgen.Fault{Kind: certgen.FaultKey, Path: name, Err: hint.Refuse(
			"If no other user can have read it: chmod 600 "+v.f.word(name),
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
