package verify

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/certgen"
)

// namedCA is a certificate of which only the subject matters.
func namedCA(t *testing.T, cn string) *x509.Certificate {
	t.Helper()
	name := pkix.Name{CommonName: cn}
	raw, err := asn1.Marshal(name.ToRDNSequence())
	if err != nil {
		t.Fatal(err)
	}
	return &x509.Certificate{Raw: []byte(cn), RawSubject: raw, Subject: name}
}

// TestPortsDuringARotation: a port may trust every generation that the folder does, and has to
// trust the one that signs.
func TestPortsDuringARotation(t *testing.T) {
	t.Parallel()
	old, fresh, alien := namedCA(t, "old"), namedCA(t, "new"), namedCA(t, "alien")
	next := map[string]certgen.Pair{"ca/client": {Leaf: old}, "ca/client.next": {Leaf: fresh}}
	previous := map[string]certgen.Pair{"ca/client": {Leaf: fresh}, "ca/client.previous": {Leaf: old}}
	dropped := map[string]certgen.Pair{"ca/client": {Leaf: fresh}, "ca/client.dropped": {Leaf: old}}
	for name, c := range map[string]struct {
		pairs map[string]certgen.Pair
		trust []*x509.Certificate
		want  string
	}{
		"next, not restarted":     {next, []*x509.Certificate{old}, ""},
		"next, both":              {next, []*x509.Certificate{old, fresh}, ""},
		"next, the new one alone": {next, []*x509.Certificate{fresh}, "its client port has not loaded our CN=old, and trusts its other generation alone"},
		"next, and another":       {next, []*x509.Certificate{old, alien}, `its client port also trusts "CN=alien"`},
		"previous, both":          {previous, []*x509.Certificate{fresh, old}, ""},
		"previous, early":         {previous, []*x509.Certificate{fresh}, ""},
		"previous, fallen back":   {previous, []*x509.Certificate{old}, "its client port has not loaded our CN=new, and trusts its other generation alone"},
		"dropped, not restarted":  {dropped, []*x509.Certificate{fresh, old}, `its client port also trusts "CN=old"`},
		"dropped at once":         {dropped, []*x509.Certificate{old}, `its client port has not loaded our CN=new, and trusts "CN=old"`},
		"dropped, restarted":      {dropped, []*x509.Certificate{fresh}, ""},
		"no CA":                   {next, nil, "its client port has not loaded our CN=old"},
	} {
		e := sound()
		e.Folder = &certgen.State{Pairs: c.pairs}
		asked := [][]byte{}
		for _, ca := range c.trust {
			asked = append(asked, ca.RawSubject)
		}
		got := ""
		for _, f := range judging(e).trusts(e.Members[0], trusted{ca: certgen.ClientCA, asked: asked}, "") {
			got += f.Text
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestRotationIsNamed: each stage is a warning that names the command that goes on.
func TestRotationIsNamed(t *testing.T) {
	t.Parallel()
	ca := namedCA(t, "ca")
	for place, want := range map[string]string{
		"ca/client.next":   "warning certificates/rotation: ca/client.next.crt: the client CA is being replaced: this one is to be trusted beside it, and does not sign yet",
		"ca/peer.previous": "warning certificates/rotation: ca/peer.previous.crt: the peer CA is new: this one is trusted still, until its certificates are replaced",
		"ca/server.dropped": "warning certificates/rotation: ca/server.dropped.crt: the server CA is new: this one is in no copy any more, " +
			"and what was not restarted may trust it still",
	} {
		e := sound()
		e.Folder = &certgen.State{Pairs: map[string]certgen.Pair{place: {Path: place, Leaf: ca}}}
		j := judging(e)
		var got []string
		for _, c := range authorityChecks() {
			if c.Code != "certificates/rotation" {
				continue
			}
			for _, f := range c.Find(j).by(c) {
				got = append(got, f.Severity.String()+" "+f.Code+": "+f.Subject.Name+": "+f.Text)
				if kind, _, _ := strings.Cut(strings.TrimPrefix(place, "ca/"), "."); !strings.HasPrefix(f.Remedy, "lockstep certs rotate-ca "+kind+" goes on") {
					t.Errorf("%s: remedy %q", place, f.Remedy)
				}
			}
		}
		if diff := cmp.Diff([]string{want}, got); diff != "" {
			t.Error(diff)
		}
	}
}
