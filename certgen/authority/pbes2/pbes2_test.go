package pbes2

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// newKey is a PKCS#8 key in DER.
func newKey(t testing.TB) []byte {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// openssl runs it on input.
func openssl(t *testing.T, input []byte, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("openssl", args...)
	cmd.Stdin = bytes.NewReader(input)
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		errors.As(err, &exit)
		t.Fatalf("openssl %s: %v\n%s", strings.Join(args, " "), err, exit.Stderr)
	}
	return out
}

// passphraseFile is how openssl takes a passphrase without an argument.
func passphraseFile(t *testing.T, passphrase string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "passphrase")
	if err := os.WriteFile(name, []byte(passphrase+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return "file:" + name
}

func TestOpensslReadsWhatEncryptWrites(t *testing.T) {
	t.Parallel()
	der := newKey(t)
	for _, passphrase := range []string{"x", "correct horse battery staple", "Grüße, 世界", strings.Repeat("long ", 100)} {
		made, err := Encrypt(der, []byte(passphrase))
		if err != nil {
			t.Fatal(err)
		}
		got := openssl(t, made, "pkcs8", "-inform", "DER", "-passin", passphraseFile(t, passphrase), "-outform", "DER")
		if !bytes.Equal(got, der) {
			t.Errorf("%q: openssl reads another key", passphrase)
		}
		if back, err := Decrypt(made, []byte(passphrase)); err != nil || !bytes.Equal(back, der) {
			t.Errorf("%q: Decrypt: %v", passphrase, err)
		}
	}
	text := string(openssl(t, mustEncrypt(t, der), "asn1parse", "-inform", "DER"))
	for _, want := range []string{"PBES2", "PBKDF2", "hmacWithSHA256", "aes-256-cbc", "0927C0"} { // 600,000 in hex
		if !strings.Contains(text, want) {
			t.Errorf("openssl shows no %s:\n%s", want, text)
		}
	}
}

func mustEncrypt(t testing.TB, der []byte) []byte {
	t.Helper()
	made, err := Encrypt(der, []byte("open"))
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestDecryptReadsWhatOpensslWrites(t *testing.T) {
	t.Parallel()
	der := newKey(t)
	for _, options := range []string{
		"", "-v2 aes-128-cbc", "-v2 aes-192-cbc", "-v2 aes-256-cbc", "-v2 des3", "-iter 100000", "-iter 1",
		"-v2prf hmacWithSHA1", "-v2prf hmacWithSHA224", "-v2prf hmacWithSHA384", "-v2prf hmacWithSHA512",
		"-v2prf hmacWithSHA512-224", "-v2prf hmacWithSHA512-256",
		"-scrypt", "-scrypt -scrypt_N 1024 -scrypt_r 4 -scrypt_p 3 -v2 aes-128-cbc",
	} {
		t.Run(options, func(t *testing.T) {
			t.Parallel()
			args := append([]string{"pkcs8", "-topk8", "-inform", "DER", "-outform", "DER", "-passout", passphraseFile(t, "open")}, strings.Fields(options)...)
			made := openssl(t, der, args...)
			if got, err := Decrypt(made, []byte("open")); err != nil || !bytes.Equal(got, der) {
				t.Errorf("Decrypt: %v", err)
			}
			wrong, err := Decrypt(made, []byte("Open"))
			if err == nil {
				_, err = x509.ParsePKCS8PrivateKey(wrong) // one in 250 has a good padding
			}
			if err == nil {
				t.Error("another passphrase opens the key")
			}
		})
	}
}

func TestDecryptSaysWhatItDoesNotRead(t *testing.T) {
	t.Parallel()
	der := newKey(t)
	md5 := openssl(t, der, "pkcs8", "-topk8", "-inform", "DER", "-outform", "DER", "-passout", passphraseFile(t, "open"), "-v1", "PBE-SHA1-3DES")
	for what, c := range map[string]struct {
		der  []byte
		want string
	}{
		"empty":           {nil, "this is not an encrypted PKCS#8 key"},
		"a plain key":     {der, "this is not an encrypted PKCS#8 key"},
		"PBES1":           {md5, "is not PBES2"},
		"bytes behind it": {append(quick(t, der), 0), "this is not an encrypted PKCS#8 key"},
	} {
		if _, err := Decrypt(c.der, []byte("open")); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", what, err, c.want)
		}
	}
	if _, err := Encrypt(der, nil); err == nil {
		t.Error("an empty passphrase encrypts")
	}
}

// quick is der, encrypted by "open" with few iterations.
func quick(t testing.TB, der []byte) []byte {
	t.Helper()
	made, err := encrypt(der, []byte("open"), 2)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// What a file asks for is bounded: no file keeps lockstep busy or takes its memory.
func TestDeriveRefusesWhatCostsTooMuch(t *testing.T) {
	t.Parallel()
	for _, p := range []interface {
		derive(passphrase []byte, size int) ([]byte, error)
	}{
		pbkdf2Parameters{Iterations: 0},
		pbkdf2Parameters{Iterations: -1},
		pbkdf2Parameters{Iterations: mostIterations + 1},
		pbkdf2Parameters{Iterations: 1, KeyLength: 16},
		pbkdf2Parameters{Iterations: 1, Salt: make([]byte, mostSalt+1)},
		pbkdf2Parameters{Iterations: 1, PRF: pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 3}}},
		scryptParameters{N: 1 << 30, R: 8, P: 1},
		scryptParameters{N: 1 << 14, R: 1 << 30, P: 1},
		scryptParameters{N: 1 << 14, R: 8, P: 17},
		scryptParameters{N: 1000, R: 8, P: 1},
		scryptParameters{N: 0, R: 0, P: 0},
		scryptParameters{N: 16, R: -8, P: 1},
		scryptParameters{N: 16, R: 8, P: 1, KeyLength: 16},
		scryptParameters{N: 16, R: 8, P: 1, Salt: make([]byte, mostSalt+1)},
	} {
		if _, err := p.derive([]byte("open"), 32); err == nil {
			t.Errorf("%T%+v: no error", p, p)
		}
	}
}

