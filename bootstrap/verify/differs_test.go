package verify

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lockstep/certgen"
	"lockstep/certgen/authority"
	"lockstep/policies"
)

const days = 24 * time.Hour

// key reads the private key at path, of a pair of the folder.
func (p *pki) key(path string) crypto.Signer {
	p.t.Helper()
	text, err := os.ReadFile(p.file(path + ".key"))
	p.do(err)
	block, _ := pem.Decode(text)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	p.do(err)
	return key.(crypto.Signer)
}

// newKey is a key of that kind.
func (p *pki) newKey(kind policies.KeyAlgorithm) crypto.Signer {
	p.t.Helper()
	key, err := authority.NewKey(kind)
	p.do(err)
	return key
}

// forge writes a pair that the CA signed without lockstep. Without mutate the certificate is as
// lockstep makes it.
func (p *pki) forge(path string, key crypto.Signer, mutate func(*x509.Certificate)) {
	p.t.Helper()
	all := append(certgen.Desired(p.policy).Profiles, certgen.RootProfile(p.policy, time.Hour))
	profile := all[slices.IndexFunc(all, func(x certgen.Profile) bool { return x.Path == path })]
	ca := p.state().Pairs[certgen.CAPath(profile.CA)].Leaf
	id, err := certgen.KeyID(key.Public())
	p.do(err)
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	p.do(err)
	template, err := certgen.LeafTemplate(profile, ca, id, serial, p.now.Add(time.Minute))
	p.do(err)
	if mutate != nil {
		mutate(template)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca, key.Public(), p.key(certgen.CAPath(profile.CA)))
	p.do(err)
	leaf, err := x509.ParseCertificate(der)
	p.do(err)
	p.do(os.WriteFile(p.file(path+".crt"), certgen.EncodeCertificate(leaf), 0o600))
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	p.do(err)
	p.do(os.WriteFile(p.file(path+".key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}), 0o600))
}

// folderFindings is what the checks of the folder find, each with its remedy.
func (p *pki) folderFindings() (out []string) {
	p.t.Helper()
	state, err := p.folder.Inspect()
	p.do(err)
	return withRemedies(&Evidence{Policy: p.policy, Now: p.now, Folder: &state})
}

func withRemedies(e *Evidence) (out []string) {
	for _, f := range Judge(e, slices.Concat(certificateChecks(), authorityChecks(), folderChecks(), listChecks()[:1])).Findings {
		out = append(out, f.Severity.String()+" "+f.Code+": "+f.About()+": "+f.Text+" => "+f.Remedy)
	}
	return out
}

// What a certificate says and the policy does not is one finding, with the command that brings
// it in line.
func TestCertificatesAgainstThePolicy(t *testing.T) {
	t.Parallel()
	const flannel, reader, member = "components/flannel/client", "components/reader/client", "members/etcd1/"
	forged := func(mutate func(*x509.Certificate)) func(*pki) {
		return func(p *pki) { p.forge(flannel, p.newKey(policies.ECDSAP256), mutate) }
	}
	differs := func(text string) []string {
		return []string{"info certificates/differs: components/flannel/client.crt: its certificate " + text + " => lockstep certs renew flannel"}
	}
	const moved = `; the CA's key was copied: who could read it can sign any certificate of that CA, any user with the client CA's; lockstep certs rotate-ca `
	for name, c := range map[string]struct {
		spoil func(*pki)
		want  []string
	}{
		"as lockstep makes it": {forged(nil), nil},
		"another cluster's organization": {forged(func(c *x509.Certificate) { c.Subject.Organization = []string{"other"} }),
			differs(`has O "other", the policy says "edge"`)},
		"a group of Kubernetes": {forged(func(c *x509.Certificate) { c.Subject.Organization = []string{"system:masters"} }),
			[]string{`error certificates/weak: components/flannel/client.crt: its certificate has O "system:masters", the policy says "edge": a Kubernetes API server that trusts its CA takes it for a member of that group => lockstep certs renew flannel`}},
		"another unit": {forged(func(c *x509.Certificate) { c.Subject.OrganizationalUnit = []string{"ops"} }),
			differs(`has OU "ops", the policy says (none)`)},
		"a country": {forged(func(c *x509.Certificate) { c.Subject.Country = []string{"DE"} }),
			differs(`has C="DE" in its subject, and the policy has no such part`)},
		"RSA": {func(p *pki) { p.forge(flannel, p.newKey(policies.RSA2048), nil) },
			[]string{"info certificates/differs: components/flannel/client.crt: its certificate has a key of kind rsa-2048, and the policy says ecdsa-p256 => lockstep certs rekey flannel"}},
		"RSA, and the key is not here": {func(p *pki) {
			p.forge(flannel, p.newKey(policies.RSA2048), nil)
			p.do(os.Remove(p.file(flannel + ".key")))
		}, []string{"info certificates/differs: components/flannel/client.crt: its certificate has a key of kind rsa-2048, and the policy says ecdsa-p256 => lockstep certs rekey flannel, unless the component keeps a key of its own (lockstep certs sign): then nothing has to be done"}},
		"3,000 days": {forged(func(c *x509.Certificate) { c.NotAfter = p0.Add(3000 * days) }),
			[]string{"error certificates/weak: components/flannel/client.crt: its certificate is valid for 3000d, and the policy says 90d: if its key leaks, it is good until 2035-02-10 => lockstep certs rekey flannel --revoke"}},
		"beyond its CA": {forged(func(c *x509.Certificate) { c.NotAfter = p0.Add(5000 * days) }),
			[]string{"error certificates/weak: components/flannel/client.crt: its certificate is valid for 5000d, and the policy says 90d: if its key leaks, it is good until 2036-11-21 => lockstep certs rekey flannel --revoke"}},
		"a server's 3,000 days": {func(p *pki) {
			p.forge(member+"server", p.newKey(policies.ECDSAP256), func(c *x509.Certificate) { c.NotAfter = p0.Add(3000 * days) })
		}, []string{"error certificates/weak: members/etcd1/server.crt: its certificate is valid for 3000d, and the policy says 1y: if its key leaks, it is good until 2035-02-10 => lockstep certs rekey members/etcd1"}},
		"20 days": {forged(func(c *x509.Certificate) { c.NotAfter = p0.Add(20 * days) }), differs("is valid for 20d, and the policy says 90d")},
		"the serial number 1": {forged(func(c *x509.Certificate) { c.SerialNumber = big.NewInt(1) }),
			differs("has a serial number of 1 bit, which other certificates may have, too")},
		"no basic constraints": {forged(func(c *x509.Certificate) { c.BasicConstraintsValid = false }), differs("does not say CA:FALSE")},
		"no key usage":         {forged(func(c *x509.Certificate) { c.KeyUsage = 0 }), differs("is not limited to key usage digitalSignature")},
		"keyEncipherment": {forged(func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageKeyEncipherment }),
			differs("has key usage digitalSignature+keyEncipherment, and digitalSignature would do")},
		"no key identifier": {forged(func(c *x509.Certificate) { c.SubjectKeyId = nil }), differs("does not name its key (subject key identifier)")},
		"several": {forged(func(c *x509.Certificate) { c.SubjectKeyId, c.BasicConstraintsValid = nil, false }),
			differs("does not say CA:FALSE; does not name its key (subject key identifier)")},
		"keyCertSign": {forged(func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageCertSign }),
			[]string{"critical certificates/identity: components/flannel/client.crt: its certificate may sign certificates: its key can sign a certificate for any user => " + identityCheck.Remedy}},
		"CA:TRUE": {forged(func(c *x509.Certificate) { c.IsCA = true }),
			[]string{"critical certificates/identity: components/flannel/client.crt: its certificate may sign certificates: its key can sign a certificate for any user => " + identityCheck.Remedy}},
		"an address": {forged(func(c *x509.Certificate) { c.IPAddresses = []net.IP{{10, 0, 0, 1}} }),
			[]string{"error certificates/defective: components/flannel/client.crt: its certificate is for 10.0.0.1, and should be for no name => lockstep apply replaces it; the old one goes to retired/"}},
		"another user's, and expired": {forged(func(c *x509.Certificate) { c.Subject.CommonName, c.NotAfter = "reader", p0.Add(-time.Minute) }),
			[]string{`critical certificates/identity: components/flannel/client.crt: its certificate expired on 2026-11-24 11:59 UTC; has CN "reader", and should have "flannel" => ` + identityCheck.Remedy}},
		"another component's key": {func(p *pki) { p.forge(flannel, p.key(reader), nil) },
			[]string{"critical certificates/shared-key: components/flannel/client.crt: has the key of components/reader/client.crt: the holder of the one can act as the other => lockstep certs rekey reader flannel --revoke"}},
		"a member's key": {func(p *pki) { p.forge(flannel, p.key(member+"server"), nil) },
			[]string{"critical certificates/shared-key: components/flannel/client.crt: has the key of members/etcd1/server.crt: the holder of the one can act as the other => lockstep certs rekey members/etcd1 flannel --revoke"}},
		"a member's key beside another certificate": {func(p *pki) { p.copy(member+"peer.key", flannel+".key") },
			[]string{"critical certificates/identity: components/flannel/client.key: holds the key of members/etcd1/peer.crt => " + identityCheck.Remedy}},
		"a CA's key": {func(p *pki) { p.forge(flannel, p.key("ca/client"), nil) },
			[]string{"critical certificates/shared-key: components/flannel/client.crt: has the key of ca/client.crt: its holder can sign what that CA may sign => lockstep certs rekey flannel" + moved + "client --compromised replaces it"}},
		"a CA's key, and it is not here": {func(p *pki) {
			p.forge(flannel, p.key("ca/peer"), nil)
			p.do(os.Remove(p.file(flannel + ".key")))
		}, []string{"critical certificates/shared-key: components/flannel/client.crt: has the key of ca/peer.crt: its holder can sign what that CA may sign => lockstep certs rekey flannel" + moved + "peer --compromised replaces it"}},
		"one key for a member's two certificates": {func(p *pki) { p.forge(member+"peer", p.key(member+"server"), nil) },
			[]string{"warning certificates/shared-key: members/etcd1/peer.crt: has the key of members/etcd1/server.crt: revoking one of them leaves the key good for the other => lockstep certs rekey members/etcd1"}},
		"root's key": {func(p *pki) {
			p.do(os.Mkdir(p.file("root"), 0o700))
			p.forge(certgen.RootPath, p.key(reader), nil)
		}, []string{
			"critical certificates/shared-key: root/client.crt: has the key of components/reader/client.crt: the holder of the one can act as the other => lockstep certs rekey reader --revoke; lockstep certs issue root --ttl 1h",
		}},
		"one key for three": {func(p *pki) {
			p.forge(flannel, p.key(member+"server"), nil)
			p.now = p.now.Add(time.Hour)
			p.forge(reader, p.key(member+"server"), nil)
		}, []string{
			"critical certificates/shared-key: components/flannel/client.crt: has the key of members/etcd1/server.crt: the holder of the one can act as the other => lockstep certs rekey members/etcd1 flannel --revoke",
			"critical certificates/shared-key: components/reader/client.crt: has the key of members/etcd1/server.crt: the holder of the one can act as the other => lockstep certs rekey members/etcd1 reader --revoke",
		}},
		"one key for two CAs": {func(p *pki) { p.sameCAKey() },
			[]string{"critical certificates/shared-key: ca/peer.crt: has the key of ca/client.crt: its holder can sign what that CA may sign => lockstep certs rotate-ca peer --compromised"}},
		"the key of a retired component": {func(p *pki) { p.retire(reader, "gone", flannel) },
			[]string{"critical certificates/shared-key: components/flannel/client.crt: has the key of retired/gone/SERIAL.crt: the holder of the one can act as the other => lockstep certs rekey flannel --revoke"}},
		"the key of its own former certificate": {func(p *pki) { p.retire(reader, "flannel", flannel) }, nil},
		"the key of a retired component whose certificate is over": {func(p *pki) {
			p.retire(reader, "gone", flannel)
			p.now = p.now.Add(90*days + time.Minute)
			for _, path := range []string{flannel, reader} {
				p.forge(path, p.key(path), nil)
			}
		}, nil},
		"a policy with another subject, kind of key and lifetime": {func(p *pki) {
			p.policy = parse(p.t, strings.Replace(twoComponents, "components:", "certificates: {subject: {organization: [acme]}, key: ed25519, lifetimes: {component: 30d, ca: 5y}}\ncomponents:", 1))
		}, []string{
			`error certificates/weak: components/flannel/client.crt: its certificate is valid for 90d, and the policy says 30d: if its key leaks, it is good until 2027-02-22 => lockstep certs rekey flannel --revoke`,
			`error certificates/weak: components/reader/client.crt: its certificate is valid for 90d, and the policy says 30d: if its key leaks, it is good until 2027-02-22 => lockstep certs rekey reader --revoke`,
			`info certificates/differs: ca/client.crt, ca/peer.crt, ca/server.crt: its certificate is valid for 10y, and the policy says 5y; has O "edge", the policy says "acme"; has a key of kind ecdsa-p256, and the policy says ed25519 => nothing has to be done; lockstep certs rotate-ca makes each CA as the policy says`,
			`info certificates/differs: components/flannel/client.crt and 3 more: its certificate has O "edge", the policy says "acme"; has a key of kind ecdsa-p256, and the policy says ed25519 => lockstep certs rekey flannel reader members/etcd1`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPKI(t)
			c.spoil(p)
			got := p.folderFindings()
			for i, r := range p.state().Retired {
				for k := range got {
					got[k] = strings.ReplaceAll(got[k], certgen.RetiredPath(r.Identity, r.Leaf), "retired/"+p.state().Retired[i].Identity+"/SERIAL.crt")
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// An external certificate is as its owner wants it, as long as etcd takes it for its user.
func TestExternalCertificatesKeepTheirOwnRules(t *testing.T) {
	t.Parallel()
	const flannel, reader = "components/flannel/client", "components/reader/client"
	for name, c := range map[string]struct {
		key    func(*pki) crypto.Signer
		mutate func(*x509.Certificate)
		want   []string
	}{
		"RSA, without anything that can be left out": {
			func(p *pki) crypto.Signer { return p.newKey(policies.RSA2048) },
			func(c *x509.Certificate) {
				c.Subject = pkix.Name{CommonName: "flannel", Organization: []string{"system:masters"}, Country: []string{"DE"}}
				c.NotAfter, c.SerialNumber, c.KeyUsage, c.BasicConstraintsValid, c.SubjectKeyId = p0.Add(3000*days), big.NewInt(1), 0, false, nil
			}, nil,
		},
		"with keyEncipherment": {
			func(p *pki) crypto.Signer { return p.newKey(policies.RSA2048) },
			func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageKeyEncipherment }, nil,
		},
		"with a name": {
			func(p *pki) crypto.Signer { return p.newKey(policies.ECDSAP256) },
			func(c *x509.Certificate) { c.DNSNames = []string{"flannel.example"} },
			[]string{"info certificates/differs: theirs.crt: its certificate is for flannel.example, and needs to be for no name => nothing has to be done; its owner may leave that out of the next one"},
		},
		"another user's": {
			func(p *pki) crypto.Signer { return p.newKey(policies.ECDSAP256) },
			func(c *x509.Certificate) { c.Subject.CommonName = "reader" },
			[]string{`critical certificates/identity: theirs.crt: its certificate has CN "reader", and should have "flannel" => ` + externalRemedy},
		},
		"expired": {
			func(p *pki) crypto.Signer { return p.newKey(policies.ECDSAP256) },
			func(c *x509.Certificate) { c.NotAfter = p0.Add(-time.Minute) },
			[]string{"error certificates/external: theirs.crt: its certificate expired on 2026-11-24 11:59 UTC => " + externalRemedy},
		},
		"with the key of another one": {
			func(p *pki) crypto.Signer { return p.key(reader) }, nil,
			[]string{"critical certificates/shared-key: components/reader/client.crt: has the key of theirs.crt: the holder of the one can act as the other => lockstep certs rekey reader --revoke; the owner of theirs.crt has to make it again, with a key of its own"},
		},
		"with a CA's key": {
			func(p *pki) crypto.Signer { return p.key("ca/server") }, nil,
			[]string{"critical certificates/shared-key: theirs.crt: has the key of ca/server.crt: its holder can sign what that CA may sign => the owner of theirs.crt has to make it again, with a key of its own; the CA's key was copied: who could read it can sign any certificate of that CA, any user with the client CA's; lockstep certs rotate-ca server --compromised replaces it"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPKI(t)
			p.forge(flannel, c.key(p), c.mutate)
			leaf := p.state().Pairs[flannel].Leaf
			p.do(os.RemoveAll(p.file("components/flannel")))
			p.policy = parse(t, strings.Replace(twoComponents, "{name: flannel,", "{name: flannel, certificate: {file: theirs.crt},", 1))
			state, err := p.folder.Inspect()
			p.do(err)
			state.External = map[string]certgen.Pair{flannel: {Path: flannel, Leaf: leaf}}
			if diff := cmp.Diff(c.want, withRemedies(&Evidence{Policy: p.policy, Now: p.now, Folder: &state})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Two instances of a component are one user, and one of them can be revoked alone.
func TestInstancesWithOneKey(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	p.policy = parse(t, strings.Replace(twoComponents, "{name: flannel,", "{name: flannel, instances: [a, b],", 1))
	plan := certgen.Diff(certgen.Desired(p.policy), p.state(), p.now)
	plan.Steps = slices.Concat(plan.Steps, plan.Removals())
	p.do(p.folder.Apply(t.Context(), plan, func() time.Time { return p.now }, 1, func(certgen.Step) {}))
	p.forge("components/flannel/instances/b/client", p.key("components/flannel/instances/a/client"), nil)
	want := []string{"warning certificates/shared-key: components/flannel/instances/b/client.crt: has the key of components/flannel/instances/a/client.crt: revoking one of them leaves the key good for the other => lockstep certs rekey flannel/a flannel/b --revoke"}
	if diff := cmp.Diff(want, p.folderFindings()); diff != "" {
		t.Error(diff)
	}
}

// p0 is when the folder of newPKI was made.
var p0 = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

var identityCheck = func() Check {
	all := identityChecks()
	return all[slices.IndexFunc(all, func(c Check) bool { return c.Code == "certificates/identity" })]
}()

// sameCAKey makes the peer CA anew with the client CA's key, and its certificates with it.
func (p *pki) sameCAKey() {
	p.t.Helper()
	all, key := certgen.Desired(p.policy).Profiles, p.key("ca/client")
	profile := all[slices.IndexFunc(all, func(x certgen.Profile) bool { return x.Path == "ca/peer" })]
	id, err := certgen.KeyID(key.Public())
	p.do(err)
	template, err := certgen.CATemplate(profile, id, new(big.Int).Lsh(big.NewInt(1), 100), p.now.Add(time.Minute))
	p.do(err)
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	p.do(err)
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	p.copy("ca/client.key", "ca/peer.key")
	for _, name := range []string{"ca/peer.crt", "members/etcd1/peer-ca.crt"} {
		p.do(os.WriteFile(p.file(name), text, 0o644))
	}
	p.do(os.RemoveAll(p.file("canary")))
	p.do(os.Remove(p.file("peer.crl")))
	p.do(os.Remove(p.file("members/etcd1/peer.crl")))
	p.forge("members/etcd1/peer", p.key("members/etcd1/peer"), nil)
	plan := certgen.Diff(certgen.Desired(p.policy), p.state(), p.now)
	p.do(p.folder.Apply(p.t.Context(), plan, func() time.Time { return p.now }, 1, func(certgen.Step) {}))
}

// retire puts the certificate at path into retired/ as that identity's, gives path a new key, and
// to the certificate at another path the former one.
func (p *pki) retire(path, identity, other string) {
	p.t.Helper()
	leaf, key := p.state().Pairs[path].Leaf, p.key(path)
	p.forge(path, p.newKey(policies.ECDSAP256), nil)
	p.forge(other, key, nil)
	text := certgen.EncodeCertificate(leaf)
	name := p.file(certgen.RetiredPath(identity, leaf))
	p.do(os.MkdirAll(name[:strings.LastIndexByte(name, '/')], 0o700))
	p.do(os.WriteFile(name, text, 0o600))
}
