package store_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lockstep/policies/hint"
	"lockstep/roles/store"
)

// What clientv3 would report as "context deadline exceeded" has a name each time
// (fact 6), and only the server's own alert counts as the server's refusal.
func TestHandshakeTellsWhy(t *testing.T) {
	t.Parallel()
	s := startEtcd(t)
	stranger := newCA(t, "another CA")
	past := clientTemplate("a")
	past.NotBefore, past.NotAfter = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
	wrongUse := clientTemplate("a")
	wrongUse.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	show := func(c *ca) *tls.Config {
		return &tls.Config{RootCAs: s.servers.pool(), Certificates: []tls.Certificate{c.pair()}}
	}
	named := s.tls(t, "a")
	named.ServerName = "elsewhere.example"
	misled := s.tls(t, "a")
	misled.RootCAs = stranger.pool()
	for _, c := range []struct {
		name, url string
		config    *tls.Config
		byServer  bool
		err, hint string // parts; "" in err is success
	}{
		{name: "a component", url: s.url, config: s.tls(t, "a")},
		{name: "by name", url: strings.Replace(s.url, "127.0.0.1", "localhost", 1), config: s.tls(t, "a")},
		{name: "a server's certificate at the peer port", url: s.peerURL, config: show(issue(t, serverTemplate(), s.servers))},
		{name: "nothing", url: s.url, config: &tls.Config{RootCAs: s.servers.pool()}, byServer: true, err: "tls: certificate required", hint: "was shown none"},
		{name: "a foreign CA", url: s.url, config: show(issue(t, clientTemplate("a"), stranger)), byServer: true, err: "tls: unknown certificate authority", hint: "another client CA"},
		{name: "expired", url: s.url, config: show(issue(t, past, s.clients)), byServer: true, err: "tls: expired certificate", hint: "has expired"},
		{name: "a server's usage", url: s.url, config: show(issue(t, wrongUse, s.clients)), byServer: true, err: "tls: bad certificate", hint: "wrong usage"},
		{name: "a component at the peer port", url: s.peerURL, config: s.tls(t, "a"), byServer: true, err: "tls: unknown certificate authority", hint: "another client CA"},
		{name: "another server CA", url: s.url, config: misled, err: "certificate signed by unknown authority", hint: "wrong cluster"},
		{name: "another name", url: s.url, config: named, err: "not elsewhere.example", hint: "its subjectAltName has to, or dial what it names: localhost, 127.0.0.1"},
		{name: "plain http", url: strings.Replace(s.url, "https", "http", 1), config: s.tls(t, "a"), err: "is not https", hint: "Turn on TLS"},
		{name: "no listener", url: "https://" + freeAddress(t), config: s.tls(t, "a"), err: "connection refused", hint: "start etcd"},
		{name: "a port without TLS", url: plainPort(t), config: s.tls(t, "a"), err: "does not look like a TLS handshake", hint: "does not speak TLS"},
		{name: "a port that hangs up", url: hangingUp(t), config: s.tls(t, "a"), err: "", hint: "CRL"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			_, err := store.Handshake(ctx, c.url, c.config)
			if c.err == "" && c.hint == "" {
				must(t, err)
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.err) || !strings.Contains(hint.Text(err), c.hint) {
				t.Errorf("got %v\nhint %q", err, hint.Text(err))
			}
			var refused *store.HandshakeError
			if byServer := errors.As(err, &refused) && refused.ByServer(); byServer != c.byServer {
				t.Errorf("refused by the server: %v", byServer)
			}
		})
	}
}

// plainPort answers http to whatever is sent.
func plainPort(t *testing.T) string {
	s := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(s.Close)
	return strings.Replace(s.URL, "http", "https", 1)
}

// hangingUp accepts and closes, as etcd does without a readable CRL.
func hangingUp(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Read(make([]byte, 1024)) // the greeting: closing before would be a reset
			_ = c.Close()
		}
	}()
	return "https://" + l.Addr().String()
}

// Fact 15: a CRL file that cannot be read refuses every client, without an alert.
func TestAMemberWithoutItsCRLHangsUp(t *testing.T) {
	t.Parallel()
	for name, crl := range map[string]string{"missing": "", "empty": "\x00", "PEM": "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "client.crl")
			if crl != "" {
				must(t, os.WriteFile(file, []byte(strings.Trim(crl, "\x00")), 0o600))
			}
			s := startSilent(t, "--client-crl-file="+file)
			err := s.handshake(t)
			var failed *store.HandshakeError
			if !errors.As(err, &failed) || failed.ByServer() || store.IsPlain(err) || !strings.Contains(hint.Text(err), "missing, empty or PEM") {
				t.Errorf("got %v\nhint %q", err, hint.Text(err))
			}
		})
	}
}

