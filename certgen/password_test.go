package certgen_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"strings"
	"testing"
	"time"

	"lockstep/certgen"
	"lockstep/certgen/pkitest"
	"lockstep/policies"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// A certificate without a CN stands for the user in its user ID; a CN beats it, as it does in etcd.
func TestUserOf(t *testing.T) {
	t.Parallel()
	uid := pkix.AttributeTypeAndValue{Type: asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 1}, Value: "db"}
	cn := pkix.AttributeTypeAndValue{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: "app"}
	for want, subject := range map[string]pkix.Name{
		"":    {Organization: []string{"edge"}},
		"db":  {Names: []pkix.AttributeTypeAndValue{uid}},
		"app": {CommonName: "app", Names: []pkix.AttributeTypeAndValue{uid, cn}},
	} {
		if got := certgen.UserOf(&x509.Certificate{Subject: subject}); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// The certificate of a user with a password is judged by its user ID: with a CN etcd would take it
// for that user, and one of another user is not this one's.
func TestDefectsOfACertificateWithoutACN(t *testing.T) {
	t.Parallel()
	now := pkitest.Edge(t, "db")
	now.Components[0].Password = true
	pki := pkitest.New(t, noon, "db", "app")
	plain := certgen.ComponentProfile(pkitest.Edge(t, "db"), policies.Holder{Component: pkitest.Edge(t, "db").Components[0]})
	password := certgen.ComponentProfile(now, policies.Holder{Component: now.Components[0]})
	s := pki.State()
	trust, err := s.Trust(certgen.ClientCA)
	if err != nil {
		t.Fatal(err)
	}
	leaf := s.Pairs[plain.Path].Leaf
	if found := certgen.Defects(leaf, plain, trust.Current, noon); len(found) > 0 {
		t.Errorf("with its CN: %v", found)
	}
	found := certgen.Fatal(certgen.Defects(leaf, password, trust.Current, noon))
	var texts []string
	for _, d := range found {
		texts = append(texts, d.Text)
	}
	all := strings.Join(texts, "; ")
	for _, want := range []string{`has CN "db", and etcd would take it for that user`, `does not name the user "db" (subject user ID)`} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is not in %q", want, all)
		}
	}
}
