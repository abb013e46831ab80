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

	"lockstep/policies/hint"
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

// flagged is a value that this flag gave.
func flagged(flag, value string) named { return named{value, flag} }

func TestLoadReadsWhatTheTargetNames(t *testing.T) {
	t.Parallel()
	cert, key := writePair(t, "admin")
	c, err := target{Cert: flagged("--cert", cert), Key: flagged("--key", key), CACert: flagged("--cacert", cert)}.load()
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

func TestLoadNamesTheFileAndItsSourceAndNeverTheKey(t *testing.T) {
	t.Parallel()
	cert, key := writePair(t, "admin")
	_, other := writePair(t, "other")
	secret, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	const (
		pem     = "both are PEM, and the key is that of the certificate"
		exports = "or correct it: a component's etcdctl.env exports it, with a path that begins in that component's folder."
	)
	for name, test := range map[string]struct {
		target       target
		want, advice string
	}{
		"a key of another certificate": {
			target{Cert: flagged("--cert", cert), Key: flagged("--key", other)},
			"reading the administrator's certificate " + cert + " (--cert) and key " + other + " (--key): tls: private key does not match public key", pem,
		},
		"key and certificate swapped": {
			target{Cert: flagged("--cert", key), Key: flagged("--key", cert)},
			"reading the administrator's certificate " + key + " (--cert) and key " + cert + " (--key): tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched", pem,
		},
		"no certificate": {
			target{Cert: flagged("ETCDCTL_CERT", "no.crt"), Key: flagged("ETCDCTL_KEY", key)},
			"reading the administrator's certificate (ETCDCTL_CERT): open no.crt: no such file or directory", "unset ETCDCTL_CERT, " + exports,
		},
		"no key": {
			target{Cert: flagged("--cert", cert), Key: flagged("ETCDCTL_KEY", "no.key")},
			"reading the key of the administrator's certificate (ETCDCTL_KEY): open no.key: no such file or directory", "unset ETCDCTL_KEY, " + exports,
		},
		"a key as CA": {
			target{CACert: flagged("--cacert", key)},
			"reading the CA of etcd's servers: " + key + " (--cacert) holds no certificate in PEM", "Correct --cacert, or leave it out.",
		},
		"no CA": {
			target{CACert: flagged("ETCDCTL_CACERT", "ca.crt")},
			"reading the CA of etcd's servers (ETCDCTL_CACERT): open ca.crt: no such file or directory", "unset ETCDCTL_CACERT, " + exports,
		},
	} {
		_, err := test.target.load()
		if err == nil || err.Error() != test.want || hint.Text(err) != test.advice {
			t.Errorf("%s: got\n%v\nhint %s\nwant\n%s\nhint %s", name, err, hint.Text(err), test.want, test.advice)
			continue
		}
		for _, line := range strings.Split(string(secret), "\n")[1:3] {
			if strings.Contains(err.Error(), line) {
				t.Errorf("%s: the error holds a line of the key", name)
			}
		}
	}
}
