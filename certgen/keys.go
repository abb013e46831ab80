package certgen

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"fmt"

	"lockstep/policies"
)

// KeyID is the subject key identifier of a public key: the first 20 bytes of the
// SHA-256 of the subjectPublicKey bits (RFC 7093, method 1).
func KeyID(pub any) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return nil, fmt.Errorf("hashing a public key: %w", err)
	}
	var spki struct {
		Algorithm asn1.RawValue
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(der, &spki); err != nil {
		return nil, fmt.Errorf("hashing a public key: %w", err)
	}
	sum := sha256.Sum256(spki.Key.RightAlign())
	return sum[:20], nil
}

// AlgorithmOf names the algorithm of a public key; "" for one that no policy can ask for.
func AlgorithmOf(pub any) policies.KeyAlgorithm {
	switch key := pub.(type) {
	case *ecdsa.PublicKey:
		switch key.Curve {
		case elliptic.P256():
			return policies.ECDSAP256
		case elliptic.P384():
			return policies.ECDSAP384
		}
	case ed25519.PublicKey:
		return policies.Ed25519
	case *rsa.PublicKey:
		switch key.N.BitLen() {
		case 2048, 3072, 4096:
			return policies.KeyAlgorithm(fmt.Sprintf("rsa-%d", key.N.BitLen()))
		}
	}
	return ""
}

func (j *judge) keys() {
	if rsaKey, ok := j.cert.PublicKey.(*rsa.PublicKey); ok && rsaKey.N.BitLen() < 2048 {
		j.fatal(CodeAlgorithm, "has an RSA key of %d bits, and 2048 is the least", rsaKey.N.BitLen())
	} else if got := AlgorithmOf(j.cert.PublicKey); !j.p.Brought && j.p.Key != "" && got != j.p.Key {
		j.minor(CodeKeyKind, "has a key of another algorithm than %s", j.p.Key)
	}
	switch j.cert.SignatureAlgorithm {
	case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1:
		j.fatal(CodeAlgorithm, "is signed with the broken %s", j.cert.SignatureAlgorithm)
	}
	if j.p.Brought {
		return
	}
	if n := j.cert.SerialNumber; n.Sign() <= 0 || n.BitLen() < 64 || n.BitLen() > 159 {
		j.minor(CodeSerial, "has a serial number of %d bits, which others may have too", n.BitLen())
	}
	if len(j.cert.SubjectKeyId) == 0 {
		j.minor(CodeKeyID, "does not name its key (subject key identifier)")
	}
}
