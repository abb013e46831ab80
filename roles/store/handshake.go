package store

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
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
	firstWords = 4

	// preface is an HTTP/2 client's greeting with empty settings (RFC 9113, section 3.4).
	preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"
)

// Greeting is what a TLS port shows to any client.
type Greeting struct {
	AcceptableCAs [][]byte            // raw subjects of the CAs that it asks certificates of (fact 13); nil: it asked for none
	Server        []*x509.Certificate // its certificates, also those that were not accepted here
}

// HandshakeError is a TLS port's refusal, or ours of it.
type HandshakeError struct {
	Endpoint string
	Alert    string   // the server's alert; "" when the fault is on this side
	Plain    bool     // etcd answers plain http there
	Greeting Greeting // what it showed until then
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

// CannotServe reports that the server could not use its own certificate and key: it
// showed nothing and said "internal error". etcd reads both anew for each handshake
// (fact 13), so they do not belong together, or its user may not read them.
func (e *HandshakeError) CannotServe() bool { return e.Alert == "tls: internal error" }

// Silent reports that the port is open and did not answer in time.
func (e *HandshakeError) Silent() bool { return late(e.Err) }

// Distrusted is the server's certificate that was not accepted here; nil when that was
// not the fault.
func (e *HandshakeError) Distrusted() *x509.Certificate {
	var unverified *tls.CertificateVerificationError
	if errors.As(e.Err, &unverified) && len(unverified.UnverifiedCertificates) > 0 {
		return unverified.UnverifiedCertificates[0]
	}
	return nil
}

// Asks reports whether the CA with that raw subject is among those that a port asks
// certificates of.
func Asks(acceptable [][]byte, subject []byte) bool {
	return slices.ContainsFunc(acceptable, func(raw []byte) bool { return bytes.Equal(raw, subject) })
}

// CANames is CAName for each of the subjects, behind each other.
func CANames(subjects [][]byte) string {
	names := make([]string, len(subjects))
	for i, raw := range subjects {
		names[i] = CAName(raw)
	}
	return strings.Join(names, ", ")
}

// CAName is a CA's raw subject (RFC 5280, Name) in quotes, as people read it.
func CAName(raw []byte) string {
	var seq pkix.RDNSequence
	if _, err := asn1.Unmarshal(raw, &seq); err != nil {
		return "a CA with an unreadable name"
	}
	return fmt.Sprintf("%q", seq.String())
}

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
	elapsed := Stopwatch()
	if err := conn.HandshakeContext(ctx); err != nil {
		var unverified *tls.CertificateVerificationError
		if errors.As(err, &unverified) {
			g.Server = unverified.UnverifiedCertificates
		}
		return g, handshakeError(endpoint, g, err, (hungUp(err) || errors.As(err, new(tls.RecordHeaderError))) && SpeaksPlain(ctx, endpoint))
	}
	g.Server = conn.ConnectionState().PeerCertificates
	if err := judgement(ctx, conn, max(firstWord, firstWords*elapsed())); err != nil {
		return g, handshakeError(endpoint, g, err, false)
	}
	return g, nil
}

// listening is config with the server's CertificateRequest written into g, whatever
// certificate is then shown, and the protocol that etcd's own clients ask for where config
// names none (nil).
func listening(config *tls.Config, name string, g *Greeting) *tls.Config {
	c := config.Clone()
	if c.NextProtos == nil {
		c.NextProtos = []string{"h2"}
	}
	c.CurvePreferences = quick()
	if c.ServerName == "" {
		c.ServerName = name
	}
	chosen := config.GetClientCertificate
	c.GetClientCertificate = func(asked *tls.CertificateRequestInfo) (*tls.Certificate, error) {
		g.AcceptableCAs = append([][]byte{}, asked.AcceptableCAs...)
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
func judgement(ctx context.Context, conn *tls.Conn, silence time.Duration) error {
	err := readByte(ctx, conn, silence)
	if errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() == nil {
		if _, err := io.WriteString(conn, greeting(conn)); err != nil {
			return err
		}
		err = readByte(ctx, conn, max(readWait, silence))
	}
	return err
}

// greeting is what the server answers: the peer port of etcd 3.5 speaks HTTP/1 alone, and ends
// a connection on which HTTP/2 begins.
func greeting(conn *tls.Conn) string {
	if conn.ConnectionState().NegotiatedProtocol == "h2" {
		return preface
	}
	return "GET /version HTTP/1.1\r\nHost: etcd\r\nConnection: close\r\n\r\n"
}

func readByte(ctx context.Context, conn *tls.Conn, wait time.Duration) error {
	waiting, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	until, _ := waiting.Deadline()
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
		return "", "", hint.Refuse("Turn on TLS at the members first: over plain http etcd sees no certificate, so no user would have a name.",
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

// HungUp reports that the server ended the connection without an alert. So does etcd with a
// certificate that its revocation list names (fact 15).
func HungUp(err error) bool { return hungUp(err) }

// hungUp reports that the server ended the connection without an alert.
func hungUp(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET)
}
