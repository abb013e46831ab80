package adopt

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"lockstep/certgen"
)

// certificate is a self-signed certificate of that template until 2027-05-01.
func certificate(t *testing.T, template x509.Certificate) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber, template.NotAfter = big.NewInt(1), until("2027-05-01")
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func holder(cn string, usages ...x509.ExtKeyUsage) x509.Certificate {
	return x509.Certificate{Subject: pkix.Name{CommonName: cn}, ExtKeyUsage: usages}
}

func TestReadCertificatesTakesTheFirstLeafOfEachFile(t *testing.T) {
	t.Parallel()
	text := func(template x509.Certificate) []byte {
		return certgen.EncodeCertificate(certificate(t, template))
	}
	ca := x509.Certificate{Subject: pkix.Name{CommonName: "CA"}, IsCA: true, BasicConstraintsValid: true}
	key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("secret")})
	client, server := x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth
	got, err := ReadCertificates(fstest.MapFS{
		"ca.pem":             {Data: text(ca)},
		"a/app-key.pem":      {Data: key},
		"a/app.pem":          {Data: slices.Concat(key, text(ca), text(holder("app", client)), text(holder("other", client)))},
		"both.crt":           {Data: text(holder("both", client, server))},
		"any.CER":            {Data: text(holder("any"))},
		"broken.cert":        {Data: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")})},
		"large.pem":          {Data: make([]byte, largest+1)},
		"pipe.pem":           {Mode: fs.ModeNamedPipe},
		"notes.txt":          {Data: []byte("no certificate")},
		"pipe":               {Mode: fs.ModeNamedPipe},
		"etcd-cert":          {Data: text(holder("calico-node", client))},
		"etcd-key":           {Data: key},
		"etcd-ca":            {Data: text(ca)},
		"nothing.crt":        {Data: []byte("no PEM")},
		"der":                {Data: certificate(t, holder("web", client)).Raw},
		"der-ca.cer":         {Data: certificate(t, ca).Raw},
		"mark.crt":           {Data: slices.Concat([]byte("\xef\xbb\xbf"), text(holder("web", client)))},
		"mark":               {Data: slices.Concat([]byte("\xef\xbb\xbf"), text(holder("web", client)))},
		"wide.crt":           {Data: []byte("\xff\xfe-\x00-\x00-\x00")},
		"table.csv":          {Data: []byte("\xef\xbb\xbfa;b")},
		"s/..2026_11_27/tls": {Data: text(holder("mounted", client))},
		"folder.crt/app.crt": {Data: text(holder("", client))},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		if got[i].File == "broken.cert" && got[i].Problem != "" {
			got[i].Problem = "broken"
		}
	}
	day := until("2027-05-01")
	want := []Certificate{
		{File: "a/app.pem", Name: "app", Key: "ecdsa-p256", Until: day},
		{File: "any.CER", Name: "any", Key: "ecdsa-p256", Until: day, Server: true},
		{File: "both.crt", Name: "both", Key: "ecdsa-p256", Until: day, Server: true},
		{File: "broken.cert", Problem: "broken"},
		{File: "der", Problem: `it is DER, of "web"; lockstep and etcd's clients read PEM: openssl x509 -inform DER`},
		{File: "etcd-cert", Name: "calico-node", Key: "ecdsa-p256", Until: day},
		{File: "folder.crt/app.crt", Key: "ecdsa-p256", Until: day},
		{File: "large.pem", Problem: "it is larger than 1 MiB"},
		{File: "mark", Problem: "it begins with a byte order mark, and PEM must not: save it as plain ASCII"},
		{File: "mark.crt", Problem: "it begins with a byte order mark, and PEM must not: save it as plain ASCII"},
		{File: "nothing.crt", Problem: "it holds nothing in PEM"},
		{File: "pipe.pem", Problem: "it is not a regular file"},
		{File: "wide.crt", Problem: "it begins with a byte order mark, and PEM must not: save it as plain ASCII"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAFolderThatIsNotThereIsAnError(t *testing.T) {
	t.Parallel()
	if got, err := ReadCertificates(fstest.MapFS{}, nil); err != nil || got == nil || len(got) != 0 {
		t.Errorf("an empty folder: %v, %v", got, err)
	}
	sub, _ := fs.Sub(fstest.MapFS{}, "nowhere")
	if _, err := ReadCertificates(sub, nil); err == nil {
		t.Error("no folder, and no error")
	}
}

// One file is one, by whatever links, and a mounted Secret is what its links show.
func TestReadCertificatesCountsAFileOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	version := filepath.Join(dir, "secret", "..2026_11_27_10_00_00.1")
	if err := errors.Join(os.MkdirAll(version, 0o755), os.Mkdir(filepath.Join(dir, "live"), 0o755)); err != nil {
		t.Fatal(err)
	}
	write := func(name, cn string) error {
		return os.WriteFile(filepath.Join(dir, name), certgen.EncodeCertificate(certificate(t, holder(cn))), 0o600)
	}
	if err := errors.Join(
		write("secret/..2026_11_27_10_00_00.1/tls.crt", "app"),
		os.Symlink(filepath.Base(version), filepath.Join(dir, "secret", "..data")),
		os.Symlink("..data/tls.crt", filepath.Join(dir, "secret", "tls.crt")),
		write("a-2026.pem", "kubelet"),
		os.Symlink("../a-2026.pem", filepath.Join(dir, "live", "current.pem")),
		os.Link(filepath.Join(dir, "a-2026.pem"), filepath.Join(dir, "z.pem")),
		os.Symlink("gone", filepath.Join(dir, "dangling.crt")), os.Symlink("gone", filepath.Join(dir, "dangling")),
	); err != nil {
		t.Fatal(err)
	}
	found, err := ReadCertificates(os.DirFS(dir), nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range found {
		got = append(got, fmt.Sprintf("%s %s%s", c.File, c.Name, c.Problem))
	}
	want := []string{"dangling.crt no such file or directory", "live/current.pem kubelet", "secret/tls.crt app"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestReadFolderTellsTheClusterAndItsHosts(t *testing.T) {
	t.Parallel()
	ca := certificate(t, x509.Certificate{Subject: pkix.Name{Organization: []string{"edge"}}, IsCA: true, BasicConstraintsValid: true})
	peer := certificate(t, x509.Certificate{DNSNames: []string{"etcd1.example"}, IPAddresses: []net.IP{net.IPv4(10, 0, 0, 11)}})
	got := ReadFolder(certgen.State{Pairs: map[string]certgen.Pair{
		"ca/client":                 {Path: "ca/client", Leaf: ca},
		"members/etcd1/peer":        {Leaf: peer},
		"members/etcd1/server":      {Leaf: certificate(t, x509.Certificate{DNSNames: []string{"localhost"}})},
		"members/etcd2/peer":        {},
		"components/members/client": {Leaf: peer},
	}})
	want := Folder{Cluster: "edge", Hosts: map[string][]string{"etcd1": {"10.0.0.11", "etcd1.example"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := ReadFolder(certgen.State{}); got.Cluster != "" || len(got.Hosts) > 0 {
		t.Errorf("of nothing: %+v", got)
	}
}
