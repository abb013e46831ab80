package world

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"

	"lockstep/certgen"
	"lockstep/policies/hint"
	"lockstep/roles/store"
)

// TLS is a configuration that trusts our servers and shows identity, nil for none.
func (w *World) TLS(identity *tls.Certificate) (*tls.Config, error) {
	if w.Admin != nil && w.Admin.Servers != nil {
		return w.config(w.Admin.Servers, identity), nil
	}
	return w.trusting(certgen.ServerCA, identity)
}

// PeerTLS is the same towards the ports for members.
func (w *World) PeerTLS(identity *tls.Certificate) (*tls.Config, error) {
	config, err := w.trusting(certgen.PeerCA, identity)
	if err == nil {
		config.NextProtos = []string{} // members speak HTTP/1 to each other, and etcd 3.5 nothing else
	}
	return config, err
}

func (w *World) trusting(ca certgen.CA, identity *tls.Certificate) (*tls.Config, error) {
	pool, err := w.pool(ca)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, hint.With(fmt.Errorf("reading the %s CA: %w", ca, err), "Name the CA that signed etcd's servers with --cacert, or bring back the PKI folder's ca/.")
	}
	if err != nil {
		return nil, fmt.Errorf("reading the %s CA: %w", ca, err)
	}
	return w.config(pool, identity), nil
}

// pool is the CA alone, in all generations that are trusted. It is read once in a run: thousands of connections ask for it, and
// no run replaces a CA and then connects.
func (w *World) pool(ca certgen.CA) (*x509.CertPool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if pool := w.pools[ca]; pool != nil {
		return pool, nil
	}
	trust, err := w.Folder.Trust(ca)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	for _, cert := range trust.All() {
		pool.AddCert(cert)
	}
	if w.pools == nil {
		w.pools = map[certgen.CA]*x509.CertPool{}
	}
	w.pools[ca] = pool
	return pool, nil
}

// config shows identity whichever CAs the server asks for. Go would not show it when the
// server's list of CAs does not name its issuer; the server would then see no certificate,
// and its refusal of this one would not be seen.
func (w *World) config(trust *x509.CertPool, identity *tls.Certificate) *tls.Config {
	c := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: trust, Time: w.Now}
	if identity != nil {
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return identity, nil }
	}
	return c
}

// Connect opens a connection to the members at urls as identity alone.
func (w *World) Connect(ctx context.Context, identity *tls.Certificate, urls ...string) (*store.Client, error) {
	return w.ConnectAs(ctx, identity, "", "", urls...)
}

// ConnectAs also logs in with a password, which beats the certificate (fact 4).
func (w *World) ConnectAs(ctx context.Context, identity *tls.Certificate, user, password string, urls ...string) (*store.Client, error) {
	config, err := w.TLS(identity)
	if err != nil {
		return nil, err
	}
	c, err := store.Connect(ctx, store.Target{
		Endpoints: urls, TLS: config, User: user, Password: password, As: w.describe(identity, user), Timeout: w.CallTimeout,
		Passwords: w.Password,
	})
	return c, w.explain(err)
}
