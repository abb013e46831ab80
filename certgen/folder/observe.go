package folder

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"lockstep/certgen"
)

// Observe reads the whole folder, but no CA's key and no secret, and the certificates
// outside of it that the policy names. A ca/ that this user may not read counts as absent. A
// folder with a link in it, or in which others could use or exchange a CA, is refused.
func (f *Folder) Observe() (certgen.State, error) { return f.observed(observer{keys: true}) }

// ObserveCertificates is Observe without the texts like etcd.env, for plans that write none.
func (f *Folder) ObserveCertificates() (certgen.State, error) {
	return f.observed(observer{keys: true, names: true})
}

// observed keeps what it has seen under the lock, so that Apply need not look again.
func (f *Folder) observed(o observer) (certgen.State, error) {
	s, err := f.observe(o)
	if err == nil && f.held.Load() {
		f.seen.Store(&s)
	}
	return s, err
}

// Inspect is Observe for those who report what they see and change nothing: what Observe
// refuses is in the answer's Faults, and everything else is read. It also opens the CAs'
// keys that are here, to see whether they belong to their CAs.
func (f *Folder) Inspect() (certgen.State, error) {
	return f.observe(observer{keys: true, reports: true})
}

// Look is Inspect for what certificates and revocation lists alone tell: without
// State.Contents, and in State.Files without texts like etcd.env and copies of CAs that are in ca/.
func (f *Folder) Look() (certgen.State, error) {
	return f.observe(observer{keys: true, reports: true, names: true, trusts: f.trusts()})
}

// trusts is the CAs that are known without their copies.
func (f *Folder) trusts() map[certgen.CA]bool {
	known := map[certgen.CA]bool{}
	for _, ca := range certgen.CAs() {
		_, err := f.lstat(certgen.CAPath(ca) + ".crt")
		known[ca] = err == nil || f.external.CA.Current != nil
	}
	return known
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
	keys    bool                // look at keys, too
	reports bool                // record what is refused otherwise
	names   bool                // a file is what its name says: State.Contents stays empty, and no text is read
	trusts  map[certgen.CA]bool // no copy of these is read
	owner   int64               // the user that the PKI folder belongs to; -1 where that is not known

	group *errgroup.Group // folders that are looked at together
	mu    *sync.Mutex     // guards state
	state certgen.State
}

func (o *observer) run() error {
	o.state = certgen.State{
		Pairs: map[string]certgen.Pair{}, Files: map[string][]byte{}, Passwords: map[string]fs.FileMode{},
		ExternalCA: o.f.external.CA, HasKey: o.f.external.Key != nil, External: o.f.externalCertificates(),
	}
	if o.reports {
		o.state.Root = o.f.path
	}
	o.group, o.mu = new(errgroup.Group), new(sync.Mutex)
	o.group.SetLimit(runtime.GOMAXPROCS(0))
	info, err := o.f.root.Stat(".")
	if err != nil {
		return err
	}
	o.owner = owner(info)
	err = o.dir(o.f.root, ".", ".")
	if err = cmp.Or(err, o.group.Wait()); err != nil {
		return err
	}
	o.sort()
	o.state = o.state.Settled()
	return nil
}

// sort puts what the visits saw in its order.
func (o *observer) sort() {
	o.state.Unfinished = append(o.state.Unfinished, o.state.FinishMoves()...)
	slices.Sort(o.state.Unfinished)
	o.state.Unfinished = slices.Compact(o.state.Unfinished)
	slices.Sort(o.state.Empty)
	slices.Sort(o.state.Stray)
	slices.SortFunc(o.state.Contents, func(a, b certgen.Content) int { return strings.Compare(a.Path, b.Path) })
	slices.SortFunc(o.state.Faults, func(a, b certgen.Fault) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Kind, b.Kind))
	})
	o.state.Faults = oneOfKeys(o.state.Faults)
	slices.SortFunc(o.state.Retired, func(a, b certgen.Retired) int {
		return cmp.Or(strings.Compare(a.Identity, b.Identity), a.Leaf.SerialNumber.Cmp(b.Leaf.SerialNumber), bytes.Compare(a.Leaf.Raw, b.Leaf.Raw), cmp.Compare(rank(a), rank(b)), strings.Compare(a.Instance, b.Instance))
	})
	o.state.Retired = slices.CompactFunc(o.state.Retired, func(a, b certgen.Retired) bool { return a.Identity == b.Identity && a.Leaf.Equal(b.Leaf) }) // the record of most counts
}

