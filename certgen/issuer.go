package certgen

import (
	"context"
	"crypto"
	"crypto/x509"
	"math/big"
	"time"
)

// Issuer signs the certificate of a profile for a public key. The key may come from a new
// pair, from a certificate that is renewed (its private key need not be here), or from a
// request: whether the requester holds the private key is for the caller to check. The answer
// begins with the leaf and ends below the CA. An Issuer may be used by several goroutines.
type Issuer interface {
	Issue(ctx context.Context, key crypto.PublicKey, p Profile, now time.Time) ([]*x509.Certificate, error)
}

// RevocationSigner is an Issuer that signs revocation lists, too. Not every one can: an
// outside signer may keep its own lists.
type RevocationSigner interface {
	// RevocationList signs a list in DER. number must be higher than that of every earlier one.
	RevocationList(entries []x509.RevocationListEntry, number *big.Int, now time.Time) ([]byte, error)
}
