package folder

import (
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"lockstep/certgen"
	"lockstep/certgen/authority"
)

// stagePair writes both halves of a pair under .new.
func (f *Folder) stagePair(pair string, cert *x509.Certificate, private crypto.PrivateKey) error {
	key, ok := private.(crypto.Signer)
	if !ok {
		return fmt.Errorf("a key of type %T does not sign", private)
	}
	content, err := f.encode(pair, key)
	if err != nil {
		return err
	}
	defer clear(content)
	if err := f.stage(pair+".crt", certgen.EncodeCertificate(cert), 0o644); err != nil {
		return err
	}
	return f.stage(pair+".key", content, 0o600)
}

// renamePair puts a staged pair in place, the key first: a certificate that is still
// .new and belongs to the key in place tells finish what to do.
func (f *Folder) renamePair(pair string) error {
	for _, ext := range []string{".key", ".crt"} {
		if err := f.disk.Rename(pair+ext+certgen.NewSuffix, pair+ext); err != nil {
			return fmt.Errorf("writing: %w", err)
		}
	}
	return nil
}

// makeCA makes a CA, or fails without having overwritten anything.
func (r *run) makeCA(p certgen.Profile) error {
	f := r.f
	if err := f.mkdirs(path.Dir(p.Path)); err != nil {
		return err
	}
	if err := f.absent(p.Path); err != nil {
		return err
	}
	a, key, err := authority.Create(p, r.now())
	if err != nil {
		return err
	}
	err = f.stagePair(p.Path, a.Certificate(), key)
	if err == nil {
		err = f.disk.SyncDir(path.Dir(p.Path))
	}
	if err != nil {
		_ = f.unstage(p.Path + ".key") // else the next plan clears it
		_ = f.unstage(p.Path + ".crt")
		return err
	}
	if err := f.placePair(p.Path); err != nil {
		return err
	}
	if p.Path != certgen.CAPath(p.CA) {
		return nil // it does not sign yet
	}
	a.Avoid(&f.serials)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.authorities[p.CA] = a
	return nil
}

// takeInCA writes the certificate of a CA that others made. It replaces one with the same
// key and name, which its owner has renewed: all that it signed holds; and one from which
// nothing here came.
func (f *Folder) takeInCA(s certgen.Step) error {
	name := s.Path() + ".crt"
	if err := f.mkdirs(path.Dir(name)); err != nil {
		return err
	}
	put := f.place
	if before, err := f.readCertificate(name); err == nil {
		now, err := certgen.ParseCertificate(s.Content)
		if err != nil {
			return err
		}
		replaceable, err := f.givesWay(s.Path(), before, now)
		if err != nil {
			return err
		}
		if replaceable {
			put = func(name string) error { return f.disk.Rename(name+certgen.NewSuffix, name) }
		}
	}
	err := f.stage(name, s.Content, 0o644)
	if err == nil {
		err = put(name)
	}
	if err == nil {
		err = f.disk.SyncDir(path.Dir(name))
	}
	if err != nil {
		_ = f.unstage(name) // else the next plan clears it
	}
	return err
}

// givesWay reports whether the CA before, which lies at pair without its key, may be
// replaced by the CA now.
func (f *Folder) givesWay(pair string, before, now *x509.Certificate) (bool, error) {
	if certgen.SameCA(before, now) || f.external.CA.Holds(before) {
		return true, nil
	}
	state, err := f.observe(observer{})
	return err == nil && state.Pairs[pair].Key == certgen.KeyAbsent && len(state.From(before)) == 0, err
}

// placePair is renamePair for a CA. Its key is on the disk before its certificate is
// in place: a CA without a key could not be told from one whose key is kept elsewhere.
func (f *Folder) placePair(pair string) error {
	for _, ext := range []string{".key", ".crt"} {
		if err := f.place(pair + ext); err != nil {
			return err
		}
		if err := f.disk.SyncDir(path.Dir(pair)); err != nil {
			return err
		}
	}
	return nil
}

// finish puts a pair or file in place whose writing was cut off, or clears it.
func (f *Folder) finish(name string) error {
	if certgen.Removable(name) {
		return f.finishRemoval(name)
	}
	if certgen.Locate(name+".crt").Purpose != certgen.ForCertificate {
		if err := f.unstage(name); err != nil {
			return err
		}
		return f.leave(path.Dir(name))
	}
	if err := f.finishMove(name); err != nil {
		return err
	}
	if err := f.finishCertificate(name); err != nil {
		return err
	}
	if err := f.unstage(name + ".key"); err != nil {
		return err
	}
	return f.leave(path.Dir(name))
}

// leave forces a folder to disk, or removes one in which nothing is left.
func (f *Folder) leave(dir string) error {
	names, err := f.list(dir)
	if err == nil && len(names) == 0 && certgen.Removable(dir) {
		return f.finishRemoval(dir)
	}
	return errors.Join(err, f.disk.SyncDir(dir))
}

func (f *Folder) finishCertificate(pair string) error {
	key, err := f.readKey(pair)
	if errors.Is(err, fs.ErrNotExist) {
		return f.unstage(pair + ".crt") // nothing was renamed
	} else if err != nil && certgen.PlaceOf(pair).Kind == certgen.PlaceCA {
		return err
	}
	next, nextErr := f.readCertificate(pair + ".crt" + certgen.NewSuffix)
	if err != nil || nextErr != nil || !authority.Matches(next, key) {
		return f.unstage(pair + ".crt")
	}
	if certgen.PlaceOf(pair).Kind != certgen.PlaceCA {
		return f.renameCertificate(pair) // its predecessor is in retired/
	}
	there, err := f.exists(pair + ".crt")
	switch {
	case err != nil:
		return err
	case there: // linked, and cut off before the other name went
		return f.unstage(pair + ".crt")
	}
	return f.place(pair + ".crt")
}

// renameCertificate puts a staged certificate in place.
func (f *Folder) renameCertificate(pair string) error {
	if err := f.disk.Rename(pair+".crt"+certgen.NewSuffix, pair+".crt"); err != nil {
		return fmt.Errorf("writing: %w", err)
	}
	return nil
}
