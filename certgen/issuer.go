package certgen

import (
	"context"
	"crypto/x509"
	"time"
)

// Issuer turns a key's signed request into a certificate for a profile. Of the
// request only the key counts; everything else is the profile's. The answer begins
// with the leaf and ends below the CA. An Issuer may be used by several goroutines.
type Issuer interface {
	Issue(ctx context.Context, csr *x509.CertificateRequest, p Profile, now time.Time) ([]*x509.Certificate, error)
}
