package verify

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lockstep/certgen"
)

// numbered is a certificate with that serial number.
func numbered(t testing.TB, serial int64) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "x"}, NotAfter: time.Date(2036, 1, 1, 0, 0, 0, 0, time.UTC)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func TestEachSerialNumberIsOneCertificates(t *testing.T) {
	t.Parallel()
	outside := parse(t, `
apiVersion: lockstep/v1
kind: Policy
cluster: {name: edge, endpoints: ["https://10.0.0.11:2379"]}
components:
  - {name: flannel, permissions: [{prefix: /net/, access: readwrite}], certificate: {file: /certs/flannel.crt}}
  - {name: reader, permissions: [{prefix: /net/, access: read}]}
`)
	ended := numbered(t, 0xa7)
	ended.NotAfter = time.Time{}.Add(-time.Hour)
	a, b, c, ca := numbered(t, 0xa7), numbered(t, 0xa7), numbered(t, 0xa7), numbered(t, 0xa7)
	pairs := func(all ...certgen.Pair) map[string]certgen.Pair {
		out := map[string]certgen.Pair{}
		for _, p := range all {
			out[p.Path] = p
		}
		return out
	}
	for name, test := range map[string]struct {
		state certgen.State
		want  []string
	}{
		"different ones": {
			certgen.State{Pairs: pairs(certgen.Pair{Path: "components/reader/client", Leaf: a}, certgen.Pair{Path: "ca/client", Leaf: numbered(t, 1)})},
			nil,
		},
		"one certificate in two places": {
			certgen.State{
				Pairs:    pairs(certgen.Pair{Path: "components/reader/client", Leaf: a}, certgen.Pair{Path: "components/flannel/client", Leaf: b}),
				External: map[string]certgen.Pair{"components/flannel/client": {Path: "components/flannel/client", Leaf: a}},
				Retired:  []certgen.Retired{{Identity: "reader", Leaf: a}},
			},
			nil,
		},
		"two in use, one of them outside": {
			certgen.State{
				Pairs:    pairs(certgen.Pair{Path: "components/reader/client", Leaf: a}),
				External: map[string]certgen.Pair{"components/flannel/client": {Path: "components/flannel/client", Leaf: b}},
			},
			[]string{
				"components/reader/client.crt: has the serial number a7, and so has /certs/flannel.crt => the owner of /certs/flannel.crt has to make it again, with a random serial number",
			},
		},
		"one in use and a retired one": {
			certgen.State{
				Pairs:   pairs(certgen.Pair{Path: "components/reader/client", Leaf: a}),
				Retired: []certgen.Retired{{Identity: "gone", Leaf: b}},
			},
			[]string{"components/reader/client.crt: has the serial number a7, and so has retired/gone/a7.crt => lockstep certs renew reader"},
		},
		"one in use and a retired one that has ended": {
			certgen.State{
				Pairs:   pairs(certgen.Pair{Path: "components/reader/client", Leaf: a}),
				Retired: []certgen.Retired{{Identity: "gone", Leaf: ended}},
			},
			nil,
		},
		"one in use, its CA, and a retired one": {
			certgen.State{
				Pairs:   pairs(certgen.Pair{Path: "ca/client", Leaf: ca}, certgen.Pair{Path: "components/reader/client", Leaf: a}),
				Retired: []certgen.Retired{{Identity: "gone", Leaf: b}},
			},
			[]string{"components/reader/client.crt: has the serial number a7, and so have ca/client.crt and 1 more => lockstep certs renew reader"},
		},
		"a CA and two retired ones": {
			certgen.State{
				Pairs:   pairs(certgen.Pair{Path: "ca/client", Leaf: ca}),
				Retired: []certgen.Retired{{Identity: "gone", Leaf: b}, {Identity: "gone", Leaf: c}},
			},
			nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, f := range findSerials(judging(&Evidence{Policy: outside, Folder: &test.state})) {
				got = append(got, f.Subject.Name+": "+f.Text+" => "+f.Remedy)
			}
			slices.Sort(got)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
