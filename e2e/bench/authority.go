package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// authority signs with the CA of a folder that lockstep made, by crypto/x509 alone.
type authority struct {
	cert    *x509.Certificate
	key     crypto.PrivateKey
	copied  []byte // ca.crt of each component
	servers *x509.CertPool
}

func readAuthority(pki string) (*authority, error) {
	pair, err := tls.LoadX509KeyPair(filepath.Join(pki, "ca", "client.crt"), filepath.Join(pki, "ca", "client.key"))
	if err != nil {
		return nil, err
	}
	a := &authority{cert: pair.Leaf, key: pair.PrivateKey, servers: x509.NewCertPool()}
	if a.copied, err = os.ReadFile(filepath.Join(pki, "ca", "server.crt")); err != nil {
		return nil, err
	}
	if !a.servers.AppendCertsFromPEM(a.copied) {
		return nil, errors.New("the server CA's file holds no certificate")
	}
	return a, nil
}

// sign makes a key and a client certificate whose CN is user.
func (a *authority) sign(user string) (der []byte, key *ecdsa.PrivateKey, err error) {
	if key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, nil, err
	}
	der, err = a.signFor(key.Public(), user)
	return der, key, err
}

// signFor makes a client certificate for a key.
func (a *authority) signFor(key crypto.PublicKey, user string) (der []byte, err error) {
	serial := make([]byte, 16)
	if _, err := rand.Read(serial); err != nil {
		return nil, err
	}
	now := time.Now()
	return x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial),
		Subject:      pkix.Name{Organization: []string{"bench"}, CommonName: user},
		NotBefore:    now.Add(-time.Minute), NotAfter: now.Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
	}, a.cert, key, a.key)
}

// mint keeps what it signs in memory.
func (a *authority) mint(user string) (*tls.Certificate, error) {
	der, key, err := a.sign(user)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// issueTo makes the four files that lockstep makes for a component, each forced to
// disk once, and their folder once.
func (a *authority) issueTo(dir, user string) error {
	der, key, err := a.sign(user)
	if err != nil {
		return err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for name, content := range map[string][]byte{
		"client.crt":  pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		"client.key":  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}),
		"ca.crt":      a.copied,
		"etcdctl.env": fmt.Appendf(nil, "ETCDCTL_CERT=client.crt\nETCDCTL_KEY=client.key\nETCDCTL_CACERT=ca.crt\n"),
	} {
		if err := writeThrough(filepath.Join(dir, name), content); err != nil {
			return err
		}
	}
	return syncFolder(dir)
}

func writeThrough(name string, content []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Sync(), f.Close())
}
