package adopt

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io/fs"
	"math/big"
	"net"
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
		"notes.txt":          {Data: text(holder("nobody", client))},
		"nothing.crt":        {Data: []byte("no PEM")},
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
		{File: "folder.crt/app.crt", Key: "ecdsa-p256", Until: day},
		{File: "large.pem", Problem: "it is larger than 1 MiB"},
		{File: "pipe.pem", Problem: "it is no regular file"},
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
