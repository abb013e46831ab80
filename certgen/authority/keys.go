package authority

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"lockstep/certgen/authority/pbes2"
	"lockstep/policies"
)

// NewKey makes a private key. The zero algorithm is ECDSA P-256.
func NewKey(algorithm policies.KeyAlgorithm) (crypto.Signer, error) {
	switch algorithm {
	case policies.ECDSAP256, "":
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case policies.ECDSAP384:
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case policies.Ed25519:
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	case policies.RSA2048:
		return rsa.GenerateKey(rand.Reader, 2048)
	case policies.RSA3072:
		return rsa.GenerateKey(rand.Reader, 3072)
	case policies.RSA4096:
		return rsa.GenerateKey(rand.Reader, 4096)
	}
	return nil, fmt.Errorf("making a key: unknown algorithm %q", algorithm)
}

// EncodeKey is key as PKCS#8 PEM.
func EncodeKey(key crypto.Signer) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encoding a key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// encryptedType is the PEM type of an encrypted PKCS#8 key (RFC 7468, section 11).
const encryptedType = "ENCRYPTED PRIVATE KEY"

// ErrEncrypted says that a private key is encrypted, and that no passphrase was given.
var ErrEncrypted = errors.New("the key is encrypted")

// EncryptKey is key as encrypted PKCS#8 PEM. An empty passphrase is an error.
func EncryptKey(key crypto.Signer, passphrase []byte) ([]byte, error) {
	plain, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encoding a key: %w", err)
	}
	defer clear(plain)
	der, err := pbes2.Encrypt(plain, passphrase)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: encryptedType, Bytes: der}), nil
}

// DecryptKey reads an encrypted PKCS#8 PEM private key. The error is pbes2.ErrPassphrase for
// a wrong passphrase. Its errors never contain any of the key or the passphrase.
func DecryptKey(content, passphrase []byte) (crypto.Signer, error) {
	block, _ := pem.Decode(content)
	if block == nil || block.Type != encryptedType {
		return nil, errors.New("this is not an encrypted PKCS#8 private key in PEM")
	}
	plain, err := pbes2.Decrypt(block.Bytes, passphrase)
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	key, err := parsePKCS8(&pem.Block{Type: "PRIVATE KEY", Bytes: plain})
	if err != nil { // the padding was right by chance
		return nil, pbes2.ErrPassphrase
	}
	return key, nil
}

// ParseKey reads a PKCS#8 PEM private key; the error is ErrEncrypted for an encrypted one.
// Its errors never contain any of it.
func ParseKey(content []byte) (crypto.Signer, error) {
	block, _ := pem.Decode(content)
	if block == nil {
		return nil, errors.New("this is not PEM")
	}
	return parsePKCS8(block)
}

func parsePKCS8(block *pem.Block) (crypto.Signer, error) {
	switch {
	case block.Type == encryptedType:
		return nil, ErrEncrypted
	case block.Type != "PRIVATE KEY":
		return nil, fmt.Errorf("a PEM block %q is where a PKCS#8 PRIVATE KEY belongs", block.Type)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("this is not a PKCS#8 private key")
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("a key of type %T does not sign", key)
	}
	return signer, nil
}

// ParseAnyKey reads a private key in the forms in which other software keeps a CA's:
// PKCS#8, PKCS#1 (RSA) or SEC1 (EC), the latter also behind its curve's parameters as
// openssl writes it. The error is ErrEncrypted for an encrypted PKCS#8 key. Its errors never
// contain any of it.
func ParseAnyKey(content []byte) (crypto.Signer, error) {
	block, rest := pem.Decode(content)
	if block != nil && block.Type == "EC PARAMETERS" {
		block, _ = pem.Decode(rest)
	}
	switch {
	case block == nil:
		return nil, errors.New("this is not PEM")
	case block.Headers["DEK-Info"] != "":
		return nil, errors.New("the key is encrypted in the traditional form of openssl (DEK-Info), which is not read")
	case block.Type == "RSA PRIVATE KEY":
		if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
			return key, nil
		}
		return nil, errors.New("this is not a PKCS#1 private key")
	case block.Type == "EC PRIVATE KEY":
		if key, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
			return key, nil
		}
		return nil, errors.New("this is not a SEC1 private key")
	}
	return parsePKCS8(block)
}

// Matches reports whether key is the private half of cert's public key.
func Matches(cert *x509.Certificate, key crypto.Signer) bool {
	public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(cert.PublicKey)
}
