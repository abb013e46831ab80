package authority

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"sync"
	"time"

	"lockstep/certgen"
	"lockstep/policies/hint"
)

// Authority is one CA with its key. It may be used by several goroutines.
type Authority struct {
	cert     *x509.Certificate
	key      crypto.Signer
	serials  *certgen.Serials
	external bool // an external CA, good for all purposes

	chained sync.Map // each certgen.Kind without hosts whose chain was verified; see withoutDefect
}

var (
	_ certgen.Issuer           = (*Authority)(nil)
	_ certgen.RevocationSigner = (*Authority)(nil)
)

// Create makes a new, self-signed CA and the key that the caller has to keep. It
// fails, for one, on a profile without lifetime.
func Create(p certgen.Profile, now time.Time) (*Authority, crypto.Signer, error) {
	if p.Kind != certgen.KindCA {
		return nil, nil, fmt.Errorf("%s is the profile of a %s, not of a CA", p.Path, p.Kind)
	}
	key, err := NewKey(p.Key)
	if err != nil {
		return nil, nil, err
	}
	cert, err := selfSign(p, key, now)
	if err != nil {
		return nil, nil, err
	}
	a, err := Load(cert, key)
	return a, key, err
}

func selfSign(p certgen.Profile, key crypto.Signer, now time.Time) (*x509.Certificate, error) {
	id, err := certgen.KeyID(key.Public())
	if err != nil {
		return nil, err
	}
	serial, err := drawSerial(&certgen.Serials{})
	if err != nil {
		return nil, err
	}
	template, err := certgen.CATemplate(p, id, serial, now)
	if err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("parsing back what was made: %w", err)
	}
	return cert, refuse(certgen.Defects(cert, p, cert, now))
}

// Load takes up a CA that exists.
func Load(cert *x509.Certificate, key crypto.Signer) (*Authority, error) {
	switch {
	case !cert.BasicConstraintsValid || !cert.IsCA:
		return nil, fmt.Errorf("loading the CA %q: its certificate is not a CA's", cert.Subject.CommonName)
	case !Matches(cert, key):
		return nil, fmt.Errorf("loading the CA %q: its key belongs to another certificate", cert.Subject.CommonName)
	}
	a := &Authority{cert: cert, key: key, serials: &certgen.Serials{}}
	a.serials.Take(cert.SerialNumber)
	return a, nil
}

// LoadExternal takes up an external CA, which signs for all purposes.
func LoadExternal(cert *x509.Certificate, key crypto.Signer) (*Authority, error) {
	a, err := Load(cert, key)
	if err == nil {
		a.external = true
	}
	return a, err
}

// Avoid makes a draw its serial numbers outside used, and add them there. Call it
// before anything is issued.
func (a *Authority) Avoid(used *certgen.Serials) {
	used.Take(a.cert.SerialNumber)
	a.serials = used
}

// Certificate is the CA's own certificate.
func (a *Authority) Certificate() *x509.Certificate { return a.cert }

// Issue signs a certificate of p for key, checks what came out, and returns it alone:
// nothing stands between it and the CA. What it is for, the caller says in front of the error.
func (a *Authority) Issue(ctx context.Context, key crypto.PublicKey, p certgen.Profile, now time.Time) ([]*x509.Certificate, error) {
	leaf, err := a.issue(ctx, key, p, now)
	if err != nil {
		return nil, err
	}
	return []*x509.Certificate{leaf}, nil
}

func (a *Authority) issue(ctx context.Context, key crypto.PublicKey, p certgen.Profile, now time.Time) (*x509.Certificate, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := a.mayIssue(p, now); err != nil {
		return nil, err
	}
	id, err := certgen.KeyID(key)
	if err != nil {
		return nil, err
	}
	serial, err := drawSerial(a.serials)
	if err != nil {
		return nil, err
	}
	template, err := certgen.LeafTemplate(p, a.cert, id, serial, now)
	if err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key, a.key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("parsing back what was made: %w", err)
	}
	return leaf, a.withoutDefect(leaf, p, now)
}