// rank puts the record of most first.
func rank(r certgen.Retired) int {
	switch {
	case !r.Revoked:
		return 2
	case r.Alone:
		return 1
	}
	return 0
}

// dir looks at a folder, which has the name base in the folder above.
func (o *observer) dir(above *os.Root, base, dir string) error {
	v := &visit{observer: o, name: dir, found: map[string]pairFiles{}}
	v.state = certgen.State{Pairs: map[string]certgen.Pair{}, Files: map[string][]byte{}, Passwords: map[string]fs.FileMode{}}
	root, err := above.OpenRoot(base)
	if err != nil {
		if dir == "ca" && errors.Is(err, fs.ErrPermission) || dir != "." && errors.Is(err, fs.ErrNotExist) {
			return nil // another run may just have removed it
		}
		if dir == "." {
			return err
		}
		err = v.unread(dir, err)
		v.end()
		return err
	}
	look := func() error {
		err := v.all(root)
		v.end()
		return errors.Join(err, root.Close())
	}
	if o.group.TryGo(look) {
		return nil
	}
	return look()
}

// visit is the look at one folder. Its files are opened from there, so that the way to it is
// walked once.
type visit struct {
	*observer
	name  string // below the PKI folder; "." for itself
	root  *os.Root
	owner int64 // the user that the folder belongs to
	open  bool  // other users may put files into it
	found map[string]pairFiles
	state certgen.State // what lies in this folder, without the folders below it
}

// pairFiles is what the walk saw of one pair.
type pairFiles struct {
	crt, key, newCrt fs.FileInfo
	problem          string // why the certificate was not looked at
	unopened         bool   // a key is there, and is not looked at
}

// all looks at everything in the folder, which root is.
func (v *visit) all(root *os.Root) error {
	v.root = root
	in, err := root.Open(".")
	if err != nil {
		return err
	}
	info, err := in.Stat()
	if err != nil {
		return errors.Join(err, in.Close())
	}
	if err := v.private(info); err != nil {
		return errors.Join(err, in.Close())
	}
	entries, err := in.ReadDir(-1)
	if err = errors.Join(err, in.Close()); err != nil {
		return err
	}
	v.open, v.owner = sticky(info), owner(info)
	if len(entries) == 0 && certgen.Removable(v.name) {
		v.state.Empty = append(v.state.Empty, v.name)
	}
	for _, entry := range entries {
		if err := v.entry(path.Join(v.name, entry.Name()), entry); err != nil {
			return err
		}
	}
	for name, files := range v.found {
		if err := v.pair(name, files); err != nil {
			return err
		}
	}
	return nil
}

// end adds what the visit saw to the state of the whole folder.
func (v *visit) end() {
	o := v.observer
	o.mu.Lock()
	defer o.mu.Unlock()
	maps.Copy(o.state.Pairs, v.state.Pairs)
	maps.Copy(o.state.Files, v.state.Files)
	maps.Copy(o.state.Passwords, v.state.Passwords)
	o.state.Retired = append(o.state.Retired, v.state.Retired...)
	o.state.Unfinished = append(o.state.Unfinished, v.state.Unfinished...)
	o.state.Empty = append(o.state.Empty, v.state.Empty...)
	o.state.Stray = append(o.state.Stray, v.state.Stray...)
	o.state.Contents = append(o.state.Contents, v.state.Contents...)
	o.state.Faults = append(o.state.Faults, v.state.Faults...)
}

// fault ends the walk by err, or records it and lets the walk go on.
func (v *visit) fault(kind certgen.FaultKind, path string, err error) error {
	if err == nil || !v.reports {
		return err
	}
	v.state.Faults = append(v.state.Faults, certgen.Fault{Kind: kind, Path: path, Err: err})
	return nil
}

// private looks whether others could exchange what lies in a folder of the layout. A folder
// with the key of a CA or of root is refused there; for the others it is only reported, as a
// lax key is.
func (v *visit) private(info fs.FileInfo) error {
	dir := v.name
	if v.reports && dir == "." {
		if err := v.fault(certgen.FaultOwner, dir, v.f.mine(info)); err != nil {
			return err
		}
	}
	err := v.f.closed(dir, info)
	if !v.reports && dir != "." && dir != "ca" && dir != "root" {
		return nil
	}
	return v.fault(certgen.FaultFolder, dir, err)
}

