package certgen

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"strings"

	"lockstep/policies"
	"lockstep/policies/count"
)

// KeyID is the subject key identifier of a public key: the first 20 bytes of the
// SHA-256 of the subjectPublicKey bits (RFC 7093, method 1).
func KeyID(pub any) ([]byte, error) {
	bits, err := keyBits(pub)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(bits)
	return sum[:20], nil
}

// authorityKeyID is what names ca's key in what it signs: its subject key identifier, or
// where it has none (kubeadm before 1.19, minica, k3s) the SHA-1 of the key bits (RFC 5280,
// 4.2.1.2, method 1). That is what openssl and most software write into such a CA when its
// owner renews it, and openssl verify refuses an identifier that differs from it.
func authorityKeyID(ca *x509.Certificate) ([]byte, error) {
	if len(ca.SubjectKeyId) > 0 {
		return ca.SubjectKeyId, nil
	}
	bits, err := keyBits(ca.PublicKey)
	if err != nil {
		return nil, err
	}
	sum := sha1.Sum(bits)
	return sum[:], nil
}

// keyBits is the subjectPublicKey of a public key.
func keyBits(pub any) ([]byte, error) {
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
	return spki.Key.RightAlign(), nil
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

// keyKind names the kind of a public key, also of one that no policy can ask for.
func keyKind(pub any) string {
	switch key := pub.(type) {
	case *ecdsa.PublicKey:
		return "ecdsa-" + strings.ToLower(strings.ReplaceAll(key.Params().Name, "-", ""))
	case *rsa.PublicKey:
		return fmt.Sprintf("rsa-%d", key.N.BitLen())
	}
	return string(AlgorithmOf(pub))
}

func (j *judge) keys() {
	if text := badKey(j.cert.PublicKey, j.p.Kind); text != "" {
		j.fatal(CodeAlgorithm, "%s", text)
	} else if got := AlgorithmOf(j.cert.PublicKey); !j.external() && j.p.Key != "" && got != j.p.Key {
		j.minor(CodeKeyKind, "has a key of kind %s, and the policy says %s", keyKind(j.cert.PublicKey), j.p.Key)
	}
	switch broken := j.cert.SignatureAlgorithm; {
	case !Broken(broken):
	case j.p.Kind == KindCA && selfIssued(j.cert):
		j.minor(CodeAlgorithm, "signed itself with the broken %s, which proves nothing", broken)
	default:
		j.fatal(CodeAlgorithm, "is signed with the broken %s", broken)
	}
	if j.external() {
		return
	}
	switch n := j.cert.SerialNumber; {
	case n.Sign() <= 0 || n.BitLen() > 159: // RFC 5280, 4.1.2.2
		j.minor(codeSerial, "has a serial number that is not positive, or longer than 20 bytes")
	case n.BitLen() < 64:
		j.minor(codeSerial, "has a serial number of %s, which other certificates may have, too", count.Of(n.BitLen(), "bit"))
	}
	if len(j.cert.SubjectKeyId) == 0 {
		j.minor(codeKeyID, "does not name its key (subject key identifier)")
	}
}

// Broken reports whether etcd refuses what is signed that way.
func Broken(a x509.SignatureAlgorithm) bool {
	switch a {
	case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.DSAWithSHA256, x509.ECDSAWithSHA1:
		return true
	}
	return false
}

// selfIssued reports whether a CA names no other CA as its issuer.
func selfIssued(ca *x509.Certificate) bool { return bytes.Equal(ca.RawIssuer, ca.RawSubject) }

// badKey says why etcd's TLS does not take the key, or why it is too weak; "" for a good one.
// A CA's key is used in no handshake, and x509 takes every curve that it can read.
func badKey(pub any, kind Kind) string {
	switch key := pub.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() < 2048 {
			return fmt.Sprintf("has an RSA key of %d bits, and 2048 is the least", key.N.BitLen())
		}
	case *ecdsa.PublicKey:
		if name := key.Params().Name; kind != KindCA && name != "P-256" && name != "P-384" && name != "P-521" {
			return fmt.Sprintf("has a key on curve %s, which TLS 1.3 does not know: P-256, P-384 and P-521 are good", name)
		}
	case ed25519.PublicKey:
	default:
		return "has a key of a kind that TLS does not know: RSA, ECDSA and Ed25519 are good"
	}
	return ""
}
