package folder

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"lockstep/certgen"
	"lockstep/certgen/authority"
	"lockstep/policies"
	"lockstep/policies/hint"
)

// written is a key in one of the forms in which other software writes it.
func written(t testing.TB, key crypto.Signer, form string) []byte {
	t.Helper()
	var der []byte
	var err error
	switch form {
	case "RSA PRIVATE KEY":
		der = x509.MarshalPKCS1PrivateKey(key.(*rsa.PrivateKey))
	case "EC PRIVATE KEY":
		der, err = x509.MarshalECPrivateKey(key.(*ecdsa.PrivateKey))
	default:
		der, err = x509.MarshalPKCS8PrivateKey(key)
	}
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: form, Bytes: der})
}

// company is an external CA, made without any of our care.
func company(t testing.TB, key crypto.Signer) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "etcd-ca"}, NotBefore: start.Add(-time.Hour), NotAfter: start.Add(1000 * time.Hour),
		BasicConstraintsValid: true, IsCA: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// withCA is a policy beside which a CA and its key lie, and that key's path.
func withCA(t testing.TB, ca *x509.Certificate, key []byte) (*policies.Policy, string) {
	t.Helper()
	dir := t.TempDir()
	p, err := policies.Parse(policies.File{Name: filepath.Join(dir, "lockstep.yaml"), Text: []byte(`apiVersion: lockstep/v1
kind: Policy
cluster: {name: edge, members: [{name: etcd1, hosts: [10.0.0.11]}], install: "."}
certificates: {ca: {cert: ca.pem}}
components:
  - {name: ours, permissions: []}
  - {name: theirs, permissions: [], certificate: {file: theirs.pem}}
`)})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "ca-key.pem")
	for name, content := range map[string][]byte{filepath.Join(dir, "ca.pem"): certgen.EncodeCertificate(ca), path: key} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return p, path
}

// Every kind of key in every form that etcd's users have signs all that a policy asks for,
// and what is signed is without fault.
func TestAnExternalCASigns(t *testing.T) {
	t.Parallel()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p521, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]crypto.Signer{"rsa": rsaKey, "ecdsa-p521": p521}
	for _, kind := range []policies.KeyAlgorithm{policies.ECDSAP256, policies.ECDSAP384, policies.Ed25519} {
		if keys[string(kind)], err = authority.NewKey(kind); err != nil {
			t.Fatal(err)
		}
	}
	for kind, key := range keys {
		forms := []string{"PRIVATE KEY"}
		switch key.(type) {
		case *rsa.PrivateKey:
			forms = append(forms, "RSA PRIVATE KEY")
		case *ecdsa.PrivateKey:
			forms = append(forms, "EC PRIVATE KEY")
		}
		for _, form := range forms {
			t.Run(kind+" as "+form, func(t *testing.T) {
				t.Parallel()
				content := written(t, key, form)
				if form == "EC PRIVATE KEY" {
					content = append(pem.EncodeToMemory(&pem.Block{Type: "EC PARAMETERS", Bytes: []byte{6, 0}}), content...) // as openssl ecparam -genkey
				}
				p, keyFile := withCA(t, company(t, key), content)
				external, err := ReadExternal(p, keyFile, nil)
				if err != nil {
					t.Fatal(err)
				}
				f := create(t)
				f.external = external
				if err := f.Apply(context.Background(), diff(t, f, p), clock, 4, nil); err != nil {
					t.Fatal(err)
				}
				left := diff(t, f, p)
				if len(left.Steps)+len(left.Blocked())+len(left.Unsigned()) != 0 {
					t.Errorf("left to do: %v %v", left.Steps, left.Pending)
				}
				for _, ca := range certgen.CAs() {
					if _, err := os.Lstat(filepath.Join(f.Path(), certgen.CAPath(ca)+".key")); !errors.Is(err, fs.ErrNotExist) {
						t.Errorf("%s.key: %v", certgen.CAPath(ca), err)
					}
				}
				for name, pair := range observe(t, f).Pairs {
					if !strings.HasPrefix(name, "ca/") && pair.Leaf.CheckSignatureFrom(external.CA.Current) != nil {
						t.Errorf("%s is not signed by the CA", name)
					}
				}
			})
		}
	}
}

