package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// writePair writes a certificate with that CN and its key to a folder of the test.
func writePair(t *testing.T, cn string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: cn}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(t.TempDir(), cn+".crt"), filepath.Join(t.TempDir(), cn+".key")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

func TestLoadReadsWhatTheTargetNames(t *testing.T) {
	t.Parallel()
	cert, key := writePair(t, "admin")
	c, err := target{Cert: cert, Key: key, CACert: cert}.load()
	if err != nil {
		t.Fatal(err)
	}
	if c.identity == nil || c.identity.Leaf.Subject.CommonName != "admin" || c.servers == nil {
		t.Errorf("got %+v", c)
	}
	if c, err := (target{}).load(); err != nil || c.identity != nil || c.servers != nil {
		t.Errorf("of nothing: %+v, %v", c, err)
	}
}

func TestLoadNamesTheFileAndNeverTheKey(t *testing.T) {
	t.Parallel()
	cert, key := writePair(t, "admin")
	_, foreign := writePair(t, "foreign")
	secret, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		target target
		want   string
	}{
		"a key of another certificate": {target{Cert: cert, Key: foreign}, foreign},
		"key and certificate swapped":  {target{Cert: key, Key: cert}, key},
		"no file":                      {target{Cert: cert, Key: key + "x"}, key + "x"},
		"a key as CA":                  {target{CACert: key}, key + " holds no certificate in PEM"},
		"no CA":                        {target{CACert: cert + "x"}, cert + "x"},
	} {
		_, err := test.target.load()
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v does not say %q", name, err, test.want)
			continue
		}
		for _, line := range strings.Split(string(secret), "\n")[1:3] {
			if strings.Contains(err.Error(), line) {
				t.Errorf("%s: the error holds a line of the key", name)
			}
		}
	}
}
