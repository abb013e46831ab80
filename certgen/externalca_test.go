package certgen_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/certgen"
	"lockstep/certgen/authority"
	"lockstep/policies"
	"lockstep/policies/pending"
)

// kubeadm is a CA as kubeadm makes it: for everything, of any length, without cRLSign.
func kubeadm(c *x509.Certificate) {
	c.Subject = pkix.Name{CommonName: "etcd-ca"}
	c.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment | x509.KeyUsageCertSign
	c.ExtKeyUsage, c.MaxPathLenZero, c.MaxPathLen = nil, false, -1
	c.PermittedDNSDomainsCritical, c.ExcludedDNSDomains, c.ExcludedIPRanges = false, nil, nil
	c.DNSNames = []string{"etcd-ca"}
}

// bringing is a policy that names an external CA, with one component whose certificate
// is external and one whose certificate is ours.
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

func TestDiffOfAnExternalCA(t *testing.T) {
	t.Parallel()
	ca := newRogue(t, kubeadm)
	other := newRogue(t, kubeadm)
	own := newCA(t, edge(t), certgen.ClientCA, now).Certificate()
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
note /policies/theirs.pem of user "flannel" | it is an external certificate
write .gitignore | missing
write components/ours/etcdctl.env | missing
write components/ours/ca.crt | missing
WAITING 1 file (components/ours/client) must be signed by the CA /policies/ca.pem, and its key was not given`},
		{"the key is given", func(s *certgen.State) {
			s.HasKey = true
			delete(s.Pairs, "components/ours/client")
		}, `issue components/ours/client to user "ours" | missing`},
		{"another CA in the folder", func(s *certgen.State) {
			s.Pairs["ca/client"] = certgen.Pair{Path: "ca/client", Leaf: other.cert}
		}, `take in the client CA | instead of "CN=etcd-ca", from which nothing came`},
		{"another CA in the folder, under which a certificate was noted", func(s *certgen.State) {
			s.Pairs["ca/client"] = certgen.Pair{Path: "ca/client", Leaf: other.cert}
			s.Pairs["components/theirs/client"] = certgen.Pair{Path: "components/theirs/client", Leaf: other.leaf(t, nil, nil)}
		}, `BLOCKED ca/ holds the CA "CN=etcd-ca", and certificates.ca names "CN=etcd-ca" (/policies/ca.pem), but 1 file here came from the first (components/theirs/client.crt): name the first one again, or begin in another folder (--pki); a CA is never replaced`},
		{"another CA in the folder, from which a retired certificate came", func(s *certgen.State) {
			s.Pairs["ca/client"] = certgen.Pair{Path: "ca/client", Leaf: other.cert}
			s.Retired = []certgen.Retired{{Identity: "old", Leaf: other.leaf(t, nil, nil)}}
		}, `BLOCKED ca/ holds the CA "CN=etcd-ca", and certificates.ca names "CN=etcd-ca" (/policies/ca.pem), but 1 file here came from the first (retired/old/30000000000000000000000000.crt): name the first one again, or begin in another folder (--pki); a CA is never replaced`},
		{"another CA in the folder, with its key", func(s *certgen.State) {
			s.Pairs["ca/client"] = certgen.Pair{Path: "ca/client", Leaf: other.cert, Key: certgen.KeyUnopened}
		}, `BLOCKED ca/ holds the CA "CN=etcd-ca", and certificates.ca names "CN=etcd-ca" (/policies/ca.pem): leave out certificates.ca to stay with lockstep's own CAs, or bootstrap with another folder (--pki)`},
		{"lockstep's own CA in the folder, whose key is kept elsewhere", func(s *certgen.State) {
			s.Pairs["ca/client"] = certgen.Pair{Path: "ca/client", Leaf: own}
		}, fmt.Sprintf(`BLOCKED ca/ holds the CA %q, and certificates.ca names "CN=etcd-ca" (/policies/ca.pem): leave out certificates.ca to stay with lockstep's own CAs, or bootstrap with another folder (--pki)`, own.Subject)},
		{"a CA that may not sign for clients", func(s *certgen.State) {
			s.ExternalCA.Current = newRogue(t, func(c *x509.Certificate) { kubeadm(c); c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }).cert
			s.Pairs = map[string]certgen.Pair{}
		}, `take in the server CA | missing
write components/ours/ca.crt | differs from the server CA's certificate
BLOCKED the CA /policies/ca.pem, which certificates.ca names, has extended key usage serverAuth, and should have clientAuth: name another CA by certificates.ca, or have its owner make one that may`},
		{"the CA was renewed with its key", func(s *certgen.State) {
			s.ExternalCA.Current = sign(t, &renewed, &renewed, ca.key.Public(), ca.key)
		}, `take in the client CA | its owner has renewed it, with the same key
take in the server CA | its owner has renewed it, with the same key
write components/ours/ca.crt | differs from the server CA's certificate`},
		{"a CA of our own in the folder", func(s *certgen.State) {
			s.Pairs["ca/client"] = certgen.Pair{Path: "ca/client", Key: certgen.KeyUnopened}
		}, "BLOCKED ca/client.key is here without its certificate, and certificates.ca names another CA: move the key away, or leave out certificates.ca"},
		{"not read", func(s *certgen.State) { s.ExternalCA.Current = nil }, "BLOCKED the CA that certificates.ca names was not read"},
		{"their certificate is not there", func(s *certgen.State) { s.External = nil },
			"EXTERNAL /policies/theirs.pem, of component theirs: its certificate is missing"},
		{"the external certificate names another user", func(s *certgen.State) {
			s.External["components/theirs/client"] = certgen.Pair{Leaf: ours}
		}, `EXTERNAL /policies/theirs.pem, of component theirs: its certificate has CN "ours", and should have "flannel"`},
		{"their certificate is another CA's", func(s *certgen.State) {
			s.External["components/theirs/client"] = certgen.Pair{Leaf: other.leaf(t, nil, nil)}
		}, `EXTERNAL /policies/theirs.pem, of component theirs: its certificate is not signed by the client CA "etcd-ca"`},
		{"their certificate is good for servers too", func(s *certgen.State) {
			s.External["components/theirs/client"] = certgen.Pair{Leaf: ca.leaf(t, nil, func(c *x509.Certificate) {
				c.ExtKeyUsage, c.DNSNames = append(c.ExtKeyUsage, x509.ExtKeyUsageServerAuth), []string{"etcd1"}
			})}
		}, `note /policies/theirs.pem of user "flannel" | its issuer has made a new one`},
		{"their certificate is not for clients", func(s *certgen.State) {
			s.External["components/theirs/client"] = certgen.Pair{Leaf: ca.leaf(t, nil, func(c *x509.Certificate) {
				c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
			})}
		}, "EXTERNAL /policies/theirs.pem, of component theirs: its certificate has extended key usage serverAuth, and should have clientAuth"},
		{"one of ours lies where theirs is now", func(s *certgen.State) {
			s.Pairs["components/theirs/client"] = certgen.Pair{Path: "components/theirs/client", Leaf: leaf, Key: certgen.KeyMatches}
		}, `note /policies/theirs.pem of user "flannel" | its issuer has made a new one`},
		{"theirs was renewed", func(s *certgen.State) {
			s.External["components/theirs/client"] = certgen.Pair{Leaf: ca.leaf(t, nil, func(c *x509.Certificate) { c.NotAfter = now.Add(99 * day) })}
		}, `note /policies/theirs.pem of user "flannel" | its issuer has made a new one`},
		{"theirs has expired", func(s *certgen.State) {
			s.External["components/theirs/client"] = certgen.Pair{Leaf: ca.leaf(t, nil, func(c *x509.Certificate) { c.NotBefore, c.NotAfter = now.Add(-2*hour), now.Add(-hour) })}
		}, "EXTERNAL, still its user's: /policies/theirs.pem, of component theirs: its certificate expired on 2026-05-01 11:00 UTC"},
		{"ours has expired", func(s *certgen.State) {
			s.Pairs["components/ours/client"] = certgen.Pair{Path: "components/ours/client", Key: certgen.KeyMatches, Leaf: ca.leaf(t, nil, func(c *x509.Certificate) {
				c.Subject.CommonName, c.NotBefore, c.NotAfter = "ours", now.Add(-2*hour), now.Add(-hour)
			})}
		}, "WAITING, still its user's: 1 file (components/ours/client) must be signed by the CA /policies/ca.pem, and its key was not given"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := bringing(t)
			wanted := certgen.Desired(p)
			s := certgen.State{
				ExternalCA: certgen.TrustSet{Current: ca.cert},
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

// An external CA is fit for its work or not; how it looks is its owner's
// choice.
func TestDefectsOfAnExternalCA(t *testing.T) {
	t.Parallel()
	p := certgen.Profile{Kind: certgen.KindCA, CA: certgen.ClientCA, Path: "ca/client", ExternalCA: "ca.pem", Cluster: "edge", Key: policies.Ed25519}
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
			"is not a CA"},
		{"without key usage, as plain openssl req -x509 makes it", func(c *x509.Certificate) { c.KeyUsage = 0 }, ""},
		{"not for certificates", func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature }, "may not sign certificates (its key usage lacks keyCertSign)"},
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

// What a CA's own limits forbid is known before anything is signed, with and without its key.
func TestDiffJudgesEveryCertificateUnderTheCA(t *testing.T) {
	t.Parallel()
	const head, tail = "BLOCKED the CA ca.pem, which certificates.ca names, cannot sign ", "; name another CA by certificates.ca, or have its owner make one that may"
	for _, c := range []struct {
		name   string
		mutate func(*x509.Certificate)
		want   string
	}{
		{"no limits", func(*x509.Certificate) {}, ""},
		{"soon at its end", func(c *x509.Certificate) { c.NotAfter = now.Add(hour) }, ""},
		{"its networks", func(c *x509.Certificate) {
			c.PermittedDNSDomainsCritical = true
			c.PermittedIPRanges = []*net.IPNet{{IP: net.IPv4(192, 168, 0, 0).To4(), Mask: net.CIDRMask(16, 32)}}
		}, head + `members/etcd1/server for 10.0.0.11, etcd1.edge.internal, localhost, 127.0.0.1, ::1: that certificate does not verify: x509: a root or intermediate certificate is not authorized to sign for this name: IP address "10.0.0.11" is not permitted by any constraint` + tail},
		{"its domain", func(c *x509.Certificate) {
			c.PermittedDNSDomainsCritical, c.PermittedDNSDomains = true, []string{"edge.internal", "localhost"}
		}, ""},
		{"not its domain", func(c *x509.Certificate) {
			c.PermittedDNSDomainsCritical, c.ExcludedDNSDomains = true, []string{"etcd2.edge.internal"}
		}, head + `members/etcd2/server for etcd2.edge.internal, localhost, 127.0.0.1, ::1: that certificate does not verify: x509: a root or intermediate certificate is not authorized to sign for this name: DNS name "etcd2.edge.internal" is excluded by constraint "etcd2.edge.internal"` + tail},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := edge(t)
			p.Certificates.CA = policies.CertificateFile{Path: "ca.pem"}
			ca := newRogue(t, func(x *x509.Certificate) { kubeadm(x); c.mutate(x) })
			for _, hasKey := range []bool{true, false} {
				got := certgen.Diff(certgen.Desired(p), certgen.State{ExternalCA: certgen.TrustSet{Current: ca.cert}, HasKey: hasKey}, now)
				first := append(got.Blocked(), "")[0]
				if first != "" {
					first = "BLOCKED " + first
				}
				if diff := cmp.Diff(c.want, first); diff != "" {
					t.Error(diff)
				}
				if c.want != "" {
					continue
				}
				for _, s := range append(got.Steps, pending.Steps(got.Unsigned())...) {
					if s.Action == certgen.Issue { // what is not blocked can be signed
						a, err := authority.LoadExternal(ca.cert, ca.key)
						if err != nil {
							t.Fatal(err)
						}
						issue(t, a, s.Profile, now)
					}
				}
			}
		})
	}
}

