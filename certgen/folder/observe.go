package folder

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"lockstep/certgen"
)

// Observe reads the whole folder, but no CA's key and no secret, and the certificates
// outside of it that the policy names. A ca/ that this user may not read counts as absent. A
// folder with a link in it, or in which others could use or exchange a CA, is refused.
func (f *Folder) Observe() (certgen.State, error) { return f.observe(observer{keys: true}) }

// Inspect is Observe for those who report what they see and change nothing: what Observe
// refuses is in the answer's Faults, and everything else is read. It also opens the CAs'
// keys that are here, to see whether they belong to their CAs.
func (f *Folder) Inspect() (certgen.State, error) {
	return f.observe(observer{keys: true, reports: true})
}

func (f *Folder) observe(o observer) (certgen.State, error) {
	o.f = f
	if err := o.run(); err != nil {
		return certgen.State{}, fmt.Errorf("reading the PKI folder %s: %w", f.path, err)
	}
	return o.state, nil
}

type observer struct {
	f       *Folder
	keys    bool // look at keys, too
	reports bool // record what is refused otherwise
	state   certgen.State
	found   map[string]pairFiles
}

// pairFiles is what the walk saw of one pair.
type pairFiles struct {
	crt, key, newCrt fs.FileInfo
	problem          string // why the certificate was not looked at
	unopened         bool   // a key is there, and is not looked at
}

// fault ends the walk by err, or records it and lets the walk go on.
func (o *observer) fault(kind certgen.FaultKind, path string, err error) error {
	if err == nil || !o.reports {
		return err
	}
	o.state.Faults = append(o.state.Faults, certgen.Fault{Kind: kind, Path: path, Err: err})
	return nil
}

func (o *observer) run() error {
	o.state = certgen.State{
		Pairs: map[string]certgen.Pair{}, Files: map[string][]byte{},
		Brought: o.f.external.CA, HasKey: o.f.external.Key != nil, External: o.f.externalCertificates(),
	}
	o.found = map[string]pairFiles{}
	if o.reports {
		o.state.Root = o.f.path
	}
	if err := o.dir("."); err != nil {
		return err
	}
	for name, files := range o.found {
		if err := o.pair(name, files); err != nil {
			return err
		}
	}
	o.state.Unfinished = append(o.state.Unfinished, o.state.FinishMoves()...)
	slices.Sort(o.state.Unfinished)
	o.state.Unfinished = slices.Compact(o.state.Unfinished)
	slices.Sort(o.state.Stray)
	slices.SortFunc(o.state.Contents, func(a, b certgen.Content) int { return strings.Compare(a.Path, b.Path) })
	slices.SortFunc(o.state.Faults, func(a, b certgen.Fault) int { return strings.Compare(a.Path, b.Path) })
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
		if dir == "." {
			return err
		}
		return o.unread(dir, err)
	}
	info, err := in.Stat()
	if err != nil {
		return errors.Join(err, in.Close())
	}
	if err := o.private(dir, info); err != nil {
		return errors.Join(err, in.Close())
	}
	entries, err := in.ReadDir(-1)
	if err = errors.Join(err, in.Close()); err != nil {
		return err
	}
	for _, entry := range entries {
		if err := o.entry(path.Join(dir, entry.Name()), entry, sticky(info)); err != nil {
			return err
		}
	}
	return nil
}

// private looks whether others could exchange a key in a folder of the layout, or the
// folder of one. A folder with the key of a CA or of root is refused there; for the others it is only
// reported, as a lax key is.
func (o *observer) private(dir string, info fs.FileInfo) error {
	if dir == certgen.RetiredDir || strings.HasPrefix(dir, certgen.RetiredDir+"/") {
		return nil // no keys
	}
	err := o.f.closed(dir, info)
	if !o.reports && dir != "." && dir != "ca" && dir != "root" {
		return nil
	}
	return o.fault(certgen.FaultFolder, dir, err)
}

// unread is the fault of what cannot be looked at.
func (o *observer) unread(name string, err error) error {
	return o.fault(certgen.FaultUnread, name, err)
}

func (o *observer) entry(name string, entry fs.DirEntry, open bool) error {
	if path.Dir(name) == "ca" && ofMount(path.Base(name)) && (entry.IsDir() || entry.Type() == fs.ModeSymlink) {
		return nil // see lstat
	}
	info, err := o.f.lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // another run may just have renamed it
	}
	if err == nil {
		err = o.f.regular(name, info.Mode())
	}
	if err == nil && open {
		if err := o.fault(certgen.FaultFolder, name, o.f.planted(name, info)); err != nil {
			return err
		}
	}
	if err != nil {
		o.skip(certgen.Locate(name), err)
		return o.unread(name, err)
	}
	if info.IsDir() {
		if certgen.IsDir(name) {
			return o.dir(name)
		}
		o.state.Stray = append(o.state.Stray, name+"/")
		o.strayFolder(name)
		return nil
	}
	item := certgen.Locate(name)
	if item.Purpose == certgen.ForStray {
		o.state.Stray = append(o.state.Stray, name)
		err := o.stray(name, info)
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return o.unread(name, advise(err))
	}
	err = o.file(name, item, info)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return o.unread(name, err)
}

// skip notes that half of a pair is there and is not looked at.
func (o *observer) skip(item certgen.Item, err error) {
	if item.Staged || item.Purpose != certgen.ForCertificate && item.Purpose != certgen.ForKey {
		return
	}
	pair := o.found[item.Pair]
	if item.Purpose == certgen.ForCertificate {
		pair.problem = err.Error()
	} else {
		pair.unopened = true
	}
	o.found[item.Pair] = pair
}

func (o *observer) file(name string, item certgen.Item, info fs.FileInfo) error {
	switch pair := o.found[item.Pair]; item.Purpose {
	case certgen.ForSecret:
		return nil
	case certgen.ForCertificate, certgen.ForKey:
		switch {
		case item.Staged && item.Purpose == certgen.ForCertificate:
			pair.newCrt = info
		case item.Staged:
		case item.Purpose == certgen.ForCertificate:
			pair.crt = info
		default:
			pair.key = info
		}
		if item.Staged {
			o.state.Unfinished = append(o.state.Unfinished, item.Pair)
		}
		o.found[item.Pair] = pair
		return nil
	case certgen.ForRetired:
		return o.retired(name, info)
	}
	if item.Staged {
		o.state.Unfinished = append(o.state.Unfinished, strings.TrimSuffix(name, certgen.NewSuffix))
		return nil
	}
	content, _, err := o.f.readKnown(name, info)
	if err == nil {
		o.content(name, info, content)
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
	cert, err := certgen.ParseCertificate(content)
	if err != nil {
		o.content(name, info, content)
	}
	return cert, err
}
