package view

import (
	"crypto/x509"
	"math/big"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lockstep/bootstrap"
	"lockstep/bootstrap/verify"
	"lockstep/certgen"
	"lockstep/policies"
	"lockstep/policies/pending"
)

// TestRevokedText: what is signed and what waits is said of each list.
func TestRevokedText(t *testing.T) {
	t.Parallel()
	both, client := []certgen.CA{certgen.ClientCA, certgen.PeerCA}, []certgen.CA{certgen.ClientCA}
	wait := func(cas ...certgen.CA) (p certgen.Plan) {
		for _, ca := range cas {
			p.Pending = append(p.Pending, certgen.Pending{Needs: pending.FolderKey,
				Step: certgen.Step{Action: certgen.Write, File: certgen.CRLFile(ca), List: &certgen.List{CA: ca}}})
		}
		return p
	}
	const end = `
A revocation list ends no connection that is open, and no watch on it: restart
the members one by one, or stop what holds the connection. Do that before the
user is there again: an open connection acts as the user then.
`
	for name, c := range map[string]struct {
		lists [][]certgen.CA
		plan  certgen.Plan
		want  string
	}{
		"all are signed": {[][]certgen.CA{both}, certgen.Plan{}, `serial number 1, until 2026-11-24T12:00:00Z: revoked by client.crl and peer.crl
etcd1 refuses what client.crl revokes
` + end + "1 certificate revoked\n"},
		"none is signed": {[][]certgen.CA{both}, wait(both...), `serial number 1, until 2026-11-24T12:00:00Z: recorded; revoked as soon as client.crl and peer.crl are signed
etcd1 refuses what client.crl revokes
` + end + "1 certificate recorded as revoked\n"},
		"one is signed": {[][]certgen.CA{both, client}, wait(certgen.PeerCA), `serial number 1, until 2026-11-24T12:00:00Z: revoked by client.crl; recorded for peer.crl, which is signed later
serial number 2, until 2026-11-24T12:00:00Z: revoked by client.crl
etcd1 refuses what client.crl revokes
` + end + "1 certificate revoked, 1 recorded as revoked\n"},
	} {
		r := Revoked{Name: "writer", Folder: "pki", Policy: &policies.Policy{}}
		for i, lists := range c.lists {
			leaf := &x509.Certificate{SerialNumber: big.NewInt(int64(i + 1)), NotAfter: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
			r.Certificates = append(r.Certificates, certgen.RevokedCertificate{Leaf: leaf, Lists: lists})
		}
		r.Revoked = bootstrap.Revoked{RevocationPlan: certgen.RevocationPlan{Certificates: r.Certificates, Lists: c.plan},
			Ports: []verify.Loaded{{Member: "etcd1", CA: certgen.ClientCA, Attempt: verify.Attempt{Outcome: verify.Refused}}}}
		if diff := cmp.Diff(c.want, shownText(t, r)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