// A policy that names no external CA any more finds the one that it named.
func TestDiffBackToOwnCAs(t *testing.T) {
	t.Parallel()
	ca := newRogue(t, kubeadm).cert
	p := bringing(t)
	p.Certificates.CA = policies.CertificateFile{}
	s := certgen.State{Pairs: map[string]certgen.Pair{"ca/client": {Path: "ca/client", Leaf: ca}, "ca/server": {Path: "ca/server", Leaf: ca}}}
	want := []string{`ca/ holds the CA "CN=etcd-ca", which certificates.ca named, and the policy does not name it any more: write certificates.ca again, bootstrap with another folder (--pki), or replace it by CAs of lockstep's own (lockstep certs rotate-ca)`}
	if diff := cmp.Diff(want, certgen.Diff(certgen.Desired(p), s, now).Blocked()); diff != "" {
		t.Error(diff)
	}
}

// A root's own signature proves nothing, whatever its hash; a CA below another one has its
// issuer's signature, and a weak one is refused.
func TestAnExternalCASignedWithSHA1(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := *newRogue(t, kubeadm).cert
	template.SignatureAlgorithm, template.SubjectKeyId = x509.SHA1WithRSA, nil
	template.PublicKey = key.Public()
	root := sign(t, &template, &template, key.Public(), key)
	p := certgen.Profile{Kind: certgen.KindCA, CA: certgen.ClientCA, Path: "ca/client", ExternalCA: "ca.pem", Cluster: "edge"}
	if got, want := told(certgen.Defects(root, p, root, now)), "algorithm: signed itself with the broken SHA1-RSA, which proves nothing"; got != want {
		t.Errorf("a root: %s", got)
	}
	if got := certgen.Costs(root); got[len(got)-2] != "it signed itself with the broken SHA1-RSA: etcd does not look at that, other software may" {
		t.Errorf("costs: %q", got)
	}
	below := template
	below.RawSubject, below.Subject = nil, pkix.Name{CommonName: "below"}
	intermediate := sign(t, &below, root, key.Public(), key)
	if got, want := told(certgen.Defects(intermediate, p, intermediate, now)), "!algorithm: is signed with the broken SHA1-RSA"; got != want {
		t.Errorf("an intermediate: %s", got)
	}
}

