package folder

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"lockstep/certgen"
	"lockstep/certgen/authority"
	"lockstep/policies/hint"
)

// generations is the steps of generations that come before what is signed, and those that the
// plan has at its end.
func generations(steps []certgen.Step) (first, last []certgen.Step) {
	end := len(steps)
	for end > 0 && ofGeneration(steps[end-1]) {
		end--
	}
	for _, s := range steps[:end] {
		if ofGeneration(s) {
			first = append(first, s)
		}
	}
	return first, steps[end:]
}

// ofGeneration reports whether a step concerns another generation of a CA than the one that
// signs. These steps are carried out one by one, in the order of the plan.
func ofGeneration(s certgen.Step) bool {
	switch s.Action {
	case certgen.Promote, certgen.Replace, certgen.Drop:
		return true
	case certgen.MakeCA, certgen.Retire:
		return s.Place().Kind == certgen.PlaceCA && s.Path() != certgen.CAPath(s.Profile.CA)
	}
	return false
}

// generations carries out the steps of generations, and then looks again: other CAs sign and
// are trusted from here on.
func (r *run) generations(ctx context.Context, steps []certgen.Step) error {
	moved := false
	err := r.inTurn(ctx, steps, ofGeneration, func(s certgen.Step) error {
		moved = true
		delete(r.authorities, s.Profile.CA)
		return r.move(s)
	})
	if err != nil || !moved {
		return err
	}
	r.f.opening.Lock()
	r.f.issuers = nil
	r.f.opening.Unlock()
	return r.observe()
}

func (r *run) move(s certgen.Step) error {
	f, ca := r.f, s.Profile.CA
	if err := f.movable(ca); err != nil {
		return err
	}
	switch s.Action {
	case certgen.MakeCA:
		return r.makeCA(s.Profile)
	case certgen.Promote:
		return f.succeed(ca, certgen.Previous)
	case certgen.Replace:
		return f.succeed(ca, certgen.Dropped)
	case certgen.Drop:
		from, to := certgen.CAPlace(ca, certgen.Previous).String(), certgen.CAPlace(ca, certgen.Dropped).String()
		if err := f.absent(to); err != nil {
			return err
		}
		if err := f.disk.Rename(from+".crt", to+".crt"); err != nil {
			return fmt.Errorf("writing: %w", err)
		}
	case certgen.Retire:
		if err := f.retirePair(s); err != nil {
			return err
		}
	}
	return f.disk.SyncDir("ca")
}

// movable refuses a CA of a mounted Secret: what is renamed there is lost with the mount, if
// it can be renamed at all.
func (f *Folder) movable(ca certgen.CA) error {
	name := certgen.CAPath(ca) + ".crt"
	info, err := f.root.Lstat(name)
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return hint.Refuse(fmt.Sprintf("Rotate the CA in a folder of its own: copy the files of the Secret to %s, and make the Secret anew from it.", hint.Word(filepath.Join(f.path, "ca"))),
			"%s is part of a mounted Secret, and is not changed in the mount", name)
	}
	return nil
}

// succeed puts the next generation of a CA in the place of the current one, whose certificate
// is kept as the generation old. Its key is deleted by the rename of the next one. From the
// first change on, [certgen.HalfMoved] tells that the move has begun, and finish goes on with it.
func (f *Folder) succeed(ca certgen.CA, old certgen.Generation) error {
	current, next, kept := certgen.CAPath(ca), certgen.CAPlace(ca, certgen.Next).String(), certgen.CAPlace(ca, old).String()
	for _, file := range []string{next + ".key", next + ".crt", current + ".crt"} {
		if there, err := f.exists(file); err != nil {
			return err
		} else if !there {
			return fmt.Errorf("%s: %w", file, fs.ErrNotExist)
		}
	}
	err := f.disk.Link(current+".crt", kept+".crt")
	if errors.Is(err, fs.ErrExist) && f.same(current+".crt", kept+".crt") {
		err = nil
	}
	if err == nil {
		err = f.disk.SyncDir("ca")
	}
	if err != nil {
		return fmt.Errorf("keeping the certificate: %w", err)
	}
	return f.finishMove(current)
}

// same reports whether two files hold the same.
func (f *Folder) same(a, b string) bool {
	one, _, err := f.read(a)
	other, _, otherErr := f.read(b)
	return err == nil && otherErr == nil && bytes.Equal(one, other)
}

// finishMove goes on with the move of a CA's next generation to the place of the current one,
// if one has begun: the key first, then the certificate.
func (f *Folder) finishMove(pair string) error {
	cert := f.successor(pair)
	if cert == nil {
		return nil
	}
	next := certgen.CAPlace(certgen.Locate(pair+".crt").CA, certgen.Next).String()
	for _, ext := range []string{".key", ".crt"} {
		err := f.disk.Rename(next+ext, pair+ext)
		if ext == ".key" && errors.Is(err, fs.ErrNotExist) {
			if key, err := f.readKey(pair); err == nil && !authority.Matches(cert, key) {
				return hint.Refuse(fmt.Sprintf("Bring %s.key back for this run.", next), "%s.key is not here, and the CA %q cannot take its place without it", next, cert.Subject.CommonName)
			}
			continue // it is there already
		}
		if err == nil {
			err = f.disk.SyncDir("ca")
		}
		if err != nil {
			return fmt.Errorf("writing: %w", err)
		}
	}
	f.secrets.moved(next, pair)
	return nil
}

// successor is the next generation of the CA at pair whose move to this place has begun; nil
// where none has.
func (f *Folder) successor(pair string) *x509.Certificate {
	ca := certgen.Locate(pair + ".crt").CA
	if pair != certgen.CAPath(ca) {
		return nil
	}
	at := func(g certgen.Generation) *x509.Certificate {
		cert, err := f.readCertificate(certgen.CAPlace(ca, g).String() + ".crt")
		if err != nil {
			return nil
		}
		return cert
	}
	next := at(certgen.Next)
	if next == nil || !certgen.HalfMoved(at(certgen.Current), next, at(certgen.Previous), at(certgen.Dropped)) {
		return nil
	}
	return next
}

// moved is the CA as it will be when a move that was cut off is finished.
func (f *Folder) moved(ca certgen.CA, trust certgen.TrustSet) certgen.TrustSet {
	if trust.Next == nil || f.successor(certgen.CAPath(ca)) == nil {
		return trust
	}
	after := certgen.TrustSet{Current: trust.Next}
	if trust.Previous != nil {
		after.Previous = trust.Current
	}
	return after
}
