package authority

import (
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"math/big"
	"time"

	"lockstep/certgen"
)

// RevocationList signs a CRL in DER (etcd 3.6 and later read nothing else, fact 15).
// number must be higher than that of every earlier one. It is current until
// [certgen.ListEnd].
func (a *Authority) RevocationList(entries []x509.RevocationListEntry, number *big.Int, now time.Time) ([]byte, error) {
	der, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number:                    number,
		ThisUpdate:                certgen.From(now, a.cert),
		NextUpdate:                certgen.ListEnd(a.cert, now),
		RevokedCertificateEntries: entries,
	}, certgen.WithCRLSign(a.cert), a.key)
	if err != nil {
		return nil, fmt.Errorf("signing the revocation list of %q: %w", a.cert.Subject.CommonName, err)
	}
	list, err := x509.ParseRevocationList(der)
	if err == nil {
		err = list.CheckSignatureFrom(certgen.WithCRLSign(a.cert))
	}
	if err != nil {
		return nil, fmt.Errorf("signing the revocation list of %q: reading it back: %w", a.cert.Subject.CommonName, err)
	}
	return der, nil
}