// A CA without a key identifier signs certificates and lists: they name its key by the SHA-1
// of its bits (openssl x509 -ext subjectKeyIdentifier of the same key says the same).
func TestCAWithoutKeyIdentifier(t *testing.T) {
	t.Parallel()
	ca := nameless(t, kubeadm)
	a, err := authority.LoadExternal(ca.cert, ca.key)
	if err != nil {
		t.Fatal(err)
	}
	list, err := x509.ParseRevocationList(revocations(t, ca))
	if err != nil {
		t.Fatal(err)
	}
	leaf := issue(t, a, profiles(edge(t))["components/flannel/client"], now)
	var spki struct {
		Algorithm asn1.RawValue
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(ca.cert.RawSubjectPublicKeyInfo, &spki); err != nil {
		t.Fatal(err)
	}
	want := sha1.Sum(spki.Key.Bytes)
	if !bytes.Equal(leaf.AuthorityKeyId, want[:]) || !bytes.Equal(list.AuthorityKeyId, want[:]) {
		t.Errorf("authority key identifiers %x and %x, want %x", leaf.AuthorityKeyId, list.AuthorityKeyId, want)
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
	a, err := authority.LoadExternal(ca.cert, ca.key)
	if err != nil {
		t.Fatal(err)
	}
	return list(t, a, 1)
}

// TestDiffOfTwoExternalCAs: the first one signs, both are trusted, and what either signed stays.
func TestDiffOfTwoExternalCAs(t *testing.T) {
	t.Parallel()
	older := func(c *x509.Certificate) { kubeadm(c); c.NotBefore = now.Add(-2 * hour) }
	newer := func(c *x509.Certificate) { kubeadm(c); c.Subject = pkix.Name{CommonName: "new-ca"} }
	old, fresh := newRogue(t, older), newRogue(t, newer)
	p := bringing(t)
	folder := func(set certgen.TrustSet) certgen.State {
		theirs := certgen.Pair{Path: "components/theirs/client", Leaf: old.leaf(t, nil, nil)}
		s := certgen.State{ExternalCA: set, HasKey: true, Files: map[string][]byte{certgen.IgnoreFile: []byte("*\n")}, External: map[string]certgen.Pair{theirs.Path: theirs}}
		s.Pairs = map[string]certgen.Pair{
			"ca/client": {Path: "ca/client", Leaf: old.cert}, "ca/server": {Path: "ca/server", Leaf: old.cert}, theirs.Path: theirs,
			"components/ours/client": {Path: "components/ours/client", Key: certgen.KeyMatches, KeyMode: 0o600, Leaf: old.leaf(t, nil, func(c *x509.Certificate) { c.Subject.CommonName = "ours" })},
		}
		s.Files["components/ours/ca.crt"] = set.Encode()
		s.Files["components/ours/etcdctl.env"] = certgen.Desired(p).Files["components/ours/etcdctl.env"]
		return s
	}
	for _, c := range []struct {
		name string
		set  certgen.TrustSet
		want string
		says string
	}{
		{"the old one signs", certgen.TrustSet{Current: old.cert, Next: fresh.cert}, "", "next"},
		{"the new one signs", certgen.TrustSet{Current: fresh.cert, Previous: old.cert}, `take in the client CA | it signs from now on; "CN=etcd-ca" is trusted still
take in the server CA | it signs from now on; "CN=etcd-ca" is trusted still`, "previous theirs ours"},
	} {
		s := folder(c.set)
		if diff := cmp.Diff(c.want, plan(certgen.Diff(certgen.Desired(p), s, now))); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
		port := certgen.Port{Name: "https://10.0.0.11:2379", Accepts: [][]byte{old.cert.RawSubject, fresh.cert.RawSubject}}
		r := certgen.RotateExternal(p, []certgen.Port{port}, s)
		says := string(r.Stage)
		for _, w := range r.Waits {
			says += " " + w.Name
		}
		if says != c.says {
			t.Errorf("%s: %s, want %s", c.name, says, c.says)
		}
		port.Accepts = port.Accepts[:1]
		if r := certgen.RotateExternal(p, []certgen.Port{port}, s); len(r.Waits) == 0 || r.Waits[0].Text != `does not trust "new-ca" yet` {
			t.Errorf("%s: %+v", c.name, r.Waits)
		}
	}
	s := folder(certgen.TrustSet{Current: fresh.cert, Next: old.cert}) // as where the new CA does not begin after the old one
	s.Retired = []certgen.Retired{{Identity: "ours", Leaf: old.leaf(t, nil, func(c *x509.Certificate) { c.NotBefore = now.Add(-day) })}}
	for _, path := range []string{"components/ours/client", "components/theirs/client"} {
		s.Pairs[path] = certgen.Pair{Path: path, Leaf: fresh.leaf(t, nil, nil)}
		s.External[path] = s.Pairs[path]
	}
	if r := certgen.RotateExternal(p, nil, s); r.Stage != certgen.StagePrevious || len(r.Waits) > 0 || r.Write != "ca: {cert: ca.pem}" {
		t.Errorf("all is renewed: %+v", r)
	}
	if r := certgen.RotateExternal(p, nil, folder(certgen.TrustSet{Current: old.cert})); r.Stage != certgen.StageNone || len(r.Waits) > 0 {
		t.Errorf("%+v", r)
	}
}
