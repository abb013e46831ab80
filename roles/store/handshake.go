package store

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"syscall"
	"time"

	"lockstep/policies/hint"
)

const (
	// readWait is how long a server is waited for at least. A refusal of our certificate
	// arrives within one round trip of the handshake (fact 6).
	readWait = 2 * time.Second

	// firstWord is how long a server is given to speak first, and firstWords how many
	// times what the handshake took: who is far away or busy is slow in both. The port
	// for clients sends its HTTP/2 settings unasked; the one for peers waits for a
	// greeting.
	firstWord  = 50 * time.Millisecond
	firstWords = 8

	// preface is an HTTP/2 client's greeting with empty settings (RFC 9113, section 3.4).
	preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"
)

// Greeting is what a TLS port shows to anybody.
type Greeting struct {
	AcceptableCAs [][]byte // raw subjects of the CAs that it asks certificates of (fact 13)
	Server        []*x509.Certificate
}

// HandshakeError is a TLS port's refusal, or ours of it.
type HandshakeError struct {
	Endpoint string
	Alert    string // the server's alert; "" when the fault is on this side
	Plain    bool   // etcd answers plain http there
	Err      error
}

func (e *HandshakeError) Error() string {
	switch {
	case e.Plain:
		return fmt.Sprintf("shaking hands with %s: it answers plain http and not TLS", e.Endpoint)
	case late(e.Err):
		return fmt.Sprintf("shaking hands with %s: no answer in time", e.Endpoint)
	}
	return fmt.Sprintf("shaking hands with %s: %v", e.Endpoint, e.Err)
}

func (e *HandshakeError) Unwrap() error { return e.Err }

// ByServer reports whether the server itself turned us away.
func (e *HandshakeError) ByServer() bool { return e.Alert != "" }

// IsNotListening reports that nothing listens at the address.
func IsNotListening(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

// Handshake dials an https URL, shakes hands and waits for the server's judgement of
// our certificate: TLS 1.3 tells it on the first read. The greeting is as complete as
// the handshake got, also beside an error. Errors carry a hint; one that the server
// itself sent is a *HandshakeError with ByServer.
func Handshake(ctx context.Context, endpoint string, config *tls.Config) (Greeting, error) {
	var g Greeting
	address, name, err := parseEndpoint(endpoint)
	if err != nil {
		return g, err
	}
	raw, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return g, dialError(endpoint, err)
	}
	defer raw.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := raw.SetDeadline(deadline); err != nil {
			return g, fmt.Errorf("shaking hands with %s: %w", endpoint, err)
		}
	}
	conn := tls.Client(raw, listening(config, name, &g))
	start := time.Now()
	if err := conn.HandshakeContext(ctx); err != nil {
		return g, handshakeError(endpoint, err, (hungUp(err) || errors.As(err, new(tls.RecordHeaderError))) && SpeaksPlain(ctx, endpoint))
	}
	g.Server = conn.ConnectionState().PeerCertificates
	return g, judgement(ctx, endpoint, conn, max(firstWord, firstWords*time.Since(start)))
}

// listening is config with the server's CertificateRequest written into g, whatever
// certificate is then shown, and the protocol that etcd's own clients ask for.
func listening(config *tls.Config, name string, g *Greeting) *tls.Config {
	c := config.Clone()
	c.NextProtos = []string{"h2"}
	c.CurvePreferences = quick()
	if c.ServerName == "" {
		c.ServerName = name
	}
	chosen := config.GetClientCertificate
	c.GetClientCertificate = func(asked *tls.CertificateRequestInfo) (*tls.Certificate, error) {
		g.AcceptableCAs = asked.AcceptableCAs
		if chosen != nil {
			return chosen(asked)
		}
		if len(config.Certificates) > 0 {
			return &config.Certificates[0], nil
		}
		return &tls.Certificate{}, nil
	}
	return c
}

// quick is the key exchanges that cost least: a member is shown every component's
// certificate, and the default, which is meant to outlast quantum computers, takes half of
// our time for it. A handshake tells nothing that is worth recording. All three because
// TLS 1.2 limits certificates to these curves, too; the first is one that every server
// has (RFC 8446, section 9.1).
func quick() []tls.CurveID { return []tls.CurveID{tls.CurveP256, tls.CurveP384, tls.CurveP521} }