// mayIssue keeps a CA at its own work. The peer CA's usages include the client CA's,
// so that a chain alone would not tell; an external CA without usages may do everything.
func (a *Authority) mayIssue(p certgen.Profile, now time.Time) error {
	if p.Kind == certgen.KindCA {
		return errors.New("a CA signs no further CA")
	}
	if servers := p.Kind == certgen.KindServer || p.Kind == certgen.KindPeer; len(p.Hosts) > 0 && !servers {
		return fmt.Errorf("a certificate for clients names no hosts, and %s asks for %q", p.Path, p.Hosts)
	}
	own := certgen.Profile{Kind: certgen.KindCA, CA: p.CA}.Usages()
	if !a.external && len(a.cert.ExtKeyUsage) > 0 && !slices.Equal(a.cert.ExtKeyUsage, own) {
		return fmt.Errorf("%q is not the %s CA", a.cert.Subject.CommonName, p.CA)
	}
	if now.After(a.cert.NotAfter) {
		return hint.With(fmt.Errorf("the CA %q expired on %s", a.cert.Subject.CommonName, a.cert.NotAfter.UTC().Format(time.DateOnly)),
			"Nothing under an expired CA is trusted any more: "+replacing(p.CA, a.external))
	}
	return nil
}

// replacing says how an expired CA is replaced.
func replacing(ca certgen.CA, external bool) string {
	if external {
		return "its owner has to renew it with the same key and subject."
	}
	return fmt.Sprintf("compare the clock of this host with another one (date -u). If it is right, lockstep certs rotate-ca %s --compromised replaces the CA at once.", ca)
}

// withoutDefect is the last look before a certificate leaves: of our own making, not even
// a minor defect passes. [x509.CreateCertificate] has checked the signature with the CA's key. What
// else makes a chain, the CA's own usages and constraints, is the same for all certificates of a
// kind that name no hosts, and is verified for the first one.
func (a *Authority) withoutDefect(leaf *x509.Certificate, p certgen.Profile, now time.Time) error {
	if _, verified := a.chained.Load(p.Kind); verified && len(p.Hosts) == 0 {
		return refuse(certgen.DefectsBesideChain(leaf, p, a.cert, now))
	}
	if err := refuse(certgen.Defects(leaf, p, a.cert, now)); err != nil {
		return err
	}
	if len(p.Hosts) == 0 {
		a.chained.Store(p.Kind, true)
	}
	return nil
}

func refuse(defects []certgen.Defect) error {
	if len(defects) > 0 {
		return fmt.Errorf("refusing what was just signed: it %s", defects[0].Text)
	}
	return nil
}

// drawSerial draws 128 random bits that are the serial number of no certificate yet.
func drawSerial(used *certgen.Serials) (*big.Int, error) {
	for range 100 {
		raw := make([]byte, 16)
		if _, err := rand.Read(raw); err != nil {
			return nil, fmt.Errorf("drawing a serial number: %w", err)
		}
		if n := new(big.Int).SetBytes(raw); n.BitLen() > 64 && used.Take(n) {
			return n, nil
		}
	}
	return nil, errors.New("drawing a serial number: every one of 100 was used already")
}

// Mint issues a certificate whose key never leaves memory.
func Mint(ctx context.Context, issuer certgen.Issuer, p certgen.Profile, now time.Time) (tls.Certificate, error) {
	key, err := NewKey(p.Key)
	if err != nil {
		return tls.Certificate{}, err
	}
	chain, err := issuer.Issue(ctx, key.Public(), p, now)
	if err != nil {
		return tls.Certificate{}, err
	}
	if len(chain) == 0 || !Matches(chain[0], key) {
		return tls.Certificate{}, errors.New("the issuer's answer is not for the key that was sent")
	}
	cert := tls.Certificate{PrivateKey: key, Leaf: chain[0]}
	for _, c := range chain {
		cert.Certificate = append(cert.Certificate, c.Raw)
	}
	return cert, nil
}
