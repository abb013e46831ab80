package change

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/certgen"
	"lockstep/certgen/pkitest"
	"lockstep/roles"
)

// A component's folder and its retired certificates tell whose user it was; the user's
// binding tells whose role.
func TestFormerComponents(t *testing.T) {
	t.Parallel()
	leaf := func(cn string) *x509.Certificate {
		return &x509.Certificate{Subject: pkix.Name{Organization: []string{"edge"}, CommonName: cn}}
	}
	folder := certgen.State{
		Pairs: map[string]certgen.Pair{
			"components/writer/client": {Leaf: leaf("writer-user")},
			"components/moved/client":  {Leaf: leaf("reader")}, // its user went on to the component reader
			"components/broken/client": {Problem: "this is not PEM"},
			"components/forger/client": {Leaf: leaf("root")},
			"components/none/client":   {Leaf: leaf("")},
			"members/etcd1/server":     {Leaf: leaf("")},
			"ca/client":                {Leaf: leaf("edge client CA")},
		},
		Retired: []certgen.Retired{{Identity: "older", Leaf: leaf("old-user")}, {Identity: "before", Leaf: leaf("writer-user")}, {Identity: "etcd1", Leaf: leaf("")}},
	}
	observed := roles.State{Users: []roles.User{
		{Name: "bob", Roles: []string{"bobs"}},
		{Name: "old-user", Roles: []string{"old-role", "reader", "root", "shared"}},
		{Name: "writer-user", Roles: []string{"shared", "writer-role"}},
	}}
	want := Former{
		Users: map[string]string{"old-user": "older", "writer-user": "writer"},
		Roles: map[string]string{"old-role": "older", "shared": "older", "writer-role": "writer"},
	}
	if diff := cmp.Diff(want, formerComponents(folder, observed, pkitest.Edge(t, "reader"))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(Former{Users: map[string]string{}, Roles: map[string]string{}}, formerComponents(certgen.State{}, observed, pkitest.Edge(t, "reader"))); diff != "" {
		t.Errorf("no folder (-want +got):\n%s", diff)
	}
}
