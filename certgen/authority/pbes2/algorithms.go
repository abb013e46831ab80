package pbes2

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"hash"

	"golang.org/x/crypto/scrypt"
)

// What a file may ask for. Its bytes decide how long Decrypt works and how much memory it
// takes, so both have an end.
const (
	mostIterations = 20_000_000 // some 4 s
	mostMemory     = 512 << 20  // of scrypt, 128*N*r bytes; openssl's default is 16 MiB
	mostParallel   = 16
	mostSalt       = 1 << 10
)

// scheme is a cipher in CBC mode.
type scheme struct {
	name       string
	oid        asn1.ObjectIdentifier
	key, block int // in bytes
	cipher     func(key []byte) (cipher.Block, error)
}

// schemes is what can be decrypted.
func schemes() []scheme {
	return []scheme{
		{"AES-128-CBC", asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 2}, 16, aes.BlockSize, aes.NewCipher},
		{"AES-192-CBC", asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 22}, 24, aes.BlockSize, aes.NewCipher},
		{"AES-256-CBC", oidAES256CBC, 32, aes.BlockSize, aes.NewCipher},
		{"DES-EDE3-CBC", asn1.ObjectIdentifier{1, 2, 840, 113549, 3, 7}, 24, des.BlockSize, des.NewTripleDESCipher},
	}
}

// schemeOf is the cipher that a names, and the initialization vector.
func schemeOf(a pkix.AlgorithmIdentifier) (scheme, []byte, error) {
	for _, s := range schemes() {
		if !s.oid.Equal(a.Algorithm) {
			continue
		}
		var iv []byte
		if err := unmarshal(a.Parameters.FullBytes, &iv); err != nil || len(iv) != s.block {
			return s, nil, fmt.Errorf("decrypting a key: its %s has no initialization vector of %d bytes", s.name, s.block)
		}
		return s, iv, nil
	}
	return scheme{}, nil, fmt.Errorf("decrypting a key: cipher %s is none that lockstep reads (AES-CBC, DES-EDE3-CBC)", a.Algorithm)
}

// derive makes a key of size bytes from the passphrase, as a says.
func derive(a pkix.AlgorithmIdentifier, passphrase []byte, size int) ([]byte, error) {
	switch {
	case a.Algorithm.Equal(oidPBKDF2):
		var p pbkdf2Parameters
		if err := unmarshal(a.Parameters.FullBytes, &p); err != nil {
			return nil, errors.New("its PBKDF2 parameters cannot be read")
		}
		return p.derive(passphrase, size)
	case a.Algorithm.Equal(oidScrypt):
		var p scryptParameters
		if err := unmarshal(a.Parameters.FullBytes, &p); err != nil {
			return nil, errors.New("its scrypt parameters cannot be read")
		}
		return p.derive(passphrase, size)
	}
	return nil, fmt.Errorf("key derivation %s is none that lockstep reads (PBKDF2, scrypt)", a.Algorithm)
}

// pbkdf2Parameters is PBKDF2-params (RFC 8018, appendix A.2), with the salt itself. Without
// PRF it is HMAC-SHA-1.
type pbkdf2Parameters struct {
	Salt       []byte
	Iterations int
	KeyLength  int                      `asn1:"optional"`
	PRF        pkix.AlgorithmIdentifier `asn1:"optional"`
}

func (p pbkdf2Parameters) derive(passphrase []byte, size int) ([]byte, error) {
	switch {
	case p.Iterations < 1 || p.Iterations > mostIterations:
		return nil, fmt.Errorf("PBKDF2 with %d iterations: 1 to %d are accepted", p.Iterations, mostIterations)
	case len(p.Salt) > mostSalt:
		return nil, fmt.Errorf("PBKDF2 with a salt of %d bytes: %d is the most", len(p.Salt), mostSalt)
	case p.KeyLength != 0 && p.KeyLength != size:
		return nil, fmt.Errorf("PBKDF2 gives a key of %d bytes, and the cipher takes %d", p.KeyLength, size)
	}
	h, err := hashOf(p.PRF.Algorithm)
	if err != nil {
		return nil, err
	}
	return pbkdf2.Key(h, string(passphrase), p.Salt, p.Iterations, size)
}

// hashOf is the hash of an HMAC (RFC 8018, appendix B.1).
func hashOf(prf asn1.ObjectIdentifier) (func() hash.Hash, error) {
	hashes := map[string]func() hash.Hash{
		"":                     sha1.New,
		"1.2.840.113549.2.7":   sha1.New,
		"1.2.840.113549.2.8":   sha256.New224,
		oidHMACSHA256.String(): sha256.New,
		"1.2.840.113549.2.10":  sha512.New384,
		"1.2.840.113549.2.11":  sha512.New,
		"1.2.840.113549.2.12":  sha512.New512_224,
		"1.2.840.113549.2.13":  sha512.New512_256,
	}
	if h := hashes[prf.String()]; h != nil {
		return h, nil
	}
	return nil, fmt.Errorf("PBKDF2 with HMAC %s is none that lockstep reads (SHA-1, SHA-2)", prf)
}

// scryptParameters is scrypt-params (RFC 7914, section 7).
type scryptParameters struct {
	Salt      []byte
	N, R, P   int
	KeyLength int `asn1:"optional"`
}

func (p scryptParameters) derive(passphrase []byte, size int) ([]byte, error) {
	switch {
	case p.N < 2 || p.N&(p.N-1) != 0 || p.R < 1 || p.P < 1 || p.P > mostParallel || p.N > mostMemory/128/p.R:
		return nil, fmt.Errorf("scrypt with N=%d, r=%d, p=%d takes more than %d MiB of memory or is none at all", p.N, p.R, p.P, mostMemory>>20)
	case len(p.Salt) > mostSalt:
		return nil, fmt.Errorf("scrypt with a salt of %d bytes: %d is the most", len(p.Salt), mostSalt)
	case p.KeyLength != 0 && p.KeyLength != size:
		return nil, fmt.Errorf("scrypt gives a key of %d bytes, and the cipher takes %d", p.KeyLength, size)
	}
	return scrypt.Key(passphrase, p.Salt, p.N, p.R, p.P, size)
}
