package folder

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"lockstep/certgen"
	"lockstep/certgen/authority"
	"lockstep/policies/hint"
)

// unreadable begins the names of files in retired/ that are no certificate.
const unreadable = "unreadable-"

// stage writes what the step needs under .new.
func (r *run) stage(ctx context.Context, s *certgen.Step) error {
	switch s.Action {
	case certgen.Issue, certgen.Reissue:
		if s.Action == certgen.Issue {
			if err := r.f.absent(s.Path()); err != nil {
				return err
			}
		}
		return r.issue(ctx, s)
	case certgen.Sign:
		return r.sign(ctx, s)
	case certgen.Renew:
		return r.renew(ctx, s)
	case certgen.Note:
		return r.f.stage(s.Path()+".crt", s.Content, 0o644)
	case certgen.MakePassword:
		return r.f.stagePassword(s.File)
	case certgen.Write:
		content, err := r.content(ctx, *s)
		if err != nil {
			return err
		}
		return r.f.stage(s.File, content, 0o644)
	}
	return nil
}

func (r *run) issue(ctx context.Context, s *certgen.Step) error {
	issuer, err := r.authority(s.Profile.CA)
	if err != nil {
		return err
	}
	pair, err := authority.Mint(ctx, issuer, s.Profile, r.now())
	if err != nil {
		return err
	}
	s.Signed = pair.Leaf
	return r.f.stagePair(s.Path(), pair.Leaf, pair.PrivateKey)
}

// renew stages a new certificate for the key of the present one. The private key is not read:
// it may have been delivered long ago.
func (r *run) renew(ctx context.Context, s *certgen.Step) error {
	content, _, err := r.f.read(s.Path() + ".crt")
	if err != nil {
		return err
	}
	present, err := certgen.ParseCertificate(content)
	if err != nil {
		return fmt.Errorf("reading %s.crt: %w", s.Path(), err)
	}
	if s.Signed, err = r.certify(ctx, s.Profile, present.PublicKey); err != nil {
		return err
	}
	if err := r.f.keep(s.Profile.Identity, s.Path(), content, present); err != nil {
		return err
	}
	return r.f.stage(s.Path()+".crt", certgen.EncodeCertificate(s.Signed), 0o644)
}

// commit puts in place what stage wrote.
func (r *run) commit(s certgen.Step) error {
	f := r.f
	switch s.Action {
	case certgen.Issue:
		return f.renamePair(s.Path())
	case certgen.Reissue:
		if err := f.retire(s.Profile.Identity, s.Path()); err != nil {
			return err
		}
		return f.renamePair(s.Path())
	case certgen.Sign:
		return f.placeSigned(s)
	case certgen.Renew:
		return f.renameCertificate(s.Path())
	case certgen.Note:
		return f.note(s)
	case certgen.DropPassword:
		if err := f.disk.Remove(s.File); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing: %w", err)
		}
	case certgen.Write, certgen.MakePassword:
		if err := f.disk.Rename(s.File+certgen.NewSuffix, s.File); err != nil {
			return fmt.Errorf("writing: %w", err)
		}
	case certgen.Retire:
		return f.retirePair(s)
	case certgen.Restrict:
		info, err := f.root.Lstat(s.File)
		if err == nil {
			err = f.regular(s.File, info.Mode())
		}
		if err != nil {
			return err
		}
		return f.disk.Chmod(s.File, 0o600)
	}
	return nil
}

// note puts the staged copy of an external certificate in place. What was there is
// retired; a key beside it belonged to a certificate of ours.
func (f *Folder) note(s certgen.Step) error {
	if err := f.retire(s.Profile.Identity, s.Path()); err != nil {
		return err
	}
	if err := f.disk.Remove(s.Path() + ".key"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing: %w", err)
	}
	return f.renameCertificate(s.Path())
}

// retire links the certificate of a pair into retired/, if there is one. The pair is
// as it was.
func (f *Folder) retire(identity, pair string) error {
	content, _, err := f.read(pair + ".crt")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return fmt.Errorf("retiring: %w", err)
	}
	cert, err := certgen.ParseCertificate(content)
	if err != nil {
		cert = nil
	}
	return f.keep(identity, pair, content, cert)
}

// keep links the certificate of a pair, of which content was read, into retired/; cert is nil
// for one that cannot be read.
func (f *Folder) keep(identity, pair string, content []byte, cert *x509.Certificate) (err error) {
	sum := fmt.Sprintf("%x", sha256.Sum256(content))[:8]
	target := path.Join(certgen.RetiredDir, identity, unreadable+sum+".crt")
	if cert != nil {
		target = certgen.RetiredPath(identity, cert)
	}
	if err := f.mkdirs(path.Dir(target)); err != nil {
		return fmt.Errorf("retiring: %w", err)
	}
	for _, name := range []string{target, strings.TrimSuffix(target, ".crt") + "-" + sum + ".crt"} {
		err = f.disk.Link(pair+".crt", name)
		if errors.Is(err, fs.ErrExist) {
			there, _, readErr := f.read(name)
			if readErr != nil || !bytes.Equal(there, content) {
				continue // another CA's certificate with the same number
			}
			err = nil
		}
		break
	}
	if err == nil {
		err = f.disk.SyncDir(path.Dir(target))
	}
	if err != nil {
		return fmt.Errorf("retiring: %w", err)
	}
	return nil
}