// unread is the fault of what cannot be looked at.
func (v *visit) unread(name string, err error) error {
	return v.fault(certgen.FaultUnread, name, err)
}

// lstat is Folder.lstat for an entry of this folder.
func (v *visit) lstat(name string, entry fs.DirEntry) (fs.FileInfo, error) {
	if v.name == "ca" { // it may be mounted
		return v.f.lstat(name)
	}
	return entry.Info()
}

// read is Folder.readKnown from this folder.
func (v *visit) read(name string, before fs.FileInfo) ([]byte, error) {
	content, _, err := v.f.readFrom(v.root, path.Base(name), name, before)
	return content, err
}

func (v *visit) entry(name string, entry fs.DirEntry) error {
	if path.Dir(name) == "ca" && ofMount(path.Base(name)) && (entry.IsDir() || entry.Type() == fs.ModeSymlink) {
		return nil // see lstat
	}
	info, err := v.lstat(name, entry)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // another run may just have renamed it
	}
	item := certgen.Locate(name)
	if err == nil {
		err = v.f.regular(name, info.Mode())
	}
	if err == nil {
		if err := v.others(name, item, info); err != nil {
			return err
		}
	}
	if err != nil {
		v.skip(item, err)
		return v.unread(name, err)
	}
	if info.IsDir() {
		if certgen.IsDir(name) {
			return v.observer.dir(v.root, path.Base(name), name)
		}
		v.state.Stray = append(v.state.Stray, name+"/")
		v.strayFolder(name)
		return nil
	}
	if item.Purpose == certgen.ForStray {
		v.state.Stray = append(v.state.Stray, name)
		err := v.stray(name, info)
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return v.unread(name, advise(err))
	}
	err = v.file(name, item, info)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return v.unread(name, err)
}

// skip notes that half of a pair is there and is not looked at.
func (v *visit) skip(item certgen.Item, err error) {
	if item.Staged || item.Purpose != certgen.ForCertificate && item.Purpose != certgen.ForKey {
		return
	}
	pair := v.found[item.Pair]
	if item.Purpose == certgen.ForCertificate {
		pair.problem = err.Error()
	} else {
		pair.unopened = true
	}
	v.found[item.Pair] = pair
}

func (v *visit) file(name string, item certgen.Item, info fs.FileInfo) error {
	switch pair := v.found[item.Pair]; item.Purpose {
	case certgen.ForSecret, certgen.ForSeed:
		if !item.Staged {
			return nil
		}
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
			v.state.Unfinished = append(v.state.Unfinished, item.Pair)
		}
		v.found[item.Pair] = pair
		return nil
	case certgen.ForPassword:
		if !item.Staged {
			v.state.Passwords[name] = permissions(info)
			return nil
		}
	case certgen.ForRetired:
		if !item.Staged {
			return v.retired(name, info)
		}
	case certgen.ForText:
		if v.names && !item.Staged {
			return nil
		}
	case certgen.ForCopy:
		if v.trusts[item.CA] && !item.Staged {
			return nil
		}
	}
	if item.Staged {
		v.state.Unfinished = append(v.state.Unfinished, strings.TrimSuffix(name, certgen.NewSuffix))
		return nil
	}
	content, err := v.read(name, info)
	if err == nil {
		v.content(name, info, content)
		v.state.Files[name] = content
	}
	return err
}

func (v *visit) retired(name string, info fs.FileInfo) error {
	cert, err := v.certificate(name, info)
	switch {
	case cert != nil:
		v.state.Retired = append(v.state.Retired, certgen.RetiredAt(name, cert))
	case err != nil && !strings.HasPrefix(path.Base(name), unreadable):
		v.state.Stray = append(v.state.Stray, name)
	}
	return nil
}

func (v *visit) certificate(name string, info fs.FileInfo) (*x509.Certificate, error) {
	content, err := v.read(name, info)
	if err != nil {
		return nil, err
	}
	cert, err := certgen.ParseCertificate(content)
	if err != nil {
		v.content(name, info, content)
	}
	return cert, err
}
