package bootstrap

import (
	"crypto/tls"
	"crypto/x509"
	"path/filepath"
	"testing"

	"lockstep/bootstrap/change"
	"lockstep/bootstrap/world"
	"lockstep/certgen/folder"
	"lockstep/certgen/pkitest"
	"lockstep/policies/hint"
)

// What needs no cluster to be refused is refused before there is a connection.
func TestRefusedWithoutCluster(t *testing.T) {
	t.Parallel()
	empty, err := folder.Create(filepath.Join(t.TempDir(), "pki"), folder.External{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { empty.Close() })
	anywhere := &world.Admin{Endpoints: []string{"https://127.0.0.1:1"}}
	propose := func(w *world.World) error {
		_, err := Propose(t.Context(), w, change.Permitted{})
		return err
	}
	apply := func(w *world.World) error {
		_, err := Apply(t.Context(), w, change.Permitted{}, nil)
		return err
	}
	const (
		noAdmin = "there is no PKI folder here, which would tell the CA to trust and the certificate of root"
		unknown = "there is no PKI folder here: certificates would fall out of step with etcd, and nothing would tell which users lockstep made"
		noCA    = "the PKI folder holds no client CA"
	)
	tests := []struct {
		name  string
		world *world.World
		run   func(*world.World) error
		want  string
		exit  hint.Exit
	}{
		{"apply, no folder", &world.World{}, apply, unknown, hint.Refused},
		{"apply, no folder, whatever the administrator", &world.World{Admin: &world.Admin{Servers: x509.NewCertPool(), User: "root"}}, apply, unknown, hint.Refused},
		{"plan, no folder, no administrator", &world.World{}, propose, noAdmin, hint.Failed},
		{"plan, no folder, endpoints only", &world.World{Admin: anywhere}, propose, noAdmin, hint.Failed},
		{"plan, no folder, no identity", &world.World{Admin: &world.Admin{Servers: x509.NewCertPool()}}, propose, noAdmin, hint.Failed},
		{"plan, no folder, no CA to trust", &world.World{Admin: &world.Admin{Certificate: &tls.Certificate{}}}, propose, noAdmin, hint.Failed},
		{"plan, no CA", &world.World{Folder: empty, Admin: anywhere}, propose, noCA, hint.Refused},
		{"apply, no CA", &world.World{Folder: empty, Admin: anywhere}, apply, noCA, hint.Refused},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := test.world
			w.Policy = pkitest.Edge(t, "a")
			err := test.run(w)
			if err == nil || err.Error() != test.want || hint.Of(err) != test.exit || hint.Text(err) == "" {
				t.Errorf("got %v (exit %d, hint %q), want %s (exit %d)", err, hint.Of(err), hint.Text(err), test.want, test.exit)
			}
		})
	}
}
