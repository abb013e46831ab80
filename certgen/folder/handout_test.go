package folder

import (
	"crypto/x509"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lockstep/certgen"
	"lockstep/policies/hint"
)

// What belongs to the folder is handed over, modes and all; what lies beside it is not.
func TestHandout(t *testing.T) {
	t.Parallel()
	f, p := create(t), edge(t, "app")
	apply(t, f, diff(t, f, p))
	dir := filepath.Join(f.Path(), "components", "app")
	for _, name := range []string{"notes.txt", "client.crt.new"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	id, err := f.Handout(p, "app", start)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, file := range id.Files {
		got = append(got, file.Name+" "+file.Mode.String())
		if len(file.Content) == 0 || file.Modified.IsZero() {
			t.Errorf("%s: %d bytes of %v", file.Name, len(file.Content), file.Modified)
		}
	}
	if want := "ca.crt -rw-r--r-- client.crt -rw-r--r-- client.key -rw------- etcdctl.env -rw-r--r--"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
	if err := os.Symlink("notes.txt", filepath.Join(dir, "etcdctl.env.new")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "etcdctl.env.new"), filepath.Join(dir, "etcdctl.env")); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Handout(p, "app", start); hint.Of(err) != hint.Refused || !strings.Contains(err.Error(), "etcdctl.env is a symbolic link") {
		t.Errorf("a link: %v", err)
	}
}

func TestHandoutRefusesWhatIsRevoked(t *testing.T) {
	t.Parallel()
	f, p := create(t), edge(t, "app", "other")
	apply(t, f, diff(t, f, p))
	pair, err := f.Identity("components/app/client")
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := f.Issuer(certgen.ClientCA)
	if err != nil {
		t.Fatal(err)
	}
	list, err := issuer.RevocationList([]x509.RevocationListEntry{{SerialNumber: pair.Leaf.SerialNumber, RevocationTime: start}}, big.NewInt(9), start)
	if err != nil {
		t.Fatal(err)
	}
	write := func(content []byte, names ...string) {
		t.Helper()
		for _, name := range names {
			if err := os.WriteFile(filepath.Join(f.Path(), filepath.FromSlash(name)), content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	first, err := os.ReadFile(filepath.Join(f.Path(), "client.crl"))
	if err != nil {
		t.Fatal(err)
	}
	const copied = "members/etcd1/client.crl"
	for _, at := range []string{"client.crl", copied} { // the newest list counts, wherever it lies
		write(first, "client.crl", copied)
		write(list, at)
		if _, err := f.Handout(p, "app", start); hint.Of(err) != hint.Refused || err.Error() != "components/app/client.crt is revoked: it is not handed over" {
			t.Errorf("revoked in %s: %v", at, err)
		}
		if _, err := f.Handout(p, "other", start); err != nil {
			t.Errorf("another one: %v", err)
		}
	}
	write(first, copied)
	write(forged(t, pair.Leaf.SerialNumber), "client.crl")
	if _, err := f.Handout(p, "app", start); err != nil {
		t.Errorf("a list that the CA has not signed: %v", err)
	}
	write(list[:20], "client.crl", copied)
	if _, err := f.Handout(p, "other", start); err == nil || err.Error() != "judging the certificate of other: reading client.crl: it is no valid revocation list of the client CA, and no copy is" {
		t.Errorf("lists that are cut off: %v", err)
	}
}

// forged is a list of another CA.
func forged(t *testing.T, serial *big.Int) []byte {
	t.Helper()
	f, p := create(t), edge(t, "app")
	apply(t, f, diff(t, f, p))
	issuer, err := f.Issuer(certgen.ClientCA)
	if err != nil {
		t.Fatal(err)
	}
	list, err := issuer.RevocationList([]x509.RevocationListEntry{{SerialNumber: serial, RevocationTime: start}}, big.NewInt(10), start)
	if err != nil {
		t.Fatal(err)
	}
	return list
}
