package store_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"lockstep/roles/store"
)

// patience bounds every wait for a real process; nothing waits that long when all is well.
const patience = 60 * time.Second

var binary = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "lockstep-etcd")
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, "lockstep-etcd")
	out, err := exec.Command("go", "build", "-C", filepath.Join("..", "..", "etcd"), "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building etcd: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := binary(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// ca signs whatever a test asks for.
type ca struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

func newCA(t testing.TB, name string) *ca {
	t.Helper()
	template := &x509.Certificate{Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	return issue(t, template, nil)
}

// issue makes a certificate of template, signed by parent or by itself.
func issue(t testing.TB, template *x509.Certificate, parent *ca) *ca {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template.SerialNumber, err = rand.Int(rand.Reader, big.NewInt(1<<62))
	must(t, err)
	if template.NotAfter.IsZero() {
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	}
	signer := &ca{cert: template, key: key}
	if parent != nil {
		signer = parent
	}
	der, err := x509.CreateCertificate(rand.Reader, template, signer.cert, key.Public(), signer.key)
	must(t, err)
	cert, err := x509.ParseCertificate(der)
	must(t, err)
	return &ca{cert: cert, key: key, pem: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
}

func (c *ca) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(c.cert)
	return pool
}

func (c *ca) pair() tls.Certificate {
	return tls.Certificate{Certificate: [][]byte{c.cert.Raw}, PrivateKey: c.key, Leaf: c.cert}
}

func clientTemplate(cn string) *x509.Certificate {
	return &x509.Certificate{Subject: pkix.Name{Organization: []string{"test"}, CommonName: cn}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
}

func serverTemplate() *x509.Certificate {
	return &x509.Certificate{Subject: pkix.Name{Organization: []string{"test"}}, DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
}

// server is one real etcd process.
type server struct {
	url, peerURL string
	clients      *ca // signs clients
	servers      *ca // signed its certificate
	process      *os.Process
}

// startEtcd starts one member that takes a certificate's CN for the user, and waits
// until it answers. more are further flags.
func startEtcd(t testing.TB, more ...string) *server {
	t.Helper()
	s := startSilent(t, more...)
	s.await(t)
	return s
}

// startSilent does not wait.
func startSilent(t testing.TB, more ...string) *server {
	t.Helper()
	return startUnder(t, newCA(t, "test clients"), newCA(t, "test servers"), more...)
}

// startUnder does not wait, and uses CAs that are there.
func startUnder(t testing.TB, clients, servers *ca, more ...string) *server {
	t.Helper()
	path, err := binary()
	must(t, err)
	s := &server{url: "https://" + freeAddress(t), peerURL: "https://" + freeAddress(t), clients: clients, servers: servers}
	folder := t.TempDir()
	own := issue(t, serverTemplate(), s.servers)
	write := func(name string, text []byte) string {
		file := filepath.Join(folder, name)
		must(t, os.WriteFile(file, text, 0o600))
		return file
	}
	der, err := x509.MarshalPKCS8PrivateKey(own.key)
	must(t, err)
	cert, key := write("server.crt", own.pem), write("server.key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	clientCA, serverCA := write("client-ca.crt", s.clients.pem), write("server-ca.crt", s.servers.pem)
	log, err := os.Create(filepath.Join(folder, "log"))
	must(t, err)
	args := []string{"--name=m", "--data-dir=" + filepath.Join(folder, "data"), "--unsafe-no-fsync", "--bcrypt-cost=4", "--log-level=warn",
		"--listen-client-urls=" + s.url, "--advertise-client-urls=" + s.url, "--listen-peer-urls=" + s.peerURL,
		"--initial-advertise-peer-urls=" + s.peerURL, "--initial-cluster=m=" + s.peerURL,
		"--cert-file=" + cert, "--key-file=" + key, "--trusted-ca-file=" + clientCA, "--client-cert-auth",
		"--peer-cert-file=" + cert, "--peer-key-file=" + key, "--peer-trusted-ca-file=" + serverCA, "--peer-client-cert-auth"}
	cmd := exec.Command(path, append(args, more...)...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	must(t, cmd.Start())
	s.process = cmd.Process
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
		_ = log.Close()
		if t.Failed() {
			text, _ := os.ReadFile(log.Name())
			t.Logf("etcd said:\n%s", tail(text, 4000))
		}
	})
	return s
}

func tail(text []byte, n int) []byte { return text[max(0, len(text)-n):] }

// await asks until the member answers.
func (s *server) await(t testing.TB) {
	t.Helper()
	c := s.as(t, "root")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		_, err := c.AuthStatus(ctx)
		if err == nil {
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("etcd does not answer: %v", err)
		}
	}
}

func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	return l.Addr().String()
}

// tls is the configuration of a client with that CN.
func (s *server) tls(t testing.TB, cn string) *tls.Config {
	t.Helper()
	return &tls.Config{RootCAs: s.servers.pool(), Certificates: []tls.Certificate{issue(t, clientTemplate(cn), s.clients).pair()}}
}

// as is a bare client whose certificate has that CN.
func (s *server) as(t testing.TB, cn string) *clientv3.Client {
	t.Helper()
	c, err := clientv3.New(clientv3.Config{Endpoints: []string{s.url}, TLS: s.tls(t, cn), DialTimeout: patience, Logger: zap.NewNop()})
	must(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// connect is our own client as that CN.
func (s *server) connect(t testing.TB, cn string) *store.Client {
	t.Helper()
	c, err := store.Connect(t.Context(), store.Target{Endpoints: []string{s.url}, TLS: s.tls(t, cn), Timeout: patience})
	must(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
