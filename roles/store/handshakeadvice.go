package store

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"lockstep/policies/hint"
)

// handshakeError gives each known refusal its reason and its cure.
func handshakeError(endpoint string, shown Greeting, err error, plain bool) error {
	failed := &HandshakeError{Endpoint: endpoint, Plain: plain, Greeting: shown, Err: err}
	var remote *net.OpError
	if errors.As(err, &remote) && remote.Op == "remote error" { // how crypto/tls names an alert that was received
		failed.Alert = remote.Err.Error()
	}
	return hint.With(failed, handshakeAdvice(failed))
}

func handshakeAdvice(e *HandshakeError) string {
	var plain tls.RecordHeaderError
	switch {
	case e.Plain:
		return "Over plain http etcd sees no certificate: start the member with its etcd.env; a cluster with data goes over one member at a time (docs/plain-http.md)."
	case e.Distrusted() != nil:
		return certificateAdvice(e.Err, e.Distrusted())
	case errors.As(e.Err, &plain):
		return "The port does not speak TLS: start the member with its etcd.env; plain http is refused because etcd sees no certificate there."
	case hungUp(e.Err):
		return "The member ends the connection without an alert: etcd 3.6 and later does that to every client when its CRL file (client.crl, peer.crl) is missing, empty or PEM instead of DER, any etcd to a certificate that the list revokes, and any etcd while it starts or ends."
	case late(e.Err):
		return "The port is open and silent: the member is paused, overloaded, or not etcd."
	case e.Alert == "":
		return ""
	}
	return alertAdvice(e)
}

// certificateAdvice explains why the server's certificate is not accepted here. Package
// world, which knows whose the member is, says more.
func certificateAdvice(err error, shown *x509.Certificate) string {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &unknown):
		return "The server's certificate was not signed by the CA that is trusted here: wrong cluster, wrong --cacert, or another PKI folder."
	case errors.As(err, &name):
		return fmt.Sprintf("The server's certificate does not name this address: its subjectAltName has to, or dial what it names: %s.", Names(shown))
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "The server's certificate has expired or is not valid yet, or a clock is wrong."
	case errors.As(err, &invalid) && invalid.Reason == x509.IncompatibleUsage:
		return "The server's certificate is not one for servers: its extended key usage has to hold serverAuth."
	}
	return "The server needs another certificate."
}

// Names is the hosts that a certificate names, "nothing" for none.
func Names(cert *x509.Certificate) string {
	names := slices.Clone(cert.DNSNames)
	for _, ip := range cert.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		return "nothing"
	}
	return strings.Join(names, ", ")
}

// alertAdvice explains a server's alert (RFC 8446, section 6.2, in crypto/tls's words).
func alertAdvice(e *HandshakeError) string {
	switch e.Alert {
	case "tls: expired certificate":
		return "The certificate that was shown has expired, or the member's clock is ahead."
	case unknownCA:
		return "The member does not trust the CA of the certificate that was shown: it was started with another client CA." + asksFor(e.Greeting.AcceptableCAs)
	case "tls: certificate required":
		return "The member wants a certificate and was shown none."
	case "tls: bad certificate":
		return "The member refuses the certificate that was shown: wrong usage, wrong CA, not yet valid, or made wrong; its log says which. Show it another certificate: lockstep certs issue root makes root's, and lockstep apply a component's whose .crt and .key were moved away."
	}
	if e.CannotServe() {
		return "The member cannot use its server certificate and key: they do not belong together, or etcd's user may not read them. Put both right; etcd reads them at each handshake, without a restart."
	}
	return "The member's log says why."
}

const unknownCA = "tls: unknown certificate authority"

// UntrustedCA reports that the server does not trust the CA of the certificate that it
// was shown.
func (e *HandshakeError) UntrustedCA() bool { return e.Alert == unknownCA }

func asksFor(subjects [][]byte) string {
	if len(subjects) == 0 {
		return ""
	}
	return " It asks for certificates of " + CANames(subjects) + "."
}
