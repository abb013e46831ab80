package certgen_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lockstep/certgen"
	"lockstep/certgen/authority"
	"lockstep/policies"
)

// told is a defect list as text: "!" marks a fatal one, "~" one that weakens.
func told(all []certgen.Defect) string {
	var lines []string
	for _, d := range all {
		mark := ""
		if d.Fatal {
			mark = "!"
		}
		if d.Weak {
			mark += "~"
		}
		lines = append(lines, fmt.Sprintf("%s%s: %s", mark, d.Code, d.Text))
	}
	return strings.Join(lines, "\n")
}

func ecdsaKey(t testing.TB, curve elliptic.Curve) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestDefects makes every defect of a component's certificate for real.
func TestDefects(t *testing.T) {
	t.Parallel()
	ca := newRogue(t, nil)
	other := newRogue(t, nil)
	open := newRogue(t, func(c *x509.Certificate) {
		c.ExcludedDNSDomains, c.ExcludedIPRanges, c.ExtKeyUsage = nil, nil, nil
	})
	short := newRogue(t, func(c *x509.Certificate) { c.NotAfter = now.Add(30 * day) })
	month := newRogue(t, func(c *x509.Certificate) { c.NotAfter = now.Add(30 * day) })
	late := newRogue(t, func(c *x509.Certificate) { c.NotBefore = now.Add(-time.Minute) })
	cn := asn1.ObjectIdentifier{2, 5, 4, 3}
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	ed, err := authority.NewKey(policies.Ed25519)
	if err != nil {
		t.Fatal(err)
	}
	p224, p521 := ecdsaKey(t, elliptic.P224()), ecdsaKey(t, elliptic.P521())
	old, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := *ca.cert
	template.SubjectKeyId, template.SignatureAlgorithm, template.PublicKey = nil, x509.SHA1WithRSA, old.Public()
	sha1 := rogue{sign(t, &template, &template, old.Public(), old), old}
	nameless := nameless(t)
	hidden := otherNames(t)
	p := profiles(edge(t))["components/flannel/client"]
	external := p
	external.External, external.Key = "theirs.pem", ""
	theirs := p
	theirs.External = "theirs.pem"
	without := func(p certgen.Profile) certgen.Profile { p.User = policies.UserName{}; return p }(p)

	for _, c := range []struct {
		name   string
		signer rogue
		p      certgen.Profile
		pub    any
		mutate func(*x509.Certificate)
		want   string
	}{
		{"none", ca, p, nil, nil, ""},
		{"expired", ca, p, nil, func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Second) }, "!expired: expired on 2026-05-01 11:59 UTC\nlifetime: is valid for 1h, and the policy says 90d"},
		{"not yet valid", ca, p, nil, func(c *x509.Certificate) { c.NotBefore = now.Add(hour) }, "!not-yet-valid: is not valid before 2026-05-01 13:00 UTC"},
		{"another CA of the same name", other, p, nil, nil, `!signature: is not signed by the client CA "edge client CA"` + "\nkey-id: names another key than its CA's (authority key identifier)"},
		{"outlives its CA", short, p, nil, nil, "outlives-ca: ends on 2026-07-30 12:00 UTC, after its CA on 2026-05-31 12:00 UTC"},
		{"older than its CA", late, p, nil, nil, ""},
		{"ended before its CA began", late, p, nil, func(c *x509.Certificate) { c.NotAfter = now.Add(-2 * time.Minute) },
			"!expired: expired on 2026-05-01 11:58 UTC\nlifetime: is valid for 58m, and the policy says 90d\n!chain: was never valid at the same time as its CA"},
		{"another CN", ca, p, nil, func(c *x509.Certificate) { c.Subject.CommonName = "flanel" }, `!cn: has CN "flanel", and should have "flannel"`},
		{"CN in another case", ca, p, nil, func(c *x509.Certificate) { c.Subject.CommonName = "Flannel" }, `!cn: has CN "Flannel", and should have "flannel"`},
		{"no CN", ca, p, nil, func(c *x509.Certificate) { c.Subject.CommonName = "" }, `!cn: has no CN, and should have "flannel"`},
		{"two CNs", ca, p, nil, func(c *x509.Certificate) {
			c.Subject.CommonName = ""
			c.Subject.ExtraNames = []pkix.AttributeTypeAndValue{{Type: cn, Value: "flannel"}, {Type: cn, Value: "root"}}
		}, `!cn: has 2 CNs, "flannel", "root", and should have one, "flannel"`},
		{"a CN where none belongs", ca, without, nil, func(c *x509.Certificate) { c.Subject.CommonName = "root\x1b" },
			`!cn: has CN "root\x1b", and etcd would take it for that user: no CN belongs here`},
		{"another subject", ca, p, nil, func(c *x509.Certificate) {
			c.Subject.Organization, c.Subject.OrganizationalUnit, c.Subject.Locality = []string{"acme"}, nil, []string{"x"}
		}, "subject: has O \"acme\", the policy says \"edge\"\nsubject: has OU (none), the policy says \"ops\"\nsubject: has L \"x\", the policy says (none)"},
		{"a group of Kubernetes", ca, p, nil, func(c *x509.Certificate) { c.Subject.Organization = []string{"edge", "system:masters"} },
			"~subject: has O \"edge\", \"system:masters\", the policy says \"edge\": a Kubernetes API server that trusts its CA takes it for a member of that group"},
		{"a group of Kubernetes, made by others", ca, theirs, nil, func(c *x509.Certificate) { c.Subject.Organization = []string{"system:masters"} }, ""},
		{"other parts of the subject", ca, p, nil, func(c *x509.Certificate) {
			c.Subject.Country, c.Subject.ExtraNames = []string{"DE"}, []pkix.AttributeTypeAndValue{{Type: asn1.ObjectIdentifier{1, 2, 3}, Value: "x\x1b"}}
		}, `subject: has C="DE", 1.2.3="x\x1b" in its subject, and the policy has no such part`},
		{"3,000 days", late, p, nil, func(c *x509.Certificate) { c.NotAfter = now.Add(3000 * day) },
			"outlives-ca: ends on 2034-07-18 12:00 UTC, after its CA on 2027-05-01 12:00 UTC\n~lifetime: is valid for 3000d, and the policy says 90d: if its key leaks, it is good until 2027-05-01"},
		{"120 days", ca, p, nil, func(c *x509.Certificate) { c.NotAfter = now.Add(120 * day) },
			"~lifetime: is valid for 120d, and the policy says 90d: if its key leaks, it is good until 2026-08-29"},
		{"120 days, half of them over", ca, p, nil, func(c *x509.Certificate) { c.NotBefore, c.NotAfter = now.Add(-60*day), now.Add(60*day) },
			"lifetime: is valid for 120d, and the policy says 90d"},
		{"30 hours", ca, p, nil, func(c *x509.Certificate) { c.NotAfter = now.Add(29 * hour) }, "lifetime: is valid for 30h, and the policy says 90d"},
		{"as long as its CA", month, p, nil, func(c *x509.Certificate) { c.NotAfter = now.Add(30 * day) }, ""},
		{"120 days, made by others", ca, theirs, nil, func(c *x509.Certificate) { c.NotAfter = now.Add(120 * day) }, ""},
		{"serverAuth", ca, p, nil, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} },
			"!usage: has extended key usage serverAuth, and should have clientAuth"},
		{"serverAuth as well", open, p, nil, func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}
		}, "!usage: has extended key usage serverAuth+clientAuth, and should have clientAuth"},
		{"no usage", ca, p, nil, func(c *x509.Certificate) { c.ExtKeyUsage = nil },
			"!usage: has no extended key usage, which stands for every usage: it should be clientAuth"},
		{"any usage", ca, p, nil, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} },
			"!usage: has extended key usage anyExtendedKeyUsage, and should have clientAuth"},
		{"an unknown usage as well", ca, p, nil, func(c *x509.Certificate) { c.UnknownExtKeyUsage = []asn1.ObjectIdentifier{{1, 2, 3}} },
			"!usage: has extended key usage clientAuth+1.2.3, and should have clientAuth"},
		{"an unknown usage alone", ca, p, nil, func(c *x509.Certificate) {
			c.ExtKeyUsage, c.UnknownExtKeyUsage = nil, []asn1.ObjectIdentifier{{1, 2, 3}}
		},
			"!usage: has extended key usage 1.2.3, and should have clientAuth"},
		{"an unknown usage as well, made by others", ca, external, nil, func(c *x509.Certificate) { c.UnknownExtKeyUsage = []asn1.ObjectIdentifier{{1, 2, 3}} },
			"usage: has extended key usage clientAuth+1.2.3, and clientAuth would do"},
		{"a CA", ca, p, nil, func(c *x509.Certificate) { c.IsCA = true }, "!is-ca: may sign certificates: its key can sign a certificate for any user"},
		{"keyCertSign without CA:TRUE", ca, p, nil, func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageCertSign },
			"!is-ca: may sign certificates: its key can sign a certificate for any user"},
		{"a CA with its key usages", ca, p, nil, func(c *x509.Certificate) {
			c.IsCA, c.KeyUsage = true, c.KeyUsage|x509.KeyUsageCertSign
		}, "!is-ca: may sign certificates: its key can sign a certificate for any user"},
		{"no CA:FALSE", ca, p, nil, func(c *x509.Certificate) { c.BasicConstraintsValid = false }, "is-ca: does not say CA:FALSE"},
		{"no digitalSignature", ca, p, nil, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }, "!key-usage: is limited to other key usages than digitalSignature"},
		{"no key usage", ca, p, nil, func(c *x509.Certificate) { c.KeyUsage = 0 }, "key-usage: is not limited to key usage digitalSignature"},
		{"no key usage, made by others", ca, external, nil, func(c *x509.Certificate) { c.KeyUsage = 0 }, ""},
		{"other key usages, made by others", ca, external, nil, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }, "!key-usage: is limited to other key usages than digitalSignature"},
		{"keyEncipherment as well", ca, p, nil, func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageKeyEncipherment }, "key-usage: has key usage digitalSignature+keyEncipherment, and digitalSignature would do"},
		{"keyEncipherment as well, made by others", ca, external, nil, func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageKeyEncipherment }, ""},
		{"a SAN", open, p, nil, func(c *x509.Certificate) { c.DNSNames = []string{"evil"} }, "!hosts: is for evil, and should be for no name"},
		{"a SAN against the CA's constraints", ca, p, nil, func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(10, 0, 0, 1)} },
			"!hosts: is for 10.0.0.1, and should be for no name"},
		{"other SANs", open, p, nil, func(c *x509.Certificate) {
			c.EmailAddresses, c.URIs = []string{"a@b"}, []*url.URL{{Scheme: "spiffe", Host: "x"}}
		}, "!hosts: is for email:a@b, uri:spiffe://x, and should be for no name"},
		{"SANs of other forms", open, p, nil, func(c *x509.Certificate) { c.ExtraExtensions = []pkix.Extension{hidden} },
			`!hosts: is for RID:1.2.3.4, a name of form 3, dirName:CN=root, otherName:1.3.6.1.4.1.311.20.2.3, and should be for no name`},
		{"SANs of other forms, critical", open, p, nil, func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: hidden.Id, Value: hidden.Value, Critical: true}}
		}, `!hosts: is for RID:1.2.3.4, a name of form 3, dirName:CN=root, otherName:1.3.6.1.4.1.311.20.2.3, and should be for no name`},
		{"SANs of other forms, made by others", open, theirs, nil, func(c *x509.Certificate) { c.ExtraExtensions = []pkix.Extension{hidden} },
			`hosts: is for RID:1.2.3.4, a name of form 3, dirName:CN=root, otherName:1.3.6.1.4.1.311.20.2.3, and needs to be for no name`},
		{"an unknown critical extension", ca, p, nil, func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true, Value: []byte{5, 0}}}
		}, "!chain: does not verify: x509: unhandled critical extension"},
		{"an extension that lockstep does not write", ca, p, nil, func(c *x509.Certificate) {
			c.CRLDistributionPoints, c.OCSPServer = []string{"http://list.example"}, []string{"http://ocsp.example"}
		}, "extension: has 2 extensions that lockstep does not write: 1.3.6.1.5.5.7.1.1, 2.5.29.31"},
		{"an extension that lockstep does not write, made by others", ca, theirs, nil, func(c *x509.Certificate) { c.CRLDistributionPoints = []string{"http://list.example"} }, ""},
		{"a short serial number", ca, p, nil, func(c *x509.Certificate) { c.SerialNumber = big.NewInt(7) }, "serial: has a serial number of 3 bits, which other certificates may have, too"},
		{"the serial number 1", ca, p, nil, func(c *x509.Certificate) { c.SerialNumber = big.NewInt(1) }, "serial: has a serial number of 1 bit, which other certificates may have, too"},
		{"a serial number of 160 bits", ca, p, nil, func(c *x509.Certificate) { c.SerialNumber = new(big.Int).Lsh(big.NewInt(1), 159) }, "serial: has a serial number that is not positive, or longer than 20 bytes"},
		{"a short RSA key", ca, p, weak.Public(), nil, "!algorithm: has an RSA key of 1024 bits, and 2048 is the least"},
		{"a key on P-224", ca, p, p224.Public(), nil, "!algorithm: has a key on curve P-224, which TLS 1.3 does not know: P-256, P-384 and P-521 are good"},
		{"a key on P-521", ca, external, p521.Public(), nil, ""},
		{"signed with SHA-1", sha1, external, nil, func(c *x509.Certificate) { c.SignatureAlgorithm = x509.SHA1WithRSA }, "!algorithm: is signed with the broken SHA1-RSA"},
		{"a CA without key identifier", nameless, p, nil, nil, ""},
		{"another kind of key", ca, p, ed.Public(), nil, "key-algorithm: has a key of kind ed25519, and the policy says ecdsa-p256"},
		{"RSA where the policy says P-256", ca, p, old.Public(), nil, "key-algorithm: has a key of kind rsa-2048, and the policy says ecdsa-p256"},
		{"P-521 where the policy says P-256", ca, p, p521.Public(), nil, "key-algorithm: has a key of kind ecdsa-p521, and the policy says ecdsa-p256"},
		{"RSA, made by others", ca, theirs, old.Public(), nil, ""},
		{"no key id", ca, p, nil, func(c *x509.Certificate) { c.SubjectKeyId = nil }, "key-id: does not name its key (subject key identifier)"},
		{"nothing optional, made by others", nameless, theirs, old.Public(), func(c *x509.Certificate) {
			c.SubjectKeyId, c.BasicConstraintsValid, c.KeyUsage, c.SerialNumber = nil, false, 0, big.NewInt(7)
			c.Subject.Organization, c.Subject.OrganizationalUnit = nil, []string{"theirs"}
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			signer := c.signer
			cert := signer.leaf(t, c.pub, c.mutate)
			judged := signer.cert
			if c.name == "another CA of the same name" {
				judged = ca.cert
			}
			if diff := cmp.Diff(c.want, told(certgen.Defects(cert, c.p, judged, now))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// otherNames is an extension with a name of each form that crypto/x509 leaves aside.
func otherNames(t *testing.T) pkix.Extension {
	t.Helper()
	der := func(value any, params string) []byte {
		out, err := asn1.MarshalWithParams(value, params)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	tagged := func(tag int, content []byte) asn1.RawValue {
		return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, IsCompound: tag != 8, Bytes: content}
	}
	upn := append(der(asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 20, 2, 3}, ""), der(tagged(0, der("root", "utf8")), "")...)
	all := []asn1.RawValue{
		tagged(0, upn), tagged(3, nil), tagged(4, der(pkix.Name{CommonName: "root"}.ToRDNSequence(), "")),
		tagged(8, der(asn1.ObjectIdentifier{1, 2, 3, 4}, "")[2:]),
	}
	return pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Value: der(all, "")}
}

func TestDefectsOfServers(t *testing.T) {
	t.Parallel()
	p := edge(t)
	server, peer := newCA(t, p, certgen.ServerCA, now), newCA(t, p, certgen.PeerCA, now)
	all := profiles(p)
	cert := issue(t, server, all["members/etcd1/server"], now)
	for _, c := range []struct {
		name, want string
		p          certgen.Profile
		ca         *authority.Authority
	}{
		{"none", "", all["members/etcd1/server"], server},
		{"a host more in the policy", "!hosts: is for 10.0.0.11, 127.0.0.1, ::1, etcd1.edge.internal, localhost, and should be for 10.0.0.11, 127.0.0.1, ::1, etcd1.edge.internal, extra.internal, localhost",
			with(all["members/etcd1/server"], "extra.internal"), server},
		{"shown to peers", "!signature: is not signed by the peer CA \"" + peer.Certificate().Subject.CommonName + "\"\n" +
			"!usage: has extended key usage serverAuth, and should have serverAuth+clientAuth\n" +
			"!hosts: is for 10.0.0.11, 127.0.0.1, ::1, etcd1.edge.internal, localhost, and should be for 10.0.0.11, etcd1.edge.internal\n" +
			"key-id: names another key than its CA's (authority key identifier)", all["members/etcd1/peer"], peer},
		{"hosts in other order and case", "", func() certgen.Profile {
			x := all["members/etcd1/server"]
			x.Hosts = []string{"::1", "LOCALHOST", "127.0.0.1", "ETCD1.edge.internal.", "10.0.0.11", "0:0::1"}
			return x
		}(), server},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, told(certgen.Defects(cert, c.p, c.ca.Certificate(), now))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Go takes a certificate that names another key as its CA's, and openssl does not.
func TestDefectsOfTheKeyIdentifier(t *testing.T) {
	t.Parallel()
	p := edge(t)
	all := profiles(p)
	for path, want := range map[string]string{
		"members/etcd1/server":      "~key-id: names another key than its CA's (authority key identifier): clients that use openssl refuse it",
		"members/etcd1/peer":        "key-id: names another key than its CA's (authority key identifier)",
		"components/flannel/client": "key-id: names another key than its CA's (authority key identifier)",
	} {
		ca := newCA(t, p, all[path].CA, now)
		leaf := issue(t, ca, all[path], now)
		renewed := *ca.Certificate()
		renewed.SubjectKeyId = []byte{1, 2, 3}
		if diff := cmp.Diff(want, told(certgen.Defects(leaf, all[path], &renewed, now))); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
		renewed.SubjectKeyId = nil
		if got := told(certgen.Defects(leaf, all[path], &renewed, now)); got != "" {
			t.Errorf("%s, of a CA without identifier: %s", path, got)
		}
	}
}

func with(p certgen.Profile, host string) certgen.Profile {
	p.Hosts = append(append([]string{}, p.Hosts...), host)
	return p
}

func TestDefectsOfCAs(t *testing.T) {
	t.Parallel()
	p := profiles(edge(t))["ca/client"]
	for _, c := range []struct {
		name   string
		mutate func(*x509.Certificate)
		want   string
	}{
		{"none", nil, ""},
		{"expired", func(c *x509.Certificate) { c.NotAfter = now.Add(-hour) }, "!expired: expired on 2026-05-01 11:00 UTC"},
		{"no CA", func(c *x509.Certificate) {
			c.IsCA, c.MaxPathLenZero, c.KeyUsage = false, false, x509.KeyUsageDigitalSignature
		},
			"!is-ca: is not a CA"},
		{"signs documents, too", func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageDigitalSignature },
			"key-usage: has key usage digitalSignature+keyCertSign+cRLSign, and keyCertSign+cRLSign would do"},
		{"an organization that the policy does not name", func(c *x509.Certificate) { c.Subject.Organization = []string{"system:masters"} },
			`subject: has O "system:masters", the policy says "edge"`},
		{"30 years", func(c *x509.Certificate) { c.NotAfter = now.Add(30 * year) }, "lifetime: is valid for 30y, and the policy says 10y"},
		{"the serial number 1", func(c *x509.Certificate) { c.SerialNumber = big.NewInt(1) }, "serial: has a serial number of 1 bit, which other certificates may have, too"},
		{"cannot sign lists", func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCertSign }, "!key-usage: may not sign certificates and revocation lists"},
		{"no path length", func(c *x509.Certificate) { c.MaxPathLen, c.MaxPathLenZero = -1, false }, "path-length: may sign further CAs: its path length is not 0"},
		{"path length 1", func(c *x509.Certificate) { c.MaxPathLen, c.MaxPathLenZero = 1, false }, "path-length: may sign further CAs: its path length is not 0"},
		{"no usage", func(c *x509.Certificate) { c.ExtKeyUsage = nil }, "usage: is not limited to extended key usage clientAuth"},
		{"more usages", func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}
		}, "usage: has extended key usage serverAuth+clientAuth, and clientAuth would do"},
		{"another usage", func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} },
			"!usage: has extended key usage serverAuth, and should have clientAuth"},
		{"no constraints", func(c *x509.Certificate) { c.ExcludedDNSDomains, c.ExcludedIPRanges = nil, nil },
			"constraints: may sign for IP addresses: its name constraints do not exclude them all"},
		{"as of the first versions, without DNS names too", func(c *x509.Certificate) { c.ExcludedDNSDomains = []string{""} }, ""},
		{"only IPv4 excluded", func(c *x509.Certificate) { c.ExcludedIPRanges = c.ExcludedIPRanges[:1] },
			"constraints: may sign for IP addresses: its name constraints do not exclude them all"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ca := newRogue(t, c.mutate)
			if diff := cmp.Diff(c.want, told(certgen.Defects(ca.cert, p, ca.cert, now))); diff != "" {
				t.Error(diff)
			}
		})
	}
}
