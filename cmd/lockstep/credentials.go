package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

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
	if t.Cert != "" {
		pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
		if err != nil {
			return credentials{}, hint.With(fmt.Errorf("reading the administrator's certificate %s and key %s: %w", t.Cert, t.Key, err),
				"both are PEM, and the key is that of the certificate")
		}
		c.identity = &pair
	}
	if t.CACert != "" {
		text, err := os.ReadFile(t.CACert)
		if err != nil {
			return credentials{}, fmt.Errorf("reading the CA of etcd's servers: %w", err)
		}
		c.servers = x509.NewCertPool()
		if !c.servers.AppendCertsFromPEM(text) {
			return credentials{}, fmt.Errorf("reading the CA of etcd's servers: %w", errors.New(t.CACert+" holds no certificate in PEM"))
		}
	}
	return c, nil
}
