package certgen_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/certgen"
	"lockstep/certgen/authority"
	"lockstep/policies"
)

// kubeadm is a CA as kubeadm makes it: for everything, of any length, without cRLSign.
func kubeadm(c *x509.Certificate) {
	c.Subject = pkix.Name{CommonName: "etcd-ca"}
	c.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment | x509.KeyUsageCertSign
	c.ExtKeyUsage, c.MaxPathLenZero, c.MaxPathLen = nil, false, -1
	c.PermittedDNSDomainsCritical, c.ExcludedDNSDomains, c.ExcludedIPRanges = false, nil, nil
	c.DNSNames = []string{"etcd-ca"}
}

// bringing is a policy that brings a CA along, with one component whose certificate
// somebody else makes and one whose certificate is ours.
func bringing(t testing.TB) *policies.Policy {
	t.Helper()
	p, err := policies.Parse(policies.File{Name: "/policies/lockstep.yaml", Text: []byte(`apiVersion: lockstep/v1
kind: Policy
cluster: {name: edge, endpoints: ["https://10.0.0.11:2379"]}
certificates: {ca: {cert: ca.pem}, subject: {organizationalUnit: [ops]}}
components:
  - {name: theirs, user: flannel, preset: flannel, certificate: {file: theirs.pem}}
  - {name: ours, permissions: []}
`)})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestDiffOfABroughtCA(t *testing.T) {
	t.Parallel()
	ca := newRogue(t, kubeadm)
	other := newRogue(t, kubeadm)
	copied := certgen.EncodeCertificate(ca.cert)
	renewed := *ca.cert
	renewed.NotAfter = now.Add(9 * year)
	leaf := ca.leaf(t, nil, nil)
	ours := ca.leaf(t, nil, func(c *x509.Certificate) { c.Subject.CommonName = "ours" })
	for _, c := range []struct {
		name  string
		spoil func(*certgen.State)
		want  string
	}{
		{"in step", func(*certgen.State) {}, ""},
		{"an empty folder, without the key", func(s *certgen.State) {
			s.Pairs, s.Files = map[string]certgen.Pair{}, nil
		}, `take in the client CA | missing
take in the server CA | missing
note /policies/theirs.pem of user "flannel" | somebody else makes it
write .gitignore | missing
write components/ours/etcdctl.env | missing
write components/ours/ca.crt | missing
WAITING 2 files (components/ours/client, client.crl) must be signed by the client CA, and its key was not given: name it by --ca-key`},
		{"the key is given", func(s *certgen.State) {
			s.HasKey = true
			delete(s.Pairs, "components/ours/client")
		}, `issue components/ours/client to user "ours" | missing`},
		{"another CA in the folder", func(s *certgen.State) {
			s.Pairs["ca/client"] = certgen.Pair{Path: "ca/client", Leaf: other.cert}
		}, "BLOCKED ca/ holds another CA than the one that certificates.ca names: put the right file there; a CA is never replaced"},
		{"the CA was renewed with its key", func(s *certgen.State) {
			s.Brought = sign(t, &renewed, &renewed, ca.key.Public(), ca.key)
		}, `take in the client CA | its owner has renewed it, with the same key
take in the server CA | its owner has renewed it, with the same key
write components/ours/ca.crt | differs from the server CA's certificate`},
		{"a CA of our own in the folder", func(s *certgen.State) {
			s.Pairs["ca/client"] = certgen.Pair{Path: "ca/client", Key: certgen.KeyUnopened}
		}, "BLOCKED ca/client.key is here without its certificate, and the policy brings a CA along: move it away, or leave out certificates.ca"},
		{"not read", func(s *certgen.State) { s.Brought = nil }, "BLOCKED the CA that the policy brings along was not read"},
		{"their certificate is not there", func(s *certgen.State) { s.External = nil },
			"EXTERNAL /policies/theirs.pem, of component theirs: its certificate is missing"},
		{"their certificate names somebody else", func(s *certgen.State) {
			s.External["components/theirs/client"] = certgen.Pair{Leaf: ours}
		}, `EXTERNAL /policies/theirs.pem, of component theirs: its certificate has CN "ours", and should have "flannel"`},
		{"their certificate is another CA's", func(s *certgen.State) {
			s.External["components/theirs/client"] = certgen.Pair{Leaf: other.leaf(t, nil, nil)}
		}, `EXTERNAL /policies/theirs.pem, of component theirs: its certificate is not signed by the client CA "etcd-ca"`},
		{"their certificate is good for servers too", func(s *certgen.State) {
			s.External["components/theirs/client"] = certgen.Pair{Leaf: ca.leaf(t, nil, func(c *x509.Certificate) {
				c.ExtKeyUsage, c.DNSNames = append(c.ExtKeyUsage, x509.ExtKeyUsageServerAuth), []string{"etcd1"}
			})}
		}, `note /policies/theirs.pem of user "flannel" | somebody else has made a new one`},
		{"their certificate is not for clients", func(s *certgen.State) {
			s.External["components/theirs/client"] = certgen.Pair{Leaf: ca.leaf(t, nil, func(c *x509.Certificate) {
				c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
			})}
		}, "EXTERNAL /policies/theirs.pem, of component theirs: its certificate has extended key usage serverAuth, and should have clientAuth"},
		{"one of ours lies where theirs is now", func(s *certgen.State) {
			s.Pairs["components/theirs/client"] = certgen.Pair{Path: "components/theirs/client", Leaf: leaf, Key: certgen.KeyMatches}
		}, `note /policies/theirs.pem of user "flannel" | somebody else has made a new one`},
		{"theirs was renewed", func(s *certgen.State) {
			s.External["components/theirs/client"] = certgen.Pair{Leaf: ca.leaf(t, nil, func(c *x509.Certificate) { c.NotAfter = now.Add(99 * day) })}
		}, `note /policies/theirs.pem of user "flannel" | somebody else has made a new one`},
		{"theirs has expired", func(s *certgen.State) {
			s.External["components/theirs/client"] = certgen.Pair{Leaf: ca.leaf(t, nil, func(c *x509.Certificate) { c.NotBefore, c.NotAfter = now.Add(-2*hour), now.Add(-hour) })}
		}, "EXTERNAL, still its user's: /policies/theirs.pem, of component theirs: its certificate expired on 2026-05-01 11:00 UTC"},
		{"ours has expired", func(s *certgen.State) {
			s.Pairs["components/ours/client"] = certgen.Pair{Path: "components/ours/client", Key: certgen.KeyMatches, Leaf: ca.leaf(t, nil, func(c *x509.Certificate) {
				c.Subject.CommonName, c.NotBefore, c.NotAfter = "ours", now.Add(-2*hour), now.Add(-hour)
			})}
		}, "WAITING, still its user's: 1 file (components/ours/client) must be signed by the client CA, and its key was not given: name it by --ca-key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := bringing(t)
			wanted := certgen.Desired(p)
			s := certgen.State{
				Brought: ca.cert,
				Pairs: map[string]certgen.Pair{
					"ca/client": {Path: "ca/client", Leaf: ca.cert}, "ca/server": {Path: "ca/server", Leaf: ca.cert},
					"components/ours/client":   {Path: "components/ours/client", Leaf: ours, Key: certgen.KeyMatches},
					"components/theirs/client": {Path: "components/theirs/client", Leaf: leaf},
				},
				Files:    map[string][]byte{"components/ours/ca.crt": copied},
				External: map[string]certgen.Pair{"components/theirs/client": {Path: "components/theirs/client", Leaf: leaf}},
			}
			for name, content := range wanted.Files {
				s.Files[name] = content
			}
			for name := range wanted.CRLs {
				s.Files[name] = revocations(t, ca)
			}
			c.spoil(&s)
			if diff := cmp.Diff(c.want, plan(certgen.Diff(wanted, s, now))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A CA that somebody else made is fit for its work or not; how it looks is its owner's
// choice.
func TestDefectsOfABroughtCA(t *testing.T) {
	t.Parallel()
	p := certgen.Profile{Kind: certgen.KindCA, CA: certgen.ClientCA, Path: "ca/client", Brought: true, Cluster: "edge", Key: policies.Ed25519}
	for _, c := range []struct {
		name   string
		mutate func(*x509.Certificate)
		want   string
	}{
		{"as kubeadm makes it", func(*x509.Certificate) {}, ""},
		{"for servers and clients", func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
		}, ""},
		{"for anything", func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} }, ""},
		{"for servers alone", func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} },
			"has extended key usage serverAuth, and should have clientAuth"},
		{"no CA", func(c *x509.Certificate) { c.IsCA = false; c.KeyUsage = x509.KeyUsageDigitalSignature },
			"claims to have signed itself and has not; is not a CA; may not sign certificates"},
		{"expired", func(c *x509.Certificate) { c.NotAfter = now.Add(-hour) }, "expired on 2026-05-01 11:00 UTC"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cert := newRogue(t, func(x *x509.Certificate) { kubeadm(x); x.NotBefore = now.Add(-2 * hour); c.mutate(x) }).cert
			var got []string
			for _, d := range certgen.Defects(cert, p, cert, now) {
				got = append(got, d.Text)
			}
			if diff := cmp.Diff(c.want, strings.Join(got, "; ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCosts(t *testing.T) {
	t.Parallel()
	if got := certgen.Costs(newRogue(t, kubeadm).cert); len(got) != 3 {
		t.Errorf("kubeadm's CA: %d costs, want 3: %q", len(got), got)
	}
	if got := certgen.Costs(newRogue(t, nil).cert); len(got) != 1 || !strings.HasPrefix(got[0], "one CA signs for all purposes") {
		t.Errorf("a careful CA: %q", got)
	}
}

// revocations is an empty revocation list of a CA that says that it signs none.
func revocations(t testing.TB, ca rogue) []byte {
	t.Helper()
	a, err := authority.LoadBrought(ca.cert, ca.key)
	if err != nil {
		t.Fatal(err)
	}
	return list(t, a, 1)
}
