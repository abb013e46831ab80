package authority_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lockstep/certgen"
	"lockstep/certgen/authority"
	"lockstep/policies"
	"lockstep/policies/hint"
)

var now = time.Date(2026, 5, 1, 12, 0, 0, 123456789, time.UTC)

func user(t testing.TB, name string) policies.UserName {
	t.Helper()
	u, err := policies.ParseUserName(name)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// edge has one profile of each kind.
func edge(t testing.TB, key policies.KeyAlgorithm) *policies.Policy {
	return &policies.Policy{
		Cluster: policies.Cluster{
			Name:    "edge",
			Members: []policies.Member{{Name: "etcd1", Hosts: []string{"10.0.0.11", "fd00::1", "etcd1.edge.internal"}}},
			Proxies: []policies.Proxy{{Name: "proxy1", Hosts: []string{"10.0.0.21"}, ClientURL: "https://10.0.0.21:23790"}},
		},
		Certificates: policies.Certificates{
			Key:       key,
			Subject:   policies.Subject{OrganizationalUnit: []string{"ops"}, Locality: []string{"Oslo"}},
			Lifetimes: policies.Lifetimes{CA: 1000 * time.Hour, Member: 100 * time.Hour, Component: 10 * time.Hour},
		},
		Components: []policies.Component{{Name: "flannel", User: user(t, "flannel")}},
	}
}

func profile(t testing.TB, p *policies.Policy, path string) certgen.Profile {
	t.Helper()
	for _, x := range append(certgen.Desired(p).Profiles, certgen.RootProfile(p, time.Hour)) {
		if x.Path == path {
			return x
		}
	}
	t.Fatalf("no profile %s", path)
	return certgen.Profile{}
}

func create(t testing.TB, p *policies.Policy, ca certgen.CA, at time.Time) *authority.Authority {
	t.Helper()
	a, key, err := authority.Create(profile(t, p, certgen.CAPath(ca)), at)
	if err != nil {
		t.Fatal(err)
	}
	if !authority.Matches(a.Certificate(), key) {
		t.Fatal("the key that is to be kept is another one")
	}
	return a
}

func algorithms() []policies.KeyAlgorithm {
	return []policies.KeyAlgorithm{policies.ECDSAP256, policies.ECDSAP384, policies.Ed25519, policies.RSA2048, policies.RSA3072, policies.RSA4096}
}

var (
	oidKeyUsage         = asn1.ObjectIdentifier{2, 5, 29, 15}
	oidBasicConstraints = asn1.ObjectIdentifier{2, 5, 29, 19}
	oidNameConstraints  = asn1.ObjectIdentifier{2, 5, 29, 30}
	oidSAN              = asn1.ObjectIdentifier{2, 5, 29, 17}
)

// critical reports whether an extension is there, and critical.
func critical(c *x509.Certificate, oid asn1.ObjectIdentifier) (there, crit bool) {
	for _, e := range c.Extensions {
		if e.Id.Equal(oid) {
			return true, e.Critical
		}
	}
	return false, false
}

// TestLeaves holds the properties of every row of the certificate table under every
// key algorithm.
func TestLeaves(t *testing.T) {
	t.Parallel()
	paths := []string{"members/etcd1/server", "members/etcd1/peer", "proxies/proxy1/server", "proxies/proxy1/client", "components/flannel/client", "root/client"}
	for _, key := range algorithms() {
		t.Run(string(key), func(t *testing.T) {
			t.Parallel()
			p, above := edge(t, key), edge(t, key)
			paths := paths
			if key == policies.RSA3072 || key == policies.RSA4096 { // their keys take seconds to make
				above, paths = edge(t, policies.RSA2048), paths[:1]
			}
			cas := map[certgen.CA]*authority.Authority{}
			for _, ca := range certgen.CAs() {
				cas[ca] = create(t, above, ca, now)
			}
			for _, path := range paths {
				prof := profile(t, p, path)
				pair, err := authority.Mint(context.Background(), cas[prof.CA], prof, now)
				if err != nil {
					t.Fatal(err)
				}
				checkLeaf(t, pair.Leaf, prof, cas[prof.CA].Certificate(), pair.PrivateKey.(crypto.Signer))
			}
		})
	}
}

func checkLeaf(t *testing.T, c *x509.Certificate, p certgen.Profile, ca *x509.Certificate, key crypto.Signer) {
	t.Helper()
	is := func(what string, ok bool) {
		t.Helper()
		if !ok {
			t.Errorf("%s: %s", p.Path, what)
		}
	}
	id, err := certgen.KeyID(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	there, crit := critical(c, oidBasicConstraints)
	is("critical CA:FALSE", there && crit && !c.IsCA)
	there, crit = critical(c, oidKeyUsage)
	is("critical key usage, digitalSignature only", there && crit && c.KeyUsage == x509.KeyUsageDigitalSignature)
	is("extended key usage", slices.Equal(c.ExtKeyUsage, p.Usages()) && len(c.UnknownExtKeyUsage) == 0)
	is("serial of 128 bits", c.SerialNumber.Sign() > 0 && c.SerialNumber.BitLen() > 64 && c.SerialNumber.BitLen() <= 128)
	is("begins five minutes ago", c.NotBefore.Equal(now.Add(-5*time.Minute).Truncate(time.Second)))
	is("ends after its lifetime", c.NotAfter.Equal(now.Add(p.Lifetime).Truncate(time.Second)))
	is("SKI", bytes.Equal(c.SubjectKeyId, id) && len(id) == 20)
	is("AKI", bytes.Equal(c.AuthorityKeyId, ca.SubjectKeyId))
	is("key", authority.Matches(c, key) && certgen.AlgorithmOf(c.PublicKey) == p.Key)
	is("O, OU, L", cmp.Equal([][]string{{"edge"}, {"ops"}, {"Oslo"}}, [][]string{c.Subject.Organization, c.Subject.OrganizationalUnit, c.Subject.Locality}))
	is("CN", c.Subject.CommonName == p.User.String() && strings.Count(c.Subject.String(), "CN=") == min(1, len(p.User.String())))
	there, _ = critical(c, oidSAN)
	is("SAN", there == (len(p.Hosts) > 0) && len(c.IPAddresses)+len(c.DNSNames) == len(p.Hosts))
	is("version 3", c.Version == 3)
	roots := x509.NewCertPool()
	roots.AddCert(ca)
	for _, usage := range p.Usages() {
		_, err := c.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{usage}})
		is("chain", err == nil)
	}
	is("no defect", len(certgen.Defects(c, p, ca, now)) == 0)
}

