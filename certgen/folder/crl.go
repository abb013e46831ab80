package folder

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"path"

	"lockstep/certgen"
	"lockstep/certgen/authority"
)

// revocationList signs the list, the same for every file of the run. Its canary, and then the next
// one, are in place before the first file of the list is: a canary that no list names is only a
// list that has to be signed again.
func (r *run) revocationList(ctx context.Context, l certgen.List) ([]byte, error) {
	a, err := r.authority(l.CA)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if list := r.lists[l.CA]; list != nil {
		return list, nil
	}
	canary, taken, err := r.canary(ctx, a, l)
	if err != nil {
		return nil, err
	}
	list, err := a.RevocationList(append(l.Entries[:len(l.Entries):len(l.Entries)], certgen.CanaryEntry(canary.Leaf, r.now())), l.Number, r.now())
	if err != nil {
		return nil, err
	}
	if err := r.f.replacePair(l.Canary, canary, true); err != nil {
		return nil, err
	}
	if l.Next.Path != "" {
		next, err := authority.Mint(ctx, a, l.Next, r.now())
		if err != nil {
			return nil, err
		}
		if err := r.f.replacePair(l.Next, next, !taken); err != nil {
			return nil, err
		}
	}
	r.lists[l.CA] = list
	return list, nil
}

// canary is the one that was made for the list l beforehand, or a new one where that is missing
// or does not do.
func (r *run) canary(ctx context.Context, a *authority.Authority, l certgen.List) (canary tls.Certificate, taken bool, err error) {
	if l.Next.Path != "" {
		made, err := r.f.Identity(l.Next.Path)
		if err == nil && l.Takes(made.Leaf, a.Certificate(), r.now()) {
			return made, true, nil
		}
	}
	canary, err = authority.Mint(ctx, a, l.Canary, r.now())
	return canary, false, err
}

// Canary is the certificate that a member refuses once it has loaded the newest revocation
// list of ca; nil where no canary is here that this list names.
func (f *Folder) Canary(ca certgen.CA) *tls.Certificate {
	canary, list := f.beside(certgen.CanaryPath(ca), ca)
	if list == nil || !certgen.IsCanary(list, canary.Leaf.SerialNumber) {
		return nil
	}
	return canary
}

// NextCanary is the certificate that a member's client port refuses only if it has loaded a newer
// revocation list than the folder's; nil where none is here.
func (f *Folder) NextCanary() *tls.Certificate {
	next, list := f.beside(certgen.NextCanaryPath, certgen.ClientCA)
	if list == nil || certgen.Lists(list, next.Leaf.SerialNumber) {
		return nil
	}
	return next
}

// beside is the canary at pair, and the revocation list of ca; nil where one of them is not here.
func (f *Folder) beside(pair string, ca certgen.CA) (*tls.Certificate, *x509.RevocationList) {
	content, _, err := f.read(certgen.CRLFile(ca))
	if err != nil {
		return nil, nil
	}
	list, err := x509.ParseRevocationList(content)
	if err != nil {
		return nil, nil
	}
	canary, err := f.Identity(pair)
	if err != nil {
		return nil, nil
	}
	return &canary, list
}

// replacePair puts a pair in place, outside of any unit. The certificate that was there goes
// to retired/ if it retires.
func (f *Folder) replacePair(p certgen.Profile, pair tls.Certificate, retires bool) error {
	dir := path.Dir(p.Path)
	err := f.mkdirs(dir)
	if err == nil {
		err = f.stagePair(p.Path, pair.Leaf, pair.PrivateKey)
	}
	if err == nil {
		err = f.disk.SyncDir(dir)
	}
	if err == nil && retires {
		err = f.retire(p.Identity, p.Path)
	}
	if err != nil {
		_ = f.unstage(p.Path + ".key") // else the next plan clears it
		_ = f.unstage(p.Path + ".crt")
		return err
	}
	if err := f.renamePair(p.Path); err != nil {
		return err
	}
	return f.disk.SyncDir(dir)
}
