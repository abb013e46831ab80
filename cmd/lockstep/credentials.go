package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"strings"

	"lockstep/policies/hint"
)

// credentials is what a target's files hold. A nil field stands for the PKI folder's:
// root's certificate, the server CA.
type credentials struct {
	identity *tls.Certificate
	servers  *x509.CertPool
}

// load reads the files that t names. Errors name the file and never its contents.
func (t target) load() (credentials, error) {
	var c credentials
	if t.Cert.value != "" {
		certificate, err := t.Cert.read("the administrator's certificate")
		if err != nil {
			return credentials{}, err
		}
		key, err := t.Key.read("the key of the administrator's certificate")
		if err != nil {
			return credentials{}, err
		}
		pair, err := tls.X509KeyPair(certificate, key)
		if err != nil {
			return credentials{}, hint.With(fmt.Errorf("reading the administrator's certificate %s and key %s: %w", t.Cert, t.Key, err),
				"both are PEM, and the key is that of the certificate")
		}
		c.identity = &pair
	}
	if t.CACert.value != "" {
		text, err := t.CACert.read("the CA of etcd's servers")
		if err != nil {
			return credentials{}, err
		}
		c.servers = x509.NewCertPool()
		if !c.servers.AppendCertsFromPEM(text) {
			return credentials{}, hint.With(fmt.Errorf("reading the CA of etcd's servers: %s holds no certificate in PEM", t.CACert), t.CACert.without())
		}
	}
	return c, nil
}

// read is the file's content. The error names the variable: the operator may not know that
// it is set.
func (n named) read(what string) ([]byte, error) {
	text, err := os.ReadFile(n.value)
	if err != nil {
		return nil, hint.With(fmt.Errorf("reading %s (%s): %w", what, n.source, err), n.without())
	}
	return text, nil
}

// without is how to do without the file.
func (n named) without() string {
	if !strings.HasPrefix(n.source, "ETCDCTL_") {
		return "Correct " + n.source + ", or leave it out."
	}
	return "unset " + n.source + ", or correct it: a component's etcdctl.env exports it, with a path that begins in that component's folder."
}

// String is `ops.pem (ETCDCTL_CERT)`.
func (n named) String() string { return fmt.Sprintf("%s (%s)", n.value, n.source) }