func TestCAs(t *testing.T) {
	t.Parallel()
	for _, key := range algorithms()[:4] {
		for _, ca := range certgen.CAs() {
			t.Run(string(key)+"/"+string(ca), func(t *testing.T) {
				t.Parallel()
				p := profile(t, edge(t, key), certgen.CAPath(ca))
				a, _, err := authority.Create(p, now)
				if err != nil {
					t.Fatal(err)
				}
				c := a.Certificate()
				if there, crit := critical(c, oidBasicConstraints); !there || !crit || !c.IsCA || c.MaxPathLen != 0 || !c.MaxPathLenZero {
					t.Error("not critical CA:TRUE, path length 0")
				}
				if there, crit := critical(c, oidKeyUsage); !there || !crit || c.KeyUsage != x509.KeyUsageCertSign|x509.KeyUsageCRLSign {
					t.Error("not critical keyCertSign, cRLSign")
				}
				if there, crit := critical(c, oidNameConstraints); there != (ca == certgen.ClientCA) || there && !crit {
					t.Errorf("name constraints: there %v, critical %v", there, crit)
				}
				if !slices.Equal(c.ExtKeyUsage, p.Usages()) {
					t.Error("extended key usage", c.ExtKeyUsage)
				}
				if !regexp.MustCompile(`^edge ` + string(ca) + ` CA [0-9a-f]{8}$`).MatchString(c.Subject.CommonName) {
					t.Error("CN", c.Subject.CommonName)
				}
				if err := c.CheckSignatureFrom(c); err != nil {
					t.Error(err)
				}
				if !c.NotAfter.Equal(now.Add(p.Lifetime).Truncate(time.Second)) || !c.NotBefore.Equal(now.Add(-5*time.Minute).Truncate(time.Second)) {
					t.Error("validity", c.NotBefore, c.NotAfter)
				}
			})
		}
	}
}

func TestLongClusterName(t *testing.T) {
	t.Parallel()
	p := edge(t, policies.ECDSAP256)
	p.Cluster.Name = strings.Repeat("x", 64)
	c := create(t, p, certgen.ClientCA, now).Certificate()
	if n := len(c.Subject.CommonName); n != 64 || !strings.Contains(c.Subject.CommonName, " client CA ") {
		t.Errorf("CN %q has %d bytes", c.Subject.CommonName, n)
	}
}

