package folder

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"

	"lockstep/certgen"
)

// sign stages a certificate for a key that its component keeps. What is there is in retired/
// before that: with the same key beside it, what a crash left staged is put in place.
func (r *run) sign(ctx context.Context, s *certgen.Step) (err error) {
	if s.Signed, err = r.certify(ctx, s.Profile, s.Key); err != nil {
		return err
	}
	if err := r.f.retire(s.Profile.Identity, s.Path()); err != nil {
		return err
	}
	return r.f.stage(s.Path()+".crt", certgen.EncodeCertificate(s.Signed), 0o644)
}

// certify signs a certificate for key.
func (r *run) certify(ctx context.Context, p certgen.Profile, key crypto.PublicKey) (*x509.Certificate, error) {
	issuer, err := r.authority(p.CA)
	if err != nil {
		return nil, err
	}
	chain, err := issuer.Issue(ctx, key, p, r.now())
	if err != nil {
		return nil, err
	}
	if len(chain) == 0 || !equal(key, chain[0].PublicKey) {
		return nil, errors.New("the issuer's answer is not for the key that was sent")
	}
	return chain[0], nil
}

// placeSigned puts a staged certificate in place. A key beside it is deleted, unless the
// certificate is for this key.
func (f *Folder) placeSigned(s certgen.Step) error {
	key, err := f.readKey(s.Path())
	if err != nil || !equal(s.Key, key.Public()) {
		return f.note(s)
	}
	return f.renameCertificate(s.Path())
}

func equal(a, b crypto.PublicKey) bool {
	own, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && own.Equal(b)
}
