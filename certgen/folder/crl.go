package folder

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"path"

	"lockstep/certgen"
	"lockstep/certgen/authority"
)

// revocationList signs the list, the same for every file of the run. Its canary is in place
// before the first file of the list is: a canary that no list names is only a list that has
// to be signed again.
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
	canary, err := authority.Mint(ctx, a, l.Canary, r.now())
	if err != nil {
		return nil, err
	}
	list, err := a.RevocationList(append(l.Entries[:len(l.Entries):len(l.Entries)], certgen.CanaryEntry(canary.Leaf, r.now())), l.Number, r.now())
	if err != nil {
		return nil, err
	}
	if err := r.f.replacePair(l.Canary, canary.Leaf, canary.PrivateKey); err != nil {
		return nil, err
	}
	r.lists[l.CA] = list
	return list, nil
}

// Canary is the certificate that a member refuses once it has loaded the newest revocation
// list of ca; nil where no canary is here that this list names.
func (f *Folder) Canary(ca certgen.CA) *tls.Certificate {
	content, _, err := f.read(certgen.CRLFile(ca))
	if err != nil {
		return nil
	}
	list, err := x509.ParseRevocationList(content)
	if err != nil {
		return nil
	}
	canary, err := f.Identity(certgen.CanaryPath(ca))
	if err != nil || !certgen.IsCanary(list, canary.Leaf.SerialNumber) {
		return nil
	}
	return &canary
}

// replacePair puts a pair in place, outside of any unit. The certificate that was there goes
// to retired/.
func (f *Folder) replacePair(p certgen.Profile, leaf *x509.Certificate, key any) error {
	dir := path.Dir(p.Path)
	err := f.mkdirs(dir)
	if err == nil {
		err = f.stagePair(p.Path, leaf, key)
	}
	if err == nil {
		err = f.disk.SyncDir(dir)
	}
	if err == nil {
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
