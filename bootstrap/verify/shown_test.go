package verify

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lockstep/certgen"
)

// The certificate that a member shows is the one that the folder holds for it, or else it
// has an owner who renews it.
func TestShownServerCertificates(t *testing.T) {
	t.Parallel()
	now := sound().Now
	cert := func(name string, from, until int) *x509.Certificate {
		return &x509.Certificate{Raw: []byte(name), SerialNumber: new(big.Int).SetBytes([]byte(name)), PublicKey: ed25519.PublicKey{},
			NotBefore: now.AddDate(0, 0, from), NotAfter: now.AddDate(0, 0, until)}
	}
	mine, other, twin, later := cert("mine", -10, 355), cert("other", -10, 355), cert("twin", -10, 355), cert("later", -10, 355)
	later.NotAfter = later.NotAfter.Add(time.Hour)
	for name, c := range map[string]struct {
		shown *x509.Certificate
		held  *x509.Certificate // by the folder, for etcd1; it holds other for etcd2
		want  []string
	}{
		"the folder's":     {mine, mine, nil},
		"nothing":          {nil, mine, nil},
		"an older one":     {cert("old", -300, 65), mine, []string{"warning members/server-other: etcd1: shows an older certificate than members/etcd1/server.crt: it ends on 2027-01-28, and the folder's on 2027-11-14"}},
		"another one":      {cert("new", -1, 364), mine, []string{"warning members/server-other: etcd1: shows another certificate than members/etcd1/server.crt: it ends on 2027-11-23, and the folder's on 2027-11-14"}},
		"etcd2's":          {other, mine, []string{"warning members/server-other: etcd1: shows the server certificate of etcd2: its serial number is 6f74686572, and the folder's 6d696e65; both end on 2027-11-14T00:00:00Z"}},
		"of the same time": {twin, mine, []string{"warning members/server-other: etcd1: shows another certificate than members/etcd1/server.crt: its serial number is 7477696e, and the folder's 6d696e65; both end on 2027-11-14T00:00:00Z"}},
		"of the same day":  {later, mine, []string{"warning members/server-other: etcd1: shows another certificate than members/etcd1/server.crt: it ends on 2027-11-14T01:00:00Z, and the folder's on 2027-11-14T00:00:00Z"}},
		"its owner's":      {cert("x", -100, 265), nil, nil},
		"due":              {cert("x", -300, 65), nil, []string{"warning members/server-due: etcd1: its server certificate ends on 2027-01-28, in 65 days"}},
		"due, and ours":    {cert("mine", -300, 65), cert("mine", -300, 65), nil}, // certificates/due says so
		"on its last day":  {cert("x", -364, 1), nil, []string{"warning members/server-due: etcd1: its server certificate ends on 2026-11-25, in 1 day"}},
	} {
		e := sound()
		e.Policy = parse(t, twoComponents)
		e.Folder = &certgen.State{Pairs: map[string]certgen.Pair{"members/etcd1/server": {Leaf: c.held}, "members/etcd2/server": {Leaf: other}}}
		e.Members[0].Server = c.shown
		if diff := cmp.Diff(c.want, lines(e, serverChecks())); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	e := sound()
	e.Policy, e.Folder = parse(t, twoComponents), &certgen.State{}
	e.Members[0].PeerPort.Server = cert("x", -300, 65)
	if diff := cmp.Diff([]string{"warning members/server-due: etcd1: its peer certificate ends on 2027-01-28, in 65 days"}, lines(e, serverChecks())); diff != "" {
		t.Errorf("due on the peer port: %s", diff)
	}
}

// sign makes a certificate of that CA, as the member's server or peer certificate is but for
// what spoil changes.
func (p *pki) sign(ca string, spoil func(*x509.Certificate), bits int) *x509.Certificate {
	p.t.Helper()
	text, err := os.ReadFile(p.file("ca/" + ca + ".key"))
	p.do(err)
	block, _ := pem.Decode(text)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	p.do(err)
	var public any
	if bits > 0 {
		weak, err := rsa.GenerateKey(rand.Reader, bits)
		p.do(err)
		public = weak.Public()
	} else {
		strong, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		p.do(err)
		public = strong.Public()
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 126))
	p.do(err)
	template := &x509.Certificate{
		SerialNumber: serial.Add(serial, new(big.Int).Lsh(big.NewInt(1), 126)), Subject: pkix.Name{Organization: []string{"edge"}},
		NotBefore: p.now.Add(-time.Minute), NotAfter: p.now.AddDate(1, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, IPAddresses: []net.IP{net.IPv4(10, 0, 0, 11)},
		SubjectKeyId: []byte{1, 2, 3},
	}
	if ca == "server" {
		template.IPAddresses, template.DNSNames = append(template.IPAddresses, net.IPv4(127, 0, 0, 1), net.IPv6loopback), []string{"localhost"}
	} else {
		template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageClientAuth)
	}
	spoil(template)
	der, err := x509.CreateCertificate(rand.Reader, template, p.state().Pairs["ca/"+ca].Leaf, public, key)
	p.do(err)
	cert, err := x509.ParseCertificate(der)
	p.do(err)
	return cert
}

