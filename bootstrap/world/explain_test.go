package world

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"lockstep/certgen"
	"lockstep/policies"
	"lockstep/policies/hint"
)

var now = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// A server's certificate that is not accepted is put right by its maker: for a member of
// the policy by lockstep and a copy, else by its owner.
func TestWhoPutsAServerCertificateRight(t *testing.T) {
	t.Parallel()
	sign := newSigner(t)
	const copying = "copy server.crt and server.key, both, from members/etcd1 of the PKI folder to its host, readable to etcd's user; etcd needs no restart."
	const renewing = "run lockstep apply, or lockstep bootstrap where no member can be reached, and " + copying
	for name, c := range map[string]struct {
		change        func(*x509.Certificate)
		own, external string // hints
	}{
		"good": {change: func(*x509.Certificate) {}},
		"another name": {
			func(x *x509.Certificate) { x.IPAddresses, x.DNSNames = nil, []string{"a.example", "b.example"} },
			"The member's certificate names a.example, b.example. Put 127.0.0.1 into its hosts in the policy if it is not there, " + renewing,
			"The server's certificate is not lockstep's: its owner has to put 127.0.0.1 into its subjectAltName. Or name the endpoint by what is there: a.example, b.example.",
		},
		"expired": {
			func(x *x509.Certificate) { x.NotAfter = now.Add(-time.Hour) },
			"The member's certificate expired on 2026-11-24T11:00:00Z: " + renewing,
			"The server's certificate expired on 2026-11-24T11:00:00Z. It is not lockstep's: its owner has to renew it.",
		},
		"not yet valid": {
			func(x *x509.Certificate) { x.NotBefore = now.Add(time.Hour) },
			"The server's certificate is not valid before 2026-11-24T13:00:00Z: wait until then, or set the clock that is wrong, here or where it was made.",
			"The server's certificate is not valid before 2026-11-24T13:00:00Z: wait until then, or set the clock that is wrong, here or where it was made.",
		},
		"for clients": {
			func(x *x509.Certificate) { x.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} },
			"The member shows a certificate that is not one for servers: " + copying,
			"The server's certificate is not one for servers and not lockstep's: its owner has to make one whose extended key usage holds serverAuth.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := sign.serve(t, c.change)
			for cluster, want := range map[string]string{
				`{name: c, install: ., data: data, members: [{name: etcd1, hosts: [127.0.0.1], clientURL: "URL", peerURL: "https://127.0.0.1:1"}]}`: c.own,
				`{name: c, endpoints: ["URL"]}`: c.external,
			} {
				w := sign.world(t, strings.Replace(cluster, `"URL"`, `"`+url+`"`, 1))
				_, err := w.Handshake(t.Context(), url, nil)
				if got := hint.Text(err); got != want || (err == nil) != (want == "") {
					t.Errorf("got %v\nhint %q\nwant %q", err, got, want)
				}
			}
		})
	}
}

// A server that cannot use its key shows nothing, and says so by "internal error".
func TestAServerThatCannotUseItsKey(t *testing.T) {
	t.Parallel()
	sign := newSigner(t)
	url := listen(t, func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, context.Canceled })
	w := sign.world(t, `{name: c, endpoints: ["`+url+`"]}`)
	_, err := w.Handshake(t.Context(), url, nil)
	want := "The member cannot use its server certificate and key: they do not belong together, or etcd's user may not read them. Its owner has to put a certificate with its own key there and make both files readable to etcd's user; etcd needs no restart."
	if got := hint.Text(err); got != want {
		t.Errorf("got %v\nhint %q", err, got)
	}
}

// What a member trusts instead of our client CA decides what its operator has to do.
func TestTrustAdvice(t *testing.T) {
	t.Parallel()
	subject := func(cn string) []byte { return marshal(t, pkix.Name{CommonName: cn}) }
	intermediate := &x509.Certificate{RawSubject: subject("intermediate"), RawIssuer: subject("root")}
	const restart = "restart each member: etcd reads CAs only at its start"
	for name, c := range map[string]struct {
		policy policies.Policy
		ca     *x509.Certificate
		asked  string
		want   string
	}{
		"the CA above": {
			policies.Policy{Certificates: policies.Certificates{CA: policies.CertificateFile{Path: "int.pem"}}}, intermediate, "root",
			`The member trusts "CN=root", which stands above our client CA "CN=intermediate". Put that CA itself (int.pem) into the file that the member's --trusted-ca-file names, in place of "CN=root", and ` + restart + `. Clients of other CAs below "CN=root" are refused from then on.`,
		},
		"another CA": {
			policies.Policy{}, intermediate, "other",
			`Put our client CA "CN=intermediate" alone (ca/client.crt of the PKI folder) into the file that the member's --trusted-ca-file names, and ` + restart + `.`,
		},
		"a root": {
			policies.Policy{}, &x509.Certificate{RawSubject: subject("root"), RawIssuer: subject("root")}, "root",
			`Put our client CA "CN=root" alone (ca/client.crt of the PKI folder) into the file that the member's --trusted-ca-file names, and ` + restart + `.`,
		},
		"a member of the policy": {
			policies.Policy{Cluster: policies.Cluster{Members: make([]policies.Member, 1)}}, intermediate, "root",
			`Copy client-ca.crt of the member's folder to its host (--trusted-ca-file, as its etcd.env says) and ` + restart + `.`,
		},
	} {
		if got := TrustAdvice(&c.policy, certgen.TrustSet{Current: c.ca}, [][]byte{subject(c.asked)}); got != c.want {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

func marshal(t *testing.T, name pkix.Name) []byte {
	t.Helper()
	raw, err := asn1.Marshal(name.ToRDNSequence())
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// signer is a CA for servers.
type signer struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newSigner(t *testing.T) *signer {
	t.Helper()
	s := &signer{key: newKey(t)}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "servers"}, NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	s.cert = s.sign(t, template, template, s.key)
	return s
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (s *signer) sign(t *testing.T, template, parent *x509.Certificate, key *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	raw, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, s.key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// serve is the URL of a port that shows a certificate for 127.0.0.1, as change makes it.
func (s *signer) serve(t *testing.T, change func(*x509.Certificate)) string {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{Organization: []string{"c"}}, NotBefore: now.Add(-2 * time.Hour), NotAfter: now.Add(2 * time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	change(template)
	key := newKey(t)
	pair := &tls.Certificate{Certificate: [][]byte{s.sign(t, template, s.cert, key).Raw}, PrivateKey: key}
	return listen(t, func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return pair, nil })
}

// listen is the URL of a TLS port that sends one byte to every client.
func listen(t *testing.T, choose func(*tls.ClientHelloInfo) (*tls.Certificate, error)) string {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{GetCertificate: choose, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte{0})
			_ = c.Close()
		}
	}()
	return "https://" + l.Addr().String()
}

func (s *signer) world(t *testing.T, cluster string) *World {
	t.Helper()
	text := "apiVersion: lockstep/v1\nkind: Policy\ncluster: " + cluster + "\ncomponents: [{name: app, permissions: [{prefix: /app/, access: read}]}]\n"
	p, err := policies.Parse(policies.File{Name: "lockstep.yaml", Text: []byte(text)})
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(s.cert)
	return &World{Policy: p, Now: func() time.Time { return now }, InFlight: 1, CallTimeout: 5 * time.Second, Admin: &Admin{Servers: pool}}
}