// retirePair moves the certificate of a pair to retired/ and deletes its key.
func (f *Folder) retirePair(s certgen.Step) error {
	if err := f.retire(s.Profile.Identity, s.Path()); err != nil {
		return err
	}
	for _, ext := range []string{".key", ".crt"} {
		if err := f.disk.Remove(s.Path() + ext); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing: %w", err)
		}
	}
	return nil
}

// tidy forces a unit's folder to disk. Of a folder from which pairs were retired, and
// in which none is left, it removes the rest of what lockstep wrote, and the folder.
func (f *Folder) tidy(u unit) error {
	if !u.retires() {
		return f.disk.SyncDir(u.dir)
	}
	return f.clear(u.dir)
}

// clear removes a folder in which no pair is left, and what lockstep wrote into it. It stays
// where anything else lies in it.
func (f *Folder) clear(dir string) error {
	names, err := f.list(dir)
	if err != nil {
		return err
	}
	var ours []string
	for _, name := range names {
		item := certgen.Locate(path.Join(dir, name))
		switch item.Purpose {
		case certgen.ForCertificate, certgen.ForKey:
			return f.disk.SyncDir(dir)
		case certgen.ForStray:
		default:
			ours = append(ours, path.Join(dir, name))
		}
	}
	for _, name := range ours {
		if err := f.disk.Remove(name); err != nil {
			return err
		}
	}
	if len(ours) < len(names) {
		return f.disk.SyncDir(dir)
	}
	if err := f.disk.Remove(dir); err != nil {
		return err
	}
	return f.disk.SyncDir(path.Dir(dir))
}

// finishRemoval clears a folder whose removal was cut off, and those above it that are empty
// then.
func (f *Folder) finishRemoval(dir string) error {
	for {
		if err := f.clear(dir); err != nil {
			return fmt.Errorf("removing: %w", err)
		}
		dir = path.Dir(dir)
		names, err := f.list(dir)
		if err != nil || len(names) > 0 || !certgen.Removable(dir) {
			return err
		}
	}
}

// removeAbove removes what is left of a component without instances: the folder of the
// instances, and its own, each only if it is empty. No unit may be under way: one may
// be about to write there.
func (f *Folder) removeAbove(gone certgen.Place) error {
	for _, dir := range []string{gone.Instances(), gone.Owner().String()} {
		names, err := f.list(dir)
		if err != nil || len(names) > 0 {
			return err
		}
		if err := f.disk.Remove(dir); errors.Is(err, fs.ErrNotExist) {
			continue // after another instance of the component
		} else if err != nil {
			return fmt.Errorf("removing: %w", err)
		}
		if err := f.disk.SyncDir(path.Dir(dir)); err != nil {
			return fmt.Errorf("removing: %w", err)
		}
	}
	return nil
}

// absent refuses to issue where something is: the plan was made for another folder.
func (f *Folder) absent(pair string) error {
	for _, ext := range []string{".crt", ".key"} {
		there, err := f.exists(pair + ext)
		if err != nil {
			return err
		}
		if there {
			return hint.With(fmt.Errorf("%s%s exists: %w", pair, ext, fs.ErrExist),
				"The folder has changed since the plan was made: plan again.")
		}
	}
	return nil
}

// content is what a Write writes.
func (r *run) content(ctx context.Context, s certgen.Step) ([]byte, error) {
	switch item := certgen.Locate(s.File); {
	case item.Staged, item.Purpose != certgen.ForText && item.Purpose != certgen.ForCopy && item.Purpose != certgen.ForCRL && !s.Records():
		return nil, fmt.Errorf("%q is not a file that is written", s.File)
	case s.CopyOf != "":
		r.mu.Lock()
		defer r.mu.Unlock()
		trust, err := r.trust(s.CopyOf)
		return trust.Encode(), err
	case s.List != nil:
		return r.revocationList(ctx, *s.List)
	}
	return s.Content, nil
}

// trust is a CA as the run found it, with the certificate that the run made, if it did.
// The caller holds r.mu.
func (r *run) trust(ca certgen.CA) (certgen.TrustSet, error) {
	trust, err := r.state.Trust(ca)
	if a := r.authorities[ca]; a != nil {
		trust.Current, err = a.Certificate(), nil
	}
	return trust, err
}

// authority opens a CA once per run. All CAs draw from one set of serial numbers.
func (r *run) authority(ca certgen.CA) (*authority.Authority, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if a := r.authorities[ca]; a != nil {
		return a, nil
	}
	a, err := r.f.authority(ca)
	if err != nil {
		return nil, err
	}
	a.Avoid(&r.f.serials)
	r.authorities[ca] = a
	return a, nil
}

// observe notes what the run starts from.
func (r *run) observe() (err error) {
	if r.state, err = r.f.observe(observer{}); err == nil {
		r.f.serials.Add(r.state)
	}
	return err
}