// A file of which any one byte was changed gives an error or other bytes, never a panic, and
// the same key only where the byte does not count.
func TestDecryptOfEveryDamagedByte(t *testing.T) {
	t.Parallel()
	der := newKey(t)
	made := quick(t, der)
	for i := range made {
		for _, flip := range []byte{0x01, 0x80, 0xff} {
			damaged := bytes.Clone(made)
			damaged[i] ^= flip
			if got, err := Decrypt(damaged, []byte("open")); err == nil && bytes.Equal(got, der) && i > len(made)-len(der) {
				t.Errorf("byte %d: the same key from damaged data", i)
			}
		}
		if _, err := Decrypt(made[:i], []byte("open")); err == nil {
			t.Errorf("the first %d bytes alone are decrypted", i)
		}
	}
}

func FuzzDecrypt(f *testing.F) {
	der := newKey(f)
	f.Add(quick(f, der), []byte("open"))
	f.Add(der, []byte(""))
	for _, text := range recorded {
		block, _ := pem.Decode([]byte(text))
		f.Add(block.Bytes, []byte("open"))
	}
	f.Fuzz(func(t *testing.T, der, passphrase []byte) {
		if costly(der) {
			t.Skip("within the bounds, and too slow for a fuzzer")
		}
		plain, err := Decrypt(der, passphrase)
		if err != nil || len(passphrase) == 0 {
			return
		}
		again, err := encrypt(plain, passphrase, 1)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := Decrypt(again, passphrase); err != nil || !bytes.Equal(back, plain) {
			t.Fatalf("encrypted again, it is not the same: %v", err)
		}
	})
}

// costly reports whether der asks for more than some milliseconds.
func costly(der []byte) bool {
	_, inner, err := parse(der)
	if err != nil {
		return false
	}
	var p pbkdf2Parameters
	var s scryptParameters
	return unmarshal(inner.KDF.Parameters.FullBytes, &p) == nil && p.Iterations > 10_000 ||
		unmarshal(inner.KDF.Parameters.FullBytes, &s) == nil && (s.N > 1<<14 || s.R > 8)
}