// judgement reads one byte: that is an acceptance, an alert is a refusal. Greeting the
// server at once could meet its refusal on the way and lose it, so it may speak first:
// silence is how long.
func judgement(ctx context.Context, endpoint string, conn *tls.Conn, silence time.Duration) error {
	err := readByte(ctx, conn, silence)
	if errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() == nil {
		if _, err := io.WriteString(conn, preface); err != nil {
			return handshakeError(endpoint, err, false)
		}
		err = readByte(ctx, conn, max(readWait, silence))
	}
	if err != nil {
		return handshakeError(endpoint, err, false)
	}
	return nil
}

func readByte(ctx context.Context, conn *tls.Conn, wait time.Duration) error {
	until := time.Now().Add(wait)
	if deadline, ok := ctx.Deadline(); ok && deadline.Before(until) {
		until = deadline
	}
	if err := conn.SetReadDeadline(until); err != nil {
		return err
	}
	_, err := conn.Read(make([]byte, 1))
	return err
}

// parseEndpoint is the address to dial and the name to expect.
func parseEndpoint(endpoint string) (address, name string, err error) {
	u, err := url.Parse(endpoint)
	if err != nil {
		return "", "", fmt.Errorf("reading the endpoint: %w", err)
	}
	if u.Scheme != "https" {
		return "", "", hint.Refuse("Turn on TLS at the members first: over plain http etcd sees no certificate, so nobody would have a name.",
			"%s is not https", endpoint)
	}
	if u.Port() == "" {
		return net.JoinHostPort(u.Hostname(), "2379"), u.Hostname(), nil
	}
	return u.Host, u.Hostname(), nil
}

func dialError(endpoint string, err error) error {
	advice := "Look whether the address is right and a firewall lets you through."
	switch {
	case IsNotListening(err):
		advice = "Nothing listens there: start etcd, or correct the address."
	case late(err):
		advice = "No answer at all: the host is down, the address is wrong, or a firewall drops the packets."
	}
	return hint.With(fmt.Errorf("dialling %s: %w", endpoint, err), advice)
}

func late(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded)
}

// hungUp reports that the server ended the connection without an alert.
func hungUp(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET)
}

// handshakeError gives each known refusal its reason and its cure.
func handshakeError(endpoint string, err error, plain bool) error {
	failed := &HandshakeError{Endpoint: endpoint, Plain: plain, Err: err}
	var remote *net.OpError
	if errors.As(err, &remote) && remote.Op == "remote error" { // how crypto/tls names an alert that was received
		failed.Alert = remote.Err.Error()
	}
	return hint.With(failed, handshakeAdvice(failed))
}

func handshakeAdvice(e *HandshakeError) string {
	var stranger x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var plain tls.RecordHeaderError
	switch {
	case e.Plain:
		return "Over plain http etcd sees no certificate: start the member with its etcd.env; a cluster with data goes over one member at a time (docs/plain-http.md)."
	case errors.As(e.Err, &stranger):
		return "The server's certificate was not signed by the CA that is trusted here: wrong cluster, wrong --cacert, or another PKI folder."
	case errors.As(e.Err, &name):
		return "The server's certificate does not name this address: add it to the member's hosts in the policy."
	case errors.As(e.Err, &invalid) && invalid.Reason == x509.Expired:
		return "The server's certificate has expired, or a clock is wrong."
	case errors.As(e.Err, &plain):
		return "The port does not speak TLS: start the member with its etcd.env; plain http is refused because etcd sees no certificate there."
	case hungUp(e.Err):
		return "The member hangs up without a word: etcd 3.6 and later does that to everybody when its CRL file (client.crl, peer.crl) is missing, empty or PEM instead of DER, and any etcd while it starts or ends."
	case late(e.Err):
		return "The port is open and silent: the member is paused, overloaded, or not etcd."
	case e.Alert == "":
		return ""
	}
	return alertAdvice(e.Alert)
}

// alertAdvice explains a server's alert (RFC 8446, section 6.2, in crypto/tls's words).
func alertAdvice(alert string) string {
	switch alert {
	case "tls: expired certificate":
		return "The certificate that was shown has expired, or the member's clock is ahead."
	case "tls: unknown certificate authority":
		return "The member does not trust the CA of the certificate that was shown: it was started with another client CA."
	case "tls: certificate required":
		return "The member wants a certificate and was shown none."
	case "tls: bad certificate":
		return "The member refuses the certificate that was shown: wrong usage, wrong CA, expired, not yet valid, or revoked; its log says which."
	}
	return "The member's log says why."
}
