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

// ParseKey reads a PKCS#8 PEM private key. Its errors never contain any of it.
func ParseKey(content []byte) (crypto.Signer, error) {
	block, _ := pem.Decode(content)
	if block == nil {
		return nil, errors.New("this is not PEM")
	}
	return parsePKCS8(block)
}

func parsePKCS8(block *pem.Block) (crypto.Signer, error) {
	switch {
	case block.Type == "ENCRYPTED PRIVATE KEY":
		return nil, errors.New("the key is encrypted")
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
// openssl writes it. Its errors never contain any of it.
func ParseAnyKey(content []byte) (crypto.Signer, error) {
	block, rest := pem.Decode(content)
	if block != nil && block.Type == "EC PARAMETERS" {
		block, _ = pem.Decode(rest)
	}
	switch {
	case block == nil:
		return nil, errors.New("this is not PEM")
	case block.Headers["DEK-Info"] != "":
		return nil, errors.New("the key is encrypted")
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