// TestOneJobEach: each CA issues what is its own, and nothing else.
func TestOneJobEach(t *testing.T) {
	t.Parallel()
	p := edge(t, policies.ECDSAP256)
	for _, ca := range certgen.CAs() {
		a := create(t, p, ca, now)
		for _, path := range []string{"members/etcd1/server", "members/etcd1/peer", "proxies/proxy1/client", "components/flannel/client", "root/client"} {
			prof := profile(t, p, path)
			_, err := authority.Mint(context.Background(), a, prof, now)
			if prof.CA == ca && err != nil {
				t.Error(err)
			}
			if want := `"` + a.Certificate().Subject.CommonName + `" is not the ` + string(prof.CA) + " CA"; prof.CA != ca && (err == nil || err.Error() != want) {
				t.Errorf("%s CA, %s: %v", ca, path, err)
			}
		}
		if _, err := authority.Mint(context.Background(), a, profile(t, p, certgen.CAPath(ca)), now); err == nil {
			t.Errorf("the %s CA signed a CA", ca)
		}
	}
}

func TestNothingOutlivesItsCA(t *testing.T) {
	t.Parallel()
	p := edge(t, policies.ECDSAP256)
	a := create(t, p, certgen.ClientCA, now)
	prof := profile(t, p, "components/flannel/client")
	end := a.Certificate().NotAfter

	pair, err := authority.Mint(context.Background(), a, prof, end.Add(-time.Hour))
	if err != nil || !pair.Leaf.NotAfter.Equal(end) {
		t.Errorf("an hour before: until %v, want %v (%v)", pair.Leaf.NotAfter, end, err)
	}
	_, err = authority.Mint(context.Background(), a, prof, end.Add(time.Second))
	want := `the CA "` + a.Certificate().Subject.CommonName + `" expired on 2026-06-12`
	if err == nil || err.Error() != want || hint.Text(err) == "" {
		t.Errorf("a second after: %v, hint %q", err, hint.Text(err))
	}
}