// A certificate on a host that is for more than the policy says, or weaker, is named by what is
// wrong with it; one that is only another is members/server-other.
func TestDefectiveServerCertificates(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	state := p.state()
	const is = "error members/server-defective: etcd1: shows a certificate that "
	for name, c := range map[string]struct {
		ca, want string
		spoil    func(*x509.Certificate)
		bits     int
	}{
		"another":         {"server", "", func(*x509.Certificate) {}, 0},
		"fewer hosts":     {"server", "", func(c *x509.Certificate) { c.DNSNames = nil }, 0},
		"more hosts":      {"server", is + "is for 10.0.0.11, 127.0.0.1, ::1, evil.example, localhost, and should be for 10.0.0.11, 127.0.0.1, ::1, localhost", func(c *x509.Certificate) { c.DNSNames = append(c.DNSNames, "evil.example") }, 0},
		"a short RSA key": {"server", is + "has an RSA key of 1024 bits, and 2048 is the least", func(*x509.Certificate) {}, 1024},
		"long-lived":      {"server", is + "is valid for 3000d, and the policy says 1y: if its key leaks, it is good until 2035-02-10", func(c *x509.Certificate) { c.NotAfter = p.now.AddDate(0, 0, 3000) }, 0},
		"both usages":     {"server", is + "has extended key usage serverAuth+clientAuth, and should have serverAuth", func(c *x509.Certificate) { c.ExtKeyUsage = append(c.ExtKeyUsage, x509.ExtKeyUsageClientAuth) }, 0},
		"a CA":            {"server", is + "may sign certificates: its key can sign a certificate for any user", func(c *x509.Certificate) { c.IsCA = true }, 0},
		"a CN":            {"server", is + `has CN "etcd1", and etcd would take it for that user: no CN belongs here`, func(c *x509.Certificate) { c.Subject.CommonName = "etcd1" }, 0},
		"a peer's, more hosts": {"peer", "error members/server-defective: etcd1: its peer port shows a certificate that is for 10.0.0.11, x, and should be for 10.0.0.11",
			func(c *x509.Certificate) { c.DNSNames = []string{"x"} }, 0},
		"a peer's, one usage": {"peer", "error members/server-defective: etcd1: its peer port shows a certificate that has extended key usage serverAuth, and should have serverAuth+clientAuth",
			func(c *x509.Certificate) { c.ExtKeyUsage = c.ExtKeyUsage[:1] }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			e := sound()
			e.Policy, e.Folder, e.Now = p.policy, &state, p.now
			shown := p.sign(c.ca, c.spoil, c.bits)
			if c.ca == "server" {
				e.Members[0].Server = shown
			} else {
				e.Members[0].PeerPort.Server = shown
			}
			got := lines(e, shownChecks())
			if c.want == "" {
				if len(got) != 1 || got[0][:len("warning members/server-other")] != "warning members/server-other" {
					t.Errorf("got %q", got)
				}
			} else if diff := cmp.Diff([]string{c.want}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	e := sound()
	e.Policy, e.Folder, e.Now = p.policy, &certgen.State{}, p.now
	e.Members[0].Server = p.sign("server", func(c *x509.Certificate) { c.DNSNames = []string{"theirs"} }, 1024)
	if diff := cmp.Diff([]string{is + "has an RSA key of 1024 bits, and 2048 is the least"}, lines(e, shownChecks())); diff != "" {
		t.Errorf("its owner's: %s", diff)
	}
}
