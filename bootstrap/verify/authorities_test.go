package verify

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lockstep/certgen"
	"lockstep/certgen/authority"
	"lockstep/policies"
)

// theirs is a CA of others, and a way to sign with it.
func theirs(t *testing.T, mutate func(*x509.Certificate)) (*x509.Certificate, func(*x509.Certificate) *x509.Certificate) {
	t.Helper()
	key, err := authority.NewKey(policies.ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "their CA"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2036, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	mutate(template)
	sign := func(parent *x509.Certificate) func(*x509.Certificate) *x509.Certificate {
		return func(c *x509.Certificate) *x509.Certificate {
			der, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), key)
			if err != nil {
				t.Fatal(err)
			}
			cert, err := x509.ParseCertificate(der)
			if err != nil {
				t.Fatal(err)
			}
			return cert
		}
	}
	ca := sign(template)(template)
	return ca, sign(ca)
}

// What is wrong with a CA that others made is said once, of the file that the policy
// names, with what its owner can do about that file.
func TestChecksOfAnExternalCA(t *testing.T) {
	t.Parallel()
	policy := parse(t, `
apiVersion: lockstep/v1
kind: Policy
cluster: {name: edge, endpoints: ["https://10.0.0.11:2379"]}
certificates: {ca: {cert: /ca.pem}}
components:
  - {name: app, permissions: [], certificate: {file: /app.pem}}
`)
	for _, c := range []struct {
		name   string
		mutate func(*x509.Certificate)
		end    time.Time // of the certificate
		want   string
	}{
		{"in order", func(*x509.Certificate) {}, time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), ""},
		{"due", func(c *x509.Certificate) { c.NotAfter = time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC) }, time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC),
			"warning certificates/ca-due: /ca.pem: ends on 2027-03-01, in 97 days\n"},
		{"outlived", func(*x509.Certificate) {}, time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC),
			"warning certificates/outlives-ca: /app.pem: ends on 2040-01-01, and its CA on 2036-01-01\n"},
		{"expired before its certificate", func(c *x509.Certificate) { c.NotAfter = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC) }, time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC),
			"critical certificates/brought-ca: /ca.pem: the CA /ca.pem, which certificates.ca names, expired on 2026-03-01 00:00 UTC: name another CA by certificates.ca, or have its owner make one that may; the clock of this host may be wrong\n"},
		{"expired", func(c *x509.Certificate) { c.NotAfter = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC) }, time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC),
			"critical certificates/brought-ca: /ca.pem: the CA /ca.pem, which certificates.ca names, expired on 2026-03-01 00:00 UTC: name another CA by certificates.ca, or have its owner make one that may; the clock of this host may be wrong\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ca, sign := theirs(t, c.mutate)
			leaf := sign(&x509.Certificate{
				SerialNumber: new(big.Int).Lsh(big.NewInt(1), 100), Subject: pkix.Name{CommonName: "app", Organization: []string{"edge"}},
				NotBefore: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: c.end,
				ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, BasicConstraintsValid: true,
			})
			pair := certgen.Pair{Path: "components/app/client", Leaf: leaf}
			e := &Evidence{Policy: policy, Now: time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC), Folder: &certgen.State{
				ExternalCA: certgen.TrustSet{Current: ca}, Pairs: map[string]certgen.Pair{"ca/client": {Leaf: ca}, "components/app/client": pair}, External: map[string]certgen.Pair{"components/app/client": pair},
			}}
			got := ""
			for _, f := range Judge(e, authorityChecks()).Findings {
				if f.Code != "certificates/shared-ca" {
					got += fmt.Sprintf("%s %s: %s: %s\n", f.Severity, f.Code, f.Subject, f.Text)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A CA of lockstep's own that is due is told what a CA can do, not what a leaf can.
func TestOwnCAIsDue(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	state := p.state()
	e := &Evidence{Policy: p.policy, Now: p.now.AddDate(8, 0, 0), Folder: &state}
	var subjects []string
	for _, f := range Judge(e, append(certificateChecks(), authorityChecks()...)).Findings {
		if f.Code == "certificates/due" || f.Code == "certificates/ca-due" {
			subjects = append(subjects, f.Code+" "+f.Subject.Name)
		}
	}
	want := []string{"certificates/ca-due ca/client.crt", "certificates/ca-due ca/peer.crt", "certificates/ca-due ca/server.crt"}
	if diff := cmp.Diff(want, subjects); diff != "" {
		t.Error(diff)
	}
}
