package authority_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lockstep/certgen"
	"lockstep/certgen/authority"
	"lockstep/policies"
)

// openssl runs it with the files at hand.
func openssl(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("openssl", args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("openssl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// put writes the files that openssl is shown.
func put(t *testing.T, dir, name, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Certificates and revocation lists that begin or end behind the end of 32-bit seconds
// (2038-01-19) and of UTCTime (2049-12-31, RFC 5280, 4.1.2.5) are read back as they were
// meant, by Go and by openssl.
func TestDatesOfFarYears(t *testing.T) {
	t.Parallel()
	const year = 365 * 24 * time.Hour
	utc, generalized := "UTCTIME", "GENERALIZEDTIME"
	for _, c := range []struct {
		name       string
		now        time.Time
		life       time.Duration
		begin, end string // how the dates of the component's certificate are encoded
	}{
		{"over the end of 32-bit seconds", time.Date(2038, 1, 19, 3, 14, 7, 0, time.UTC), year, utc, utc},
		{"behind the end of 32-bit seconds", time.Date(2038, 1, 19, 3, 14, 8, 0, time.UTC), year, utc, utc},
		{"over the end of UTCTime", time.Date(2049, 6, 1, 0, 0, 0, 0, time.UTC), year, utc, generalized},
		{"to the last second of UTCTime", time.Date(2048, 12, 31, 23, 59, 59, 0, time.UTC), year, utc, utc},
		{"from behind the end of UTCTime", time.Date(2050, 1, 1, 1, 0, 0, 0, time.UTC), year, generalized, generalized},
		{"a leap day", time.Date(2052, 2, 29, 12, 0, 0, 0, time.UTC), 29 * year, generalized, generalized},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := edge(t, policies.ECDSAP256)
			p.Certificates.Lifetimes = policies.Lifetimes{CA: 30 * year, Member: c.life, Component: c.life}
			ca := create(t, p, certgen.ClientCA, c.now)
			prof := profile(t, p, "components/flannel/client")
			pair, err := authority.Mint(context.Background(), ca, prof, c.now)
			if err != nil {
				t.Fatal(err)
			}
			leaf := pair.Leaf
			if want := c.now.Add(c.life); !leaf.NotAfter.Equal(want) || !leaf.NotBefore.Equal(c.now.Add(-certgen.Backdate)) {
				t.Errorf("from %v to %v, want %v", leaf.NotBefore, leaf.NotAfter, want)
			}
			if got := encodings(t, leaf.Raw); got != c.begin+" "+c.end {
				t.Errorf("the dates are written as %s, want %s %s", got, c.begin, c.end)
			}
			revoked := x509.RevocationListEntry{SerialNumber: leaf.SerialNumber, RevocationTime: c.now}
			for number, entries := range [][]x509.RevocationListEntry{nil, {revoked}} {
				for _, at := range []time.Time{c.now, leaf.NotAfter.Add(-2 * time.Hour)} {
					list, err := ca.RevocationList(entries, big.NewInt(int64(number+1)), at)
					if err != nil {
						t.Fatal(err)
					}
					readList(t, list, at, c.now)
					verifyAt(t, ca.Certificate(), leaf, list, len(entries) > 0, at.Add(time.Hour))
				}
			}
		})
	}
}

// encodings is how openssl sees the two dates of a certificate.
func encodings(t *testing.T, der []byte) string {
	t.Helper()
	dir := t.TempDir()
	put(t, dir, "leaf.pem", "CERTIFICATE", der)
	var kinds []string
	for line := range strings.Lines(openssl(t, dir, "asn1parse", "-in", "leaf.pem")) {
		for _, kind := range []string{"UTCTIME", "GENERALIZEDTIME"} {
			if strings.Contains(line, kind) {
				kinds = append(kinds, kind)
			}
		}
	}
	return strings.Join(kinds, " ")
}

func readList(t *testing.T, der []byte, made, revoked time.Time) {
	t.Helper()
	list, err := x509.ParseRevocationList(der)
	if err != nil {
		t.Fatal(err)
	}
	if !list.ThisUpdate.Equal(made.Add(-certgen.Backdate)) || !list.NextUpdate.Equal(made.Add(365*24*time.Hour)) {
		t.Errorf("a list from %v to %v", list.ThisUpdate, list.NextUpdate)
	}
	for _, e := range list.RevokedCertificateEntries {
		if !e.RevocationTime.Equal(revoked) {
			t.Errorf("revoked at %v, want %v", e.RevocationTime, revoked)
		}
	}
}

// verifyAt lets openssl judge leaf against ca and list at each time.
func verifyAt(t *testing.T, ca, leaf *x509.Certificate, list []byte, revoked bool, at time.Time) {
	t.Helper()
	dir := t.TempDir()
	put(t, dir, "ca.pem", "CERTIFICATE", ca.Raw)
	put(t, dir, "leaf.pem", "CERTIFICATE", leaf.Raw)
	put(t, dir, "list.pem", "X509 CRL", list)
	cmd := exec.Command("openssl", "verify", "-x509_strict", "-crl_check", "-attime", fmt.Sprint(at.Unix()), "-CAfile", "ca.pem", "-CRLfile", "list.pem", "leaf.pem")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	var failed *exec.ExitError
	switch {
	case err != nil && !errors.As(err, &failed):
		t.Fatal(err)
	case revoked != bytes.Contains(out, []byte("certificate revoked")), revoked == (err == nil):
		t.Errorf("at %v: %v\n%s", at, err, out)
	}
}

// A CA that a fast clock made signs nothing until its time has come, and what it signs
// never begins before itself.
func TestIssueBeforeTheCABegins(t *testing.T) {
	t.Parallel()
	p := edge(t, policies.ECDSAP256)
	ca := create(t, p, certgen.ClientCA, now)
	prof := profile(t, p, "components/flannel/client")
	begin := ca.Certificate().NotBefore
	if pair, err := authority.Mint(context.Background(), ca, prof, begin.Add(-time.Second)); err == nil {
		t.Errorf("signed from %v, before the CA begins on %v", pair.Leaf.NotBefore, begin)
	}
	pair, err := authority.Mint(context.Background(), ca, prof, begin)
	if err != nil || !pair.Leaf.NotBefore.Equal(begin) {
		t.Errorf("in the CA's first second: %v, %v", pair.Leaf, err)
	}
}
