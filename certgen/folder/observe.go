package folder

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"lockstep/certgen"
	"lockstep/certgen/authority"
	"lockstep/policies/hint"
)

// Observe reads the whole folder, but no CA's key and no secret, and the certificates
// outside of it that Bring named. A ca/ that this user may not read counts as absent.
func (f *Folder) Observe() (certgen.State, error) {
	o := observer{f: f, keys: true}
	if err := o.run(); err != nil {
		return certgen.State{}, fmt.Errorf("reading the PKI folder %s: %w", f.path, err)
	}
	return o.state, nil
}

// certificates is Observe without keys.
func (f *Folder) certificates() (certgen.State, error) {
	o := observer{f: f}
	if err := o.run(); err != nil {
		return certgen.State{}, fmt.Errorf("reading the PKI folder %s: %w", f.path, err)
	}
	return o.state, nil
}

type observer struct {
	f     *Folder
	keys  bool
	state certgen.State
	found map[string]pairFiles
}

// pairFiles is what the walk saw of one pair.
type pairFiles struct {
	crt, key, newCrt fs.FileInfo
}

func (o *observer) run() error {
	o.state = certgen.State{
		Pairs: map[string]certgen.Pair{}, Files: map[string][]byte{},
		Brought: o.f.external.CA, HasKey: o.f.external.Key != nil, External: o.f.externalCertificates(),
	}
	o.found = map[string]pairFiles{}
	if err := o.dir("."); err != nil {
		return err
	}
	for name, files := range o.found {
		if err := o.pair(name, files); err != nil {
			return err
		}
	}
	slices.Sort(o.state.Unfinished)
	o.state.Unfinished = slices.Compact(o.state.Unfinished)
	slices.Sort(o.state.Stray)
	slices.SortFunc(o.state.Retired, func(a, b certgen.Retired) int {
		return strings.Compare(certgen.RetiredPath(a.Identity, a.Leaf), certgen.RetiredPath(b.Identity, b.Leaf))
	})
	return nil
}

func (o *observer) dir(dir string) error {
	in, err := o.f.root.Open(dir)
	if err != nil {
		if dir == "ca" && errors.Is(err, fs.ErrPermission) || dir != "." && errors.Is(err, fs.ErrNotExist) {
			return nil // another run may just have removed it
		}
		return err
	}
	if err := o.private(dir, in); err != nil {
		return errors.Join(err, in.Close())
	}
	entries, err := in.ReadDir(-1)
	if err = errors.Join(err, in.Close()); err != nil {
		return err
	}
	for _, entry := range entries {
		if err := o.entry(path.Join(dir, entry.Name()), entry); err != nil {
			return err
		}
	}
	return nil
}

// private refuses a folder in which others could exchange a CA or root's key.
func (o *observer) private(dir string, in *os.File) error {
	if dir != "." && dir != "ca" && dir != "root" {
		return nil
	}
	info, err := in.Stat()
	if err != nil {
		return err
	}
	if mode := permissions(info); mode&0o022 != 0 {
		where := filepath.Join(o.f.path, dir)
		return hint.Refuse(fmt.Sprintf("Look whether everything in it is yours; then: chmod 700 %s", where),
			"%s has mode %04o: others could exchange what lies in it", where, mode)
	}
	return nil
}

func (o *observer) entry(name string, entry fs.DirEntry) error {
	if err := regular(name, entry.Type()); err != nil {
		return err
	}
	if entry.IsDir() {
		if certgen.IsDir(name) {
			return o.dir(name)
		}
		o.state.Stray = append(o.state.Stray, name+"/")
		return nil
	}
	item := certgen.Locate(name)
	if item.Role == certgen.RoleStray {
		o.state.Stray = append(o.state.Stray, name)
		return nil
	}
	info, err := entry.Info()
	if err == nil {
		err = o.file(name, item, info)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil // another run may just have renamed it
	}
	return err
}

func (o *observer) file(name string, item certgen.Item, info fs.FileInfo) error {
	switch pair := o.found[item.Pair]; item.Role {
	case certgen.RoleSecret:
		return nil
	case certgen.RoleCertificate, certgen.RoleKey:
		switch {
		case item.Staged && item.Role == certgen.RoleCertificate:
			pair.newCrt = info
		case item.Staged:
		case item.Role == certgen.RoleCertificate:
			pair.crt = info
		default:
			pair.key = info
		}
		if item.Staged {
			o.state.Unfinished = append(o.state.Unfinished, item.Pair)
		}
		o.found[item.Pair] = pair
		return nil
	case certgen.RoleRetired:
		return o.retired(name, info)
	}
	if item.Staged {
		o.state.Unfinished = append(o.state.Unfinished, strings.TrimSuffix(name, certgen.NewSuffix))
		return nil
	}
	content, _, err := o.f.readKnown(name, info)
	if err == nil {
		o.state.Files[name] = content
	}
	return err
}

func (o *observer) retired(name string, info fs.FileInfo) error {
	cert, err := o.certificate(name, info)
	switch {
	case cert != nil:
		o.state.Retired = append(o.state.Retired, certgen.Retired{Identity: path.Base(path.Dir(name)), Leaf: cert})
	case err != nil && !strings.HasPrefix(path.Base(name), unreadable):
		o.state.Stray = append(o.state.Stray, name)
	}
	return nil
}

func (o *observer) certificate(name string, info fs.FileInfo) (*x509.Certificate, error) {
	content, _, err := o.f.readKnown(name, info)
	if err != nil {
		return nil, err
	}
	return certgen.ParseCertificate(content)
}

func (o *observer) pair(name string, files pairFiles) error {
	p := certgen.Pair{Path: name}
	if files.crt != nil {
		cert, err := o.certificate(name+".crt", files.crt)
		p.Leaf = cert
		if err != nil {
			p.Problem = err.Error()
		}
	}
	if files.key != nil {
		p.KeyMode, p.Key = permissions(files.key), certgen.KeyUnopened
		if certgen.Guarded(name) {
			if err := guard(name+".key", files.key); err != nil {
				return err
			}
		}
	}
	var next *x509.Certificate
	if files.newCrt != nil {
		next, _ = o.certificate(name+".crt"+certgen.NewSuffix, files.newCrt) // cut off: whatever it is, Finish clears it
	}
	switch {
	case files.key == nil:
	case strings.HasPrefix(name, "ca/"):
		if files.crt == nil && next != nil {
			p.Leaf = next
		}
	case o.keys:
		if err := o.key(&p, files.key, next); err != nil {
			return err
		}
	}
	if files.crt != nil || files.key != nil {
		o.state.Pairs[name] = p
	}
	return nil
}

// key decides what p's key belongs to: its certificate, the one that was about to
// take its place, or neither.
func (o *observer) key(p *certgen.Pair, info fs.FileInfo, next *x509.Certificate) error {
	content, _, err := o.f.readKnown(p.Path+".key", info)
	if err != nil {
		return advise(err) // a key that this user may not read is not a broken one
	}
	key, err := authority.ParseKey(content)
	clear(content)
	switch {
	case err != nil:
		p.Key = certgen.KeyUnreadable
	case p.Leaf != nil && authority.Matches(p.Leaf, key):
		p.Key = certgen.KeyMatches
	case next != nil && authority.Matches(next, key):
		p.Key, p.Leaf, p.Problem = certgen.KeyMatches, next, ""
	default:
		p.Key = certgen.KeyForeign
	}
	return nil
}
