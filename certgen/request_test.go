package certgen_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"net"
	"strings"
	"testing"

	"lockstep/certgen"
)

func onCurve(t testing.TB, c elliptic.Curve) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(c, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// request is a certificate request in DER that asks for what template says.
func request(t testing.TB, key crypto.Signer, template x509.CertificateRequest) []byte {
	t.Helper()
	der, err := x509.CreateCertificateRequest(rand.Reader, &template, key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func named(cn string) x509.CertificateRequest {
	return x509.CertificateRequest{Subject: pkix.Name{CommonName: cn}}
}

func TestRequestDefect(t *testing.T) {
	t.Parallel()
	prof := profiles(edge(t))["components/reader/client"]
	p256 := onCurve(t, elliptic.P256())
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	long, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	twice := x509.CertificateRequest{Subject: pkix.Name{ExtraNames: []pkix.AttributeTypeAndValue{
		{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: "root"}, {Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: "Reader"}}}}
	hosts := named("Reader")
	hosts.DNSNames, hosts.IPAddresses, hosts.EmailAddresses = []string{"a.example"}, []net.IP{net.IPv4(10, 0, 0, 1)}, []string{"a@b"}
	other := named("Reader") // a name of a kind that x509 does not read
	other.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Value: []byte{0x30, 0x04, 0x88, 0x02, 0x2a, 0x03}}}
	wide := named("Reader")
	wide.Subject.Organization = []string{"elsewhere"}
	wide.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 19}, Critical: true, Value: []byte{0x30, 0x03, 0x01, 0x01, 0xff}}}
	changed := request(t, p256, named("Reader"))
	changed[len(changed)-1] ^= 1

	for name, c := range map[string]struct {
		der  []byte
		want string
	}{
		"P-256":                           {request(t, p256, named("Reader")), ""},
		"P-384":                           {request(t, onCurve(t, elliptic.P384()), named("Reader")), ""},
		"P-521":                           {request(t, onCurve(t, elliptic.P521()), named("Reader")), ""},
		"Ed25519":                         {request(t, edwards, named("Reader")), ""},
		"RSA":                             {request(t, long, named("Reader")), ""},
		"what else it asks for is unread": {request(t, p256, wide), ""},
		"short RSA":                       {request(t, short, named("Reader")), "has an RSA key of 1024 bits, and 2048 is the least"},
		"P-224":                           {request(t, onCurve(t, elliptic.P224()), named("Reader")), "has a key on curve P-224, which TLS 1.3 does not know: P-256, P-384 and P-521 are good"},
		"another CN":                      {request(t, p256, named("root")), `has the CN "root", and the component reader has the CN "Reader"`},
		"another case":                    {request(t, p256, named("reader")), `has the CN "reader", and the component reader has the CN "Reader"`},
		"two CNs":                         {request(t, p256, twice), `has the CN "root" and "Reader", and the component reader has the CN "Reader"`},
		"no CN":                           {request(t, p256, named("")), `has no CN, and the component reader has the CN "Reader"`},
		"names":                           {request(t, p256, hosts), `asks for subject alternative names ("a.example", "a@b", "10.0.0.1"), and a certificate for clients has none`},
		"a name of another kind":          {request(t, p256, other), "asks for subject alternative names, and a certificate for clients has none"},
		"changed on the way":              {changed, "is not signed with its own key (x509: ECDSA verification failure)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parsed, err := certgen.ParseRequest(c.der)
			if err != nil {
				t.Fatal(err)
			}
			if got := certgen.RequestDefect(parsed, prof); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestParseRequest(t *testing.T) {
	t.Parallel()
	der := request(t, onCurve(t, elliptic.P256()), named("reader"))
	block := func(kind string) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	for name, c := range map[string]struct{ content, want string }{
		"DER":                   {string(der), ""},
		"PEM":                   {block("CERTIFICATE REQUEST"), ""},
		"PEM of older tools":    {block("NEW CERTIFICATE REQUEST"), ""},
		"text before it":        {"Certificate Request:\n" + block("CERTIFICATE REQUEST"), ""},
		"nothing":               {"\n", "the file is empty"},
		"a key":                 {block("PRIVATE KEY"), `a PEM block "PRIVATE KEY" is where a certificate request belongs`},
		"a key after it":        {block("CERTIFICATE REQUEST") + block("PRIVATE KEY"), `a PEM block "PRIVATE KEY" comes after the certificate request`},
		"bytes after it":        {string(der) + "x", "this is no certificate request in PEM or DER form: asn1: syntax error: trailing data"},
		"something else":        {"hello", "this is no certificate request in PEM or DER form: "},
		"PEM of something else": {string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: []byte("x")})), "this is no certificate request in PEM or DER form: "},
	} {
		_, err := certgen.ParseRequest([]byte(c.content))
		switch {
		case c.want == "" && err != nil, c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)):
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestKeyUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	own := profiles(w.p)["components/flannel/client"]
	client := w.cas[certgen.ClientCA]
	lone := onCurve(t, elliptic.P256())
	key := func(path string) crypto.PublicKey { return w.state.Pairs[path].Leaf.PublicKey }
	old := issue(t, client, own, now)
	foreign := issue(t, client, own, now)
	revoked := issue(t, client, own, now)
	w.state.Retired = []certgen.Retired{{Identity: "flannel", Leaf: old}, {Identity: "gone", Leaf: foreign}, {Identity: "flannel", Leaf: revoked}}
	w.state.External = map[string]certgen.Pair{"components/reader/client": {Leaf: issue(t, client, own, now)}}
	list, err := client.RevocationList([]x509.RevocationListEntry{{SerialNumber: revoked.SerialNumber, RevocationTime: now}}, big.NewInt(9), now)
	if err != nil {
		t.Fatal(err)
	}
	w.state.Files["client.crl"] = list
	for name, c := range map[string]struct {
		key  crypto.PublicKey
		want string
	}{
		"a new key":                 {lone.Public(), ""},
		"the component's own":       {key("components/flannel/client"), ""},
		"its own, retired":          {old.PublicKey, ""},
		"its own, revoked":          {revoked.PublicKey, certgen.RetiredPath("flannel", revoked) + ", which is revoked"},
		"a member's":                {key("members/etcd1/server"), "members/etcd1/server.crt"},
		"a CA's":                    {key("ca/peer"), "ca/peer.crt"},
		"of another, retired":       {foreign.PublicKey, certgen.RetiredPath("gone", foreign)},
		"an external certificate's": {w.state.External["components/reader/client"].Leaf.PublicKey, "the external certificate of reader"},
	} {
		if got := w.state.KeyUse(c.key, own); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
	w.state.ExternalCA.Current = newCA(t, w.p, certgen.ServerCA, now).Certificate()
	if got := w.state.KeyUse(w.state.ExternalCA.Current.PublicKey, own); got != "the client CA" {
		t.Errorf("the key of an external CA: %q", got)
	}
}

