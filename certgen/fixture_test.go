package certgen_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"net"
	"slices"
	"testing"
	"time"

	"lockstep/certgen"
	"lockstep/certgen/authority"
	"lockstep/policies"
)

var now = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

const (
	hour = time.Hour
	day  = 24 * time.Hour
	year = 365 * day
)

func user(t testing.TB, name string) policies.UserName {
	t.Helper()
	u, err := policies.ParseUserName(name)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// edge is a policy with everything in it.
func edge(t testing.TB) *policies.Policy {
	return &policies.Policy{
		Cluster: policies.Cluster{
			Name: "edge",
			Members: []policies.Member{
				{Name: "etcd1", Hosts: []string{"10.0.0.11", "etcd1.edge.internal"}, ClientURL: "https://10.0.0.11:2379", PeerURL: "https://10.0.0.11:2380"},
				{Name: "etcd2", Hosts: []string{"etcd2.edge.internal"}, ClientURL: "https://etcd2.edge.internal:2379", PeerURL: "https://etcd2.edge.internal:2380", MetricsURL: "http://127.0.0.1:2381"},
			},
			Proxies: []policies.Proxy{{Name: "proxy1", Hosts: []string{"10.0.0.21"}, ClientURL: "https://10.0.0.21:23790"}},
			Install: "/etc/etcd", Data: "/var/lib/etcd",
		},
		Certificates: policies.Certificates{
			Key:       policies.ECDSAP256,
			Subject:   policies.Subject{OrganizationalUnit: []string{"ops"}},
			Lifetimes: policies.Lifetimes{CA: 10 * year, Member: year, Component: 90 * day},
		},
		Components: []policies.Component{
			{Name: "flannel", User: user(t, "flannel")},
			{Name: "reader", User: user(t, "Reader"), Key: policies.Ed25519, Lifetime: 7 * day},
		},
	}
}

func profiles(p *policies.Policy) map[string]certgen.Profile {
	all := map[string]certgen.Profile{}
	for _, prof := range certgen.Desired(p).Profiles {
		all[prof.Path] = prof
	}
	return all
}

func newCA(t testing.TB, p *policies.Policy, ca certgen.CA, at time.Time) *authority.Authority {
	t.Helper()
	a, _, err := authority.Create(profiles(p)[certgen.CAPath(ca)], at)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func issue(t testing.TB, a *authority.Authority, p certgen.Profile, at time.Time) *x509.Certificate {
	t.Helper()
	pair, err := authority.Mint(context.Background(), a, p, at)
	if err != nil {
		t.Fatal(err)
	}
	return pair.Leaf
}

// rogue is a CA that signs whatever it is told to.
type rogue struct {
	cert *x509.Certificate
	key  crypto.Signer
}

func newRogue(t testing.TB, mutate func(*x509.Certificate)) rogue {
	t.Helper()
	key, err := authority.NewKey(policies.ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	id, err := certgen.KeyID(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: new(big.Int).Lsh(big.NewInt(1), 100), Subject: pkix.Name{Organization: []string{"edge"}, OrganizationalUnit: []string{"ops"}, CommonName: "edge client CA"},
		NotBefore: now.Add(-hour), NotAfter: now.Add(year), BasicConstraintsValid: true, IsCA: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, SubjectKeyId: id,
		PermittedDNSDomainsCritical: true,
		ExcludedIPRanges:            []*net.IPNet{{IP: net.IPv4zero.To4(), Mask: net.CIDRMask(0, 32)}, {IP: net.IPv6zero, Mask: net.CIDRMask(0, 128)}},
	}
	if mutate != nil {
		mutate(template)
	}
	return rogue{sign(t, template, template, key.Public(), key), key}
}

func (r rogue) leaf(t testing.TB, pub crypto.PublicKey, mutate func(*x509.Certificate)) *x509.Certificate {
	t.Helper()
	if pub == nil {
		key, err := authority.NewKey(policies.ECDSAP256)
		if err != nil {
			t.Fatal(err)
		}
		pub = key.Public()
	}
	id, err := certgen.KeyID(pub)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: new(big.Int).Lsh(big.NewInt(3), 100), Subject: pkix.Name{Organization: []string{"edge"}, OrganizationalUnit: []string{"ops"}, CommonName: "flannel"},
		NotBefore: now.Add(-hour), NotAfter: now.Add(90 * day), BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, SubjectKeyId: id,
	}
	if mutate != nil {
		mutate(template)
	}
	return sign(t, template, r.cert, pub, r.key)
}

func sign(t testing.TB, template, parent *x509.Certificate, pub crypto.PublicKey, key crypto.Signer) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, pub, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// nameless is a CA without subject key identifier, as kubeadm made it before 1.19. Go writes
// one into every CA that it makes; a CA is what it says in its basic constraints alone.
func nameless(t testing.TB, mutate ...func(*x509.Certificate)) rogue {
	t.Helper()
	with := newRogue(t, func(c *x509.Certificate) {
		for _, m := range mutate {
			m(c)
		}
	})
	template := &x509.Certificate{
		SerialNumber: with.cert.SerialNumber, RawSubject: with.cert.RawSubject, NotBefore: with.cert.NotBefore, NotAfter: with.cert.NotAfter,
		ExtraExtensions: slices.DeleteFunc(slices.Clone(with.cert.Extensions), func(e pkix.Extension) bool { return e.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 14}) }),
	}
	bare := rogue{sign(t, template, template, with.key.Public(), with.key), with.key}
	if len(bare.cert.SubjectKeyId) > 0 {
		t.Fatal("the CA has a subject key identifier")
	}
	return bare
}