// What is wrong outside the folder is said before anything is made, without a byte of a key.
func TestReadExternalRefuses(t *testing.T) {
	t.Parallel()
	key, err := authority.NewKey(policies.ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	other, err := authority.NewKey(policies.ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	ca := company(t, key)
	good := written(t, key, "PRIVATE KEY")
	encrypted := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-256-CBC,00"}, Bytes: []byte("secret")})
	for _, c := range []struct {
		name    string
		key     []byte
		spoil   func(t *testing.T, dir string)
		want    string
		refused bool
	}{
		{"another CA's key", written(t, other, "EC PRIVATE KEY"), nil, `the key <key> belongs to another certificate than the CA "CN=etcd-ca"`, true},
		{"a lax key", good, func(t *testing.T, dir string) { chmod(t, filepath.Join(dir, "ca-key.pem"), 0o644) }, "<key> has mode 0644, and others may use it: only 0600 is accepted", true},
		{"an encrypted key", encrypted, nil, "reading the CA's key <key>: the key is encrypted in the traditional form of openssl (DEK-Info), which is not read", false},
		{"a broken key", []byte("-----BEGIN RSA PRIVATE KEY-----\nc2VjcmV0\n-----END RSA PRIVATE KEY-----\n"), nil, "reading the CA's key <key>: this is not a PKCS#1 private key", false},
		{"no PEM", []byte("secret"), nil, "reading the CA's key <key>: this is not PEM", false},
		{"a certificate", certgen.EncodeCertificate(ca), nil, `reading the CA's key <key>: a PEM block "CERTIFICATE" is where a PKCS#8 PRIVATE KEY belongs`, false},
		{"no key", good, func(t *testing.T, dir string) { remove(t, filepath.Join(dir, "ca-key.pem")) }, "reading the CA's key: stat <key>: no such file or directory", false},
		{"no CA", good, func(t *testing.T, dir string) { remove(t, filepath.Join(dir, "ca.pem")) }, "reading the CA ca.pem: stat <dir>/ca.pem: no such file or directory", false},
		{"a pipe as key", good, func(t *testing.T, dir string) { pipe(t, filepath.Join(dir, "ca-key.pem")) }, "reading the CA's key: <key> is no file", false},
		{"a pipe as CA", good, func(t *testing.T, dir string) { pipe(t, filepath.Join(dir, "ca.pem")) }, "reading the CA ca.pem: <dir>/ca.pem is no file", false},
		{"a key as CA", good, func(t *testing.T, dir string) {
			if err := os.WriteFile(filepath.Join(dir, "ca.pem"), good, 0o600); err != nil {
				t.Fatal(err)
			}
		}, `reading the CA ca.pem: a PEM block "PRIVATE KEY" is where a certificate belongs`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p, keyFile := withCA(t, ca, c.key)
			if c.spoil != nil {
				c.spoil(t, filepath.Dir(keyFile))
			}
			_, err := ReadExternal(p, keyFile, nil)
			want := strings.NewReplacer("<key>", keyFile, "<dir>", filepath.Dir(keyFile)).Replace(c.want)
			if got := fmt.Sprint(err); got != want {
				t.Errorf("%s\nwant %s", got, want)
			}
			if refused := hint.Of(err) == hint.Refused; refused != c.refused {
				t.Errorf("refused: %v", refused)
			}
		})
	}
	t.Run("a key for nothing", func(t *testing.T) {
		t.Parallel()
		if _, err := ReadExternal(edge(t), "ca-key.pem", nil); hint.Of(err) != hint.Refused {
			t.Errorf("%v", err)
		}
	})
}

// An external certificate may stand before its chain, and never beside a key.
func TestExternalCertificates(t *testing.T) {
	t.Parallel()
	key, err := authority.NewKey(policies.ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	ca := company(t, key)
	a, err := authority.LoadExternal(ca, key)
	if err != nil {
		t.Fatal(err)
	}
	p, _ := withCA(t, ca, nil)
	leaf, err := authority.Mint(context.Background(), a, certgen.ComponentProfile(p, p.Components[1].Holders()[0]), start)
	if err != nil {
		t.Fatal(err)
	}
	cert, chain := certgen.EncodeCertificate(leaf.Leaf), certgen.EncodeCertificate(ca)
	for _, c := range []struct {
		name    string
		content []byte
		problem string
		want    string // of Plan.Unfit
	}{
		{"alone", cert, "", ""},
		{"with its chain", append(append([]byte{}, cert...), chain...), "", ""},
		{"with its key", append(append([]byte{}, cert...), written(t, key, "PRIVATE KEY")...), `a PEM block "PRIVATE KEY" is where a certificate belongs`,
			`its certificate cannot be read: a PEM block "PRIVATE KEY" is where a certificate belongs`},
		{"empty", nil, "the file is empty", "its certificate cannot be read: the file is empty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p, _ := withCA(t, ca, nil)
			if err := os.WriteFile(p.Components[1].Certificate.Resolve(), c.content, 0o644); err != nil {
				t.Fatal(err)
			}
			external, err := ReadExternal(p, "", nil)
			if err != nil {
				t.Fatal(err)
			}
			f := create(t)
			f.external = external
			pair := observe(t, f).External["components/theirs/client"]
			if pair.Problem != c.problem || (pair.Leaf == nil) != (c.problem != "") {
				t.Errorf("leaf %v, problem %q", pair.Leaf != nil, pair.Problem)
			}
			got := ""
			for _, u := range diff(t, f, p).Unfit() {
				got += u.Reason
			}
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func chmod(t testing.TB, path string, mode fs.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// pipe puts a pipe in place of a file: a process that opens it waits for ever.
func pipe(t testing.TB, path string) {
	t.Helper()
	remove(t, path)
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
}

func remove(t testing.TB, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

// An external certificate is noted as a copy without a key, renewed with it, and retired
// when the policy gives it up; a certificate of ours that stood there before goes the way
// of every other, its key with it.
func TestExternalCertificatesAreNoted(t *testing.T) {
	t.Parallel()
	key, err := authority.NewKey(policies.ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	ca := company(t, key)
	a, err := authority.LoadExternal(ca, key)
	if err != nil {
		t.Fatal(err)
	}
	p, keyFile := withCA(t, ca, written(t, key, "PRIVATE KEY"))
	own := *p
	own.Components = slices.Clone(p.Components)
	own.Components[1].Certificate = policies.CertificateFile{}
	f := create(t)
	external, err := ReadExternal(p, keyFile, nil)
	if err != nil {
		t.Fatal(err)
	}
	f.external = external
	apply := func(p *policies.Policy) {
		t.Helper()
		plan := diff(t, f, p)
		if err := f.Apply(context.Background(), certgen.Plan{Steps: slices.Concat(plan.Steps, plan.Removals())}, clock, 4, nil); err != nil {
			t.Fatal(err)
		}
	}
	apply(&own)
	ours := observe(t, f).Pairs["components/theirs/client"].Leaf
	var made []*x509.Certificate
	for range 2 {
		leaf, err := authority.Mint(context.Background(), a, certgen.ComponentProfile(p, p.Components[1].Holders()[0]), start)
		if err != nil {
			t.Fatal(err)
		}
		made = append(made, leaf.Leaf)
		if err := os.WriteFile(p.Components[1].Certificate.Resolve(), certgen.EncodeCertificate(leaf.Leaf), 0o644); err != nil {
			t.Fatal(err)
		}
		apply(p)
		pair := observe(t, f).Pairs["components/theirs/client"]
		if pair.Key != certgen.KeyAbsent || pair.Leaf == nil || !pair.Leaf.Equal(leaf.Leaf) {
			t.Errorf("noted: %+v", pair)
		}
		if left := diff(t, f, p); len(left.Steps)+len(left.Removals()) != 0 {
			t.Errorf("left to do: %v %v", left.Steps, left.Removals())
		}
	}
	without := *p
	without.Components = p.Components[:1]
	apply(&without)
	s := observe(t, f)
	if pair, there := s.Pairs["components/theirs/client"]; there {
		t.Errorf("still there: %+v", pair)
	}
	for _, leaf := range append(made, ours) {
		if !slices.ContainsFunc(s.Retired, func(r certgen.Retired) bool { return r.Identity == "theirs" && r.Leaf.Equal(leaf) }) {
			t.Errorf("%x is not in retired/", leaf.SerialNumber)
		}
	}
}
