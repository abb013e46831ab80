package certgen

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"math/big"
	"time"
)

// unsuited says why ca cannot sign p at the time now, as the rest of a sentence about the
// certificate that would come out; "" if it can. The CA's key is not needed: a stand-in
// with ca's own extensions signs a certificate, and the one function that judges
// certificates judges it.
func unsuited(p Profile, ca *x509.Certificate, now time.Time) string {
	leaf, standIn, err := rehearsed(p, ca, now)
	if err != nil {
		return fmt.Sprintf("could not be made: %v", err)
	}
	p.Key = "" // the rehearsal's key is of another kind
	for _, d := range Defects(leaf, p, standIn, now) {
		return d.Text // like the authority, which hands out nothing with a defect
	}
	return ""
}

// rehearsed is p's certificate as it would come from ca, and the CA that stands in for it.
func rehearsed(p Profile, ca *x509.Certificate, now time.Time) (leaf, standIn *x509.Certificate, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	// ExtraExtensions beat what CreateCertificate would write itself: constraints, usages
	// and path length are ca's, byte by byte.
	template := &x509.Certificate{
		SerialNumber: ca.SerialNumber, RawSubject: ca.RawSubject, NotBefore: ca.NotBefore, NotAfter: ca.NotAfter, ExtraExtensions: ca.Extensions,
	}
	if standIn, err = signed(template, template, key); err != nil {
		return nil, nil, err
	}
	id, err := KeyID(key.Public())
	if err != nil {
		return nil, nil, err
	}
	serial := new(big.Int).Lsh(big.NewInt(1), 126)
	if template, err = LeafTemplate(p, standIn, id, serial, now); err != nil {
		return nil, nil, err
	}
	leaf, err = signed(template, standIn, key)
	return leaf, standIn, err
}

func signed(template, parent *x509.Certificate, key *ecdsa.PrivateKey) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}