// handshake is the answer of a member as soon as it listens.
func (s *server) handshake(t *testing.T) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		_, err := store.Handshake(ctx, s.url, s.tls(t, "root"))
		if !store.IsNotListening(err) || ctx.Err() != nil {
			return err
		}
	}
}

// etcd serves http and TLS on one client port when its listen URLs name both. TLS on a
// port for http alone meets a hang-up without a word there, and http on the peer port.
func TestAPortThatSpeaksPlainHTTP(t *testing.T) {
	t.Parallel()
	both, alone, peer := freeAddress(t), freeAddress(t), freeAddress(t)
	mixed := startSilent(t, "--listen-client-urls=http://"+both+",https://"+both+",http://"+alone, "--listen-peer-urls=http://"+peer)
	mixed.url, mixed.peerURL = "https://"+both, "https://"+peer
	mixed.await(t)
	locked := startEtcd(t)
	for _, c := range []struct {
		name, url string
		serves    bool // http
		fails     bool // to shake hands, because of http
	}{
		{"both on the client port", mixed.url, true, false},
		{"http on the client port", "https://" + alone, true, true},
		{"http on the peer port", mixed.peerURL, true, true},
		{"TLS on the client port", locked.url, false, false},
		{"TLS on the peer port", locked.peerURL, false, false},
		{"no client", "https://" + freeAddress(t), false, false},
		{"a port that hangs up", hangingUp(t), false, false},
	} {
		if got := store.SpeaksPlain(t.Context(), c.url); got != c.serves {
			t.Errorf("%s: serves http: %v", c.name, got)
		}
		_, err := store.Handshake(t.Context(), c.url, locked.tls(t, "a"))
		if store.IsPlain(err) != c.fails {
			t.Errorf("%s: got %v", c.name, err)
		}
		if c.fails && (!strings.HasSuffix(err.Error(), "it answers plain http and not TLS") || !strings.Contains(hint.Text(err), "one member at a time")) {
			t.Errorf("%s: got %v\nhint %q", c.name, err, hint.Text(err))
		}
	}
}

// A port that is open and says nothing is neither an acceptance nor a refusal.
func TestSilenceIsNoAnswer(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = l.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = store.Handshake(ctx, "https://"+l.Addr().String(), &tls.Config{})
	var refused *store.HandshakeError
	if err == nil || errors.As(err, &refused) && refused.ByServer() || !strings.Contains(hint.Text(err), "silent") {
		t.Errorf("got %v\nhint %q", err, hint.Text(err))
	}
}

// Fact 13: any client may read which CAs a port has loaded.
func TestAPortNamesItsCAs(t *testing.T) {
	t.Parallel()
	s := startEtcd(t)
	for url, want := range map[string]*ca{s.url: s.clients, s.peerURL: s.servers} {
		g, err := store.Handshake(t.Context(), url, &tls.Config{RootCAs: s.servers.pool()})
		if err == nil {
			t.Errorf("%s took no certificate", url)
		}
		if len(g.AcceptableCAs) != 1 || !bytes.Equal(g.AcceptableCAs[0], want.cert.RawSubject) {
			t.Errorf("%s: got %q", url, g.AcceptableCAs)
		}
		if len(g.Server) == 0 || g.Server[0].Issuer.CommonName != "test servers" {
			t.Errorf("%s: no server certificate", url)
		}
	}
}

// Fact 13: a port shows names and no keys. Two CAs of one name are listed twice, the same
// certificate once; the one that is not there refuses what it signed by the alert of a CA that is
// not trusted, although its name is listed.
func TestAPortNamesTwoCAsOfOneName(t *testing.T) {
	t.Parallel()
	ours, twin, servers := newCA(t, "test clients"), newCA(t, "test clients"), newCA(t, "test servers")
	bundle := func(cas ...*ca) *ca {
		b := *cas[0]
		b.pem = nil
		for _, c := range cas {
			b.pem = append(b.pem, c.pem...)
		}
		return &b
	}
	for _, c := range []struct {
		name    string
		loaded  *ca
		listed  int
		refused bool
	}{
		{"ours", ours, 1, false},
		{"ours twice", bundle(ours, ours), 1, false},
		{"both", bundle(ours, twin), 2, false},
		{"the other alone", twin, 1, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := startUnder(t, c.loaded, servers)
			s.await(t)
			shown := issue(t, clientTemplate("a"), ours)
			g, err := store.Handshake(t.Context(), s.url, &tls.Config{RootCAs: servers.pool(), GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				pair := shown.pair()
				return &pair, nil
			}})
			var failed *store.HandshakeError
			if refused := errors.As(err, &failed) && failed.UntrustedCA(); refused != c.refused || err != nil && !refused {
				t.Errorf("got %v", err)
			}
			if len(g.AcceptableCAs) != c.listed || !store.Asks(g.AcceptableCAs, ours.cert.RawSubject) {
				t.Errorf("listed: %s", store.CANames(g.AcceptableCAs))
			}
		})
	}
}