func TestDiffSign(t *testing.T) {
	t.Parallel()
	key := onCurve(t, elliptic.P256())
	for name, c := range map[string]struct {
		change func(*world)
		own    bool // the request is made with the key that is there
		want   string
	}{
		"nothing there": {func(w *world) {
			delete(w.state.Pairs, "components/flannel/client")
			delete(w.state.Files, "components/flannel/ca.crt")
			delete(w.state.Files, "components/flannel/etcdctl.env")
		}, false, `sign components/flannel/client to user "flannel" | missing
write components/flannel/etcdctl.env | missing
write components/flannel/ca.crt | missing`},
		"a pair": {func(*world) {}, false,
			`sign components/flannel/client to user "flannel" | the certificate that is there goes to retired/; the key that is there is deleted when the new certificate replaces it`},
		"its own pair": {func(*world) {}, true,
			`sign components/flannel/client to user "flannel" | the certificate that is there goes to retired/; the key that is there stays: the request was made with it`},
		"delivered": {func(w *world) {
			w.change("components/flannel/client", func(p *certgen.Pair) { p.Key = certgen.KeyAbsent })
		}, false, `sign components/flannel/client to user "flannel" | the certificate that is there goes to retired/`},
		"cut off here and elsewhere": {func(w *world) {
			w.state.Unfinished = []string{"components/flannel/client", "members/etcd1/peer"}
			w.change("components/flannel/client", func(p *certgen.Pair) { p.Key = certgen.KeyAbsent })
		}, false, `finish components/flannel/client | its writing was cut off
sign components/flannel/client to user "flannel" | the certificate that is there goes to retired/`},
		"files of others are left": {func(w *world) {
			delete(w.state.Files, "members/etcd1/etcd.env")
			delete(w.state.Pairs, "components/flannel/client")
		}, false, `sign components/flannel/client to user "flannel" | missing`},
		"no CA": {func(w *world) { w.state = certgen.State{} }, false,
			"BLOCKED the certificate of flannel needs the client CA, which has not been made yet: bootstrap the cluster first"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			public := key.Public()
			if c.own {
				public = w.state.Pairs["components/flannel/client"].Leaf.PublicKey
			}
			c.change(&w)
			got := certgen.DiffSign(w.p, certgen.ComponentProfile(w.p, w.p.Components[0].Holders()[0]), public, w.state, now)
			if text := strings.TrimSpace(plan(got)); text != c.want {
				t.Errorf("got\n%s\nwant\n%s", text, c.want)
			}
		})
	}
}
