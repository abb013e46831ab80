// Package pbes2 encrypts and decrypts PKCS#8 private keys with a passphrase (RFC 5958,
// section 3; RFC 8018, section 6.2), as openssl writes and reads them.
//
// It writes one form: PBKDF2 with HMAC-SHA-256 and AES-256-CBC. It reads every form of PBES2
// that openssl 3 writes: PBKDF2 with each SHA-1 and SHA-2 HMAC, scrypt, AES-CBC and
// DES-EDE3-CBC. Whatever the bytes are, it neither panics nor takes unbounded time or memory.
// Why no library does this: docs/adr/0006-encrypted-ca-keys.md.
package pbes2

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
)

const (
	// Iterations of PBKDF2 in what Encrypt writes: OWASP's Password Storage Cheat Sheet for
	// HMAC-SHA-256, since 2023. It costs about 0.1 s for a key.
	Iterations = 600_000

	saltSize = 16
	keySize  = 32 // AES-256
)

// ErrPassphrase says that the passphrase is not the one that the key was encrypted with.
// CBC has no authentication: a damaged file can look like this, too.
var ErrPassphrase = errors.New("the passphrase is wrong")

// encryptedKey is EncryptedPrivateKeyInfo (RFC 5958, section 3).
type encryptedKey struct {
	Algorithm pkix.AlgorithmIdentifier
	Data      []byte
}

// parameters is PBES2-params (RFC 8018, appendix A.4).
type parameters struct {
	KDF, Scheme pkix.AlgorithmIdentifier
}

var (
	oidPBES2      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
	oidScrypt     = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11591, 4, 11}
	oidHMACSHA256 = asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 9}
	oidAES256CBC  = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 42}
)

// Encrypt is the DER of a PKCS#8 key as an EncryptedPrivateKeyInfo in DER. An empty passphrase
// is an error.
func Encrypt(der, passphrase []byte) ([]byte, error) { return encrypt(der, passphrase, Iterations) }

func encrypt(der, passphrase []byte, iterations int) ([]byte, error) {
	if len(passphrase) == 0 {
		return nil, errors.New("encrypting a key: the passphrase is empty")
	}
	salt, iv := make([]byte, saltSize), make([]byte, aes.BlockSize)
	rand.Read(salt) // never fails (crypto/rand, since Go 1.24)
	rand.Read(iv)
	kdf := pbkdf2Parameters{Salt: salt, Iterations: iterations, PRF: pkix.AlgorithmIdentifier{Algorithm: oidHMACSHA256, Parameters: asn1.NullRawValue}}
	key, err := kdf.derive(passphrase, keySize)
	if err != nil {
		return nil, fmt.Errorf("encrypting a key: %w", err)
	}
	defer clear(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("encrypting a key: %w", err)
	}
	data := pad(der, aes.BlockSize)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(data, data)
	return marshal(kdf, iv, data)
}

// marshal is the DER of what encrypt made.
func marshal(kdf pbkdf2Parameters, iv, data []byte) ([]byte, error) {
	algorithm := func(oid asn1.ObjectIdentifier, value any) (pkix.AlgorithmIdentifier, error) {
		der, err := asn1.Marshal(value)
		return pkix.AlgorithmIdentifier{Algorithm: oid, Parameters: asn1.RawValue{FullBytes: der}}, err
	}
	derivation, err := algorithm(oidPBKDF2, kdf)
	if err != nil {
		return nil, fmt.Errorf("encrypting a key: %w", err)
	}
	scheme, err := algorithm(oidAES256CBC, iv)
	if err != nil {
		return nil, fmt.Errorf("encrypting a key: %w", err)
	}
	whole, err := algorithm(oidPBES2, parameters{KDF: derivation, Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("encrypting a key: %w", err)
	}
	return asn1.Marshal(encryptedKey{Algorithm: whole, Data: data})
}

// Decrypt is the DER of the PKCS#8 key in an EncryptedPrivateKeyInfo. The error is
// ErrPassphrase when the passphrase is the wrong one as far as that can be known: about one
// wrong passphrase in 250 gives bytes that are no key, and the caller, who parses them, finds
// that out.
func Decrypt(der, passphrase []byte) ([]byte, error) {
	outer, inner, err := parse(der)
	if err != nil {
		return nil, err
	}
	scheme, iv, err := schemeOf(inner.Scheme)
	if err != nil {
		return nil, err
	}
	size := scheme.block
	if len(outer.Data) == 0 || len(outer.Data)%size != 0 {
		return nil, errors.New("decrypting a key: its data is no whole number of blocks")
	}
	key, err := derive(inner.KDF, passphrase, scheme.key)
	if err != nil {
		return nil, fmt.Errorf("decrypting a key: %w", err)
	}
	defer clear(key)
	block, err := scheme.cipher(key)
	if err != nil {
		return nil, fmt.Errorf("decrypting a key: %w", err)
	}
	plain := make([]byte, len(outer.Data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, outer.Data)
	return unpad(plain, size)
}

func parse(der []byte) (encryptedKey, parameters, error) {
	var outer encryptedKey
	var inner parameters
	if err := unmarshal(der, &outer); err != nil {
		return outer, inner, errors.New("decrypting a key: this is not an encrypted PKCS#8 key")
	}
	if !outer.Algorithm.Algorithm.Equal(oidPBES2) {
		return outer, inner, fmt.Errorf("decrypting a key: algorithm %s is not PBES2", outer.Algorithm.Algorithm)
	}
	if err := unmarshal(outer.Algorithm.Parameters.FullBytes, &inner); err != nil {
		return outer, inner, errors.New("decrypting a key: its PBES2 parameters cannot be read")
	}
	return outer, inner, nil
}

// unmarshal reads der to its last byte.
func unmarshal(der []byte, to any) error {
	rest, err := asn1.Unmarshal(der, to)
	if err == nil && len(rest) > 0 {
		err = errors.New("there are bytes behind it")
	}
	return err
}

// pad appends n bytes of value n, 1 to size (RFC 8018, section 6.1.1).
func pad(text []byte, size int) []byte {
	n := size - len(text)%size
	return append(bytes.Clone(text), bytes.Repeat([]byte{byte(n)}, n)...)
}

// unpad takes the padding off. A wrong one is a wrong passphrase. It does not have to take
// the same time for all of them: a process that can measure it here can read the file and try
// passphrases by itself.
func unpad(text []byte, size int) ([]byte, error) {
	n := int(text[len(text)-1])
	if n == 0 || n > size || n > len(text) || !bytes.Equal(text[len(text)-n:], bytes.Repeat([]byte{byte(n)}, n)) {
		clear(text)
		return nil, ErrPassphrase
	}
	return text[:len(text)-n], nil
}