func TestIssueRefuses(t *testing.T) {
	t.Parallel()
	p := edge(t, policies.ECDSAP256)
	a := create(t, p, certgen.ClientCA, now)
	prof := profile(t, p, "components/flannel/client")
	key, err := authority.NewKey(prof.Key)
	if err != nil {
		t.Fatal(err)
	}
	public := key.Public()
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	hosts, eternal, other := prof, prof, prof
	hosts.Hosts, eternal.Lifetime, other.Key = []string{"evil"}, 0, policies.Ed25519
	for _, c := range []struct {
		name, want string
		ctx        context.Context
		key        crypto.PublicKey
		p          certgen.Profile
	}{
		{"no public key", "unsupported public key type", context.Background(), "a string", prof},
		{"a cancelled run", "context canceled", gone, public, prof},
		{"no lifetime", "the profile has no lifetime", context.Background(), public, eternal},
		{"SANs below the client CA", `names no hosts, and components/flannel/client asks for ["evil"]`, context.Background(), public, hosts},
		{"a key of another algorithm", "has a key of kind ecdsa-p256, and the policy says ed25519", context.Background(), public, other},
	} {
		chain, err := a.Issue(c.ctx, c.key, c.p, now)
		if err == nil || chain != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestIssueWithoutThePrivateKey renews a certificate from its public key alone.
func TestIssueWithoutThePrivateKey(t *testing.T) {
	t.Parallel()
	p := edge(t, policies.ECDSAP256)
	a := create(t, p, certgen.ClientCA, now)
	prof := profile(t, p, "components/flannel/client")
	old, err := authority.Mint(context.Background(), a, prof, now)
	if err != nil {
		t.Fatal(err)
	}
	chain, err := a.Issue(context.Background(), old.Leaf.PublicKey, prof, now)
	if err != nil || len(chain) != 1 {
		t.Fatal(err, len(chain))
	}
	prof.Lifetime = 10 * time.Hour
	checkLeaf(t, chain[0], prof, a.Certificate(), old.PrivateKey.(crypto.Signer))
	if chain[0].SerialNumber.Cmp(old.Leaf.SerialNumber) == 0 {
		t.Error("the renewed certificate has the old serial number")
	}
}

type liar struct{ chain []*x509.Certificate }

func (l liar) Issue(context.Context, crypto.PublicKey, certgen.Profile, time.Time) ([]*x509.Certificate, error) {
	return l.chain, nil
}

func TestMintTrustsNoIssuer(t *testing.T) {
	t.Parallel()
	p := edge(t, policies.ECDSAP256)
	prof := profile(t, p, "components/flannel/client")
	someone := create(t, p, certgen.ClientCA, now).Certificate()
	for _, chain := range [][]*x509.Certificate{nil, {someone}} {
		if _, err := authority.Mint(context.Background(), liar{chain}, prof, now); err == nil {
			t.Error("accepted a certificate for another key")
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	p := edge(t, policies.ECDSAP256)
	a, key, err := authority.Create(profile(t, p, "ca/client"), now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := authority.Load(a.Certificate(), key); err != nil {
		t.Error(err)
	}
	other, err := authority.NewKey(policies.Ed25519)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := authority.Load(a.Certificate(), other); err == nil || !strings.Contains(err.Error(), "its key belongs to another certificate") {
		t.Error("foreign key:", err)
	}
	pair, err := authority.Mint(context.Background(), a, profile(t, p, "components/flannel/client"), now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := authority.Load(pair.Leaf, pair.PrivateKey.(crypto.Signer)); err == nil || !strings.Contains(err.Error(), "its certificate is not a CA's") {
		t.Error("leaf:", err)
	}
	if _, _, err := authority.Create(profile(t, p, "components/flannel/client"), now); err == nil {
		t.Error("made a CA from a leaf's profile")
	}
}

// TestSerialsAreShared: CAs that avoid the same set never give the same number, and
// several goroutines may use one.
func TestSerialsAreShared(t *testing.T) {
	t.Parallel()
	p := edge(t, policies.Ed25519)
	var used certgen.Serials
	client, server := create(t, p, certgen.ClientCA, now), create(t, p, certgen.ServerCA, now)
	client.Avoid(&used)
	server.Avoid(&used)
	if used.Take(client.Certificate().SerialNumber) || used.Take(server.Certificate().SerialNumber) {
		t.Error("a CA's own serial number is free")
	}
	var mu sync.Mutex
	seen := map[string]bool{}
	var wg sync.WaitGroup
	for _, c := range []struct {
		a    *authority.Authority
		path string
	}{{client, "components/flannel/client"}, {server, "members/etcd1/server"}} {
		prof := profile(t, p, c.path)
		for range 20 {
			wg.Go(func() {
				pair, err := authority.Mint(context.Background(), c.a, prof, now)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				serial := pair.Leaf.SerialNumber.String()
				if seen[serial] || used.Take(pair.Leaf.SerialNumber) {
					t.Error("serial number", serial, "was given before, or not noted")
				}
				seen[serial] = true
			})
		}
	}
	wg.Wait()
}

func TestRevocationList(t *testing.T) {
	t.Parallel()
	for _, key := range algorithms()[:4] {
		a := create(t, edge(t, key), certgen.ClientCA, now)
		entries := []x509.RevocationListEntry{{SerialNumber: big.NewInt(42), RevocationTime: now}}
		der, err := a.RevocationList(entries, big.NewInt(3), now)
		if err != nil {
			t.Fatal(err)
		}
		got, err := x509.ParseRevocationList(der)
		if err != nil {
			t.Fatal(err)
		}
		if err := got.CheckSignatureFrom(a.Certificate()); err != nil {
			t.Error(err)
		}
		if len(got.RevokedCertificateEntries) != 1 || got.Number.Int64() != 3 || !got.NextUpdate.Equal(a.Certificate().NotAfter) {
			t.Errorf("%+v", got)
		}
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	for _, algorithm := range algorithms() {
		t.Run(string(algorithm), func(t *testing.T) {
			t.Parallel()
			key, err := authority.NewKey(algorithm)
			if err != nil {
				t.Fatal(err)
			}
			content, err := authority.EncodeKey(key)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.HasPrefix(content, []byte("-----BEGIN PRIVATE KEY-----\n")) {
				t.Error("not PKCS#8 PEM")
			}
			back, err := authority.ParseKey(content)
			if err != nil {
				t.Fatal(err)
			}
			if !back.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(key.Public()) || certgen.AlgorithmOf(back.Public()) != algorithm {
				t.Error("another key came back")
			}
			for cut := range len(content) { // no part of a key is a key
				if _, err := authority.ParseKey(content[:cut]); err == nil && cut < len(content)-1 {
					t.Fatalf("%d of %d bytes are a key", cut, len(content))
				} else if err != nil && strings.Contains(err.Error(), string(content[40:60])) {
					t.Fatal("the key is in the error")
				}
			}
		})
	}
	if _, err := authority.NewKey("dsa"); err == nil {
		t.Error("made a DSA key")
	}
	for content, want := range map[string]string{
		"":  "this is not PEM",
		"x": "this is not PEM",
		"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n": "the key is encrypted",
		"-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n":               `a PEM block "EC PRIVATE KEY" is where a PKCS#8 PRIVATE KEY belongs`,
		"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n":                     "this is not a PKCS#8 private key",
	} {
		if _, err := authority.ParseKey([]byte(content)); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", content, err, want)
		}
	}
}

var errLost = errors.New("lost")

type broken struct{}

func (broken) Issue(context.Context, crypto.PublicKey, certgen.Profile, time.Time) ([]*x509.Certificate, error) {
	return nil, errLost
}

func TestMintPassesOnErrors(t *testing.T) {
	t.Parallel()
	if _, err := authority.Mint(context.Background(), broken{}, certgen.Profile{Path: "x"}, now); !errors.Is(err, errLost) {
		t.Error(err)
	}
}
