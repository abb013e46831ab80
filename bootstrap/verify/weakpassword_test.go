package verify

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lockstep/bootstrap/world"
	"lockstep/certgen"
	"lockstep/certgen/pkitest"
	"lockstep/policies"
)

// TestWeakPasswords: a password can be guessed where it is empty, short, a name, or another component's.
func TestWeakPasswords(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	text := "apiVersion: lockstep/v1\nkind: Policy\ncluster: {name: edge, members: [{name: etcd1, hosts: [10.0.0.11]}]}\ncomponents:\n"
	for _, name := range []string{"copied", "empty", "good", "named", "original", "short", "two-lines"} {
		text += "  - {name: " + name + ", identity: password, permissions: [{prefix: /" + name + "/, access: read}]}\n"
	}
	policy, err := policies.Parse(policies.File{Name: "lockstep.yaml", Text: []byte(text)})
	if err != nil {
		t.Fatal(err)
	}
	p := pkitest.New(t, now)
	p.Follow(policy, now)
	w := &world.World{Policy: policy, Folder: p.Folder, Now: func() time.Time { return now }}
	if got := weakPasswords(w); len(got) > 0 {
		t.Errorf("as lockstep makes them: %v", got)
	}
	p.Write(certgen.PasswordPath("empty"), nil)
	p.Write(certgen.PasswordPath("named"), []byte("named\n"))
	p.Write(certgen.PasswordPath("short"), []byte("123456789012345\n"))
	p.Write(certgen.PasswordPath("two-lines"), []byte(strings.Repeat("a", 32)+"\nb\n"))
	p.Write(certgen.PasswordPath("original"), p.Read(certgen.PasswordPath("copied")))
	want := map[string]string{
		"empty": "is empty", "named": "is a name", "short": "has 15 bytes", "original": "is also the password of component copied",
		"two-lines": "cannot be used: reading components/two-lines/password: it is not one line of UTF-8 text of at most 72 bytes",
	}
	if diff := cmp.Diff(want, weakPasswords(w)); diff != "" {
		t.Error(diff)
	}
}
