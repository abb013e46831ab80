package folder

import (
	"context"
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"lockstep/certgen"
	"lockstep/policies"
)

// gated is a policy of which the first component has a password.
func gated(t testing.TB, components ...string) *policies.Policy {
	p := edge(t, components...)
	p.Components[0].Password = true
	return p
}

func (f *Folder) mustPassword(t testing.TB, component string) string {
	t.Helper()
	password, err := f.Password(component)
	if err != nil {
		t.Fatal(err)
	}
	return password
}

// The password is random, of 256 bits, on one line of a file for its owner alone; the certificate
// has no CN, and the folder still knows whose it is.
func TestPassword(t *testing.T) {
	t.Parallel()
	f := settled(t, gated(t, "db", "app"))
	password := f.mustPassword(t, "db")
	if raw, err := base64.RawURLEncoding.DecodeString(password); err != nil || len(raw) != 32 {
		t.Errorf("%d bytes, %v", len(raw), err)
	}
	s := observe(t, f)
	if mode := s.Passwords["components/db/password"]; mode != 0o600 || len(s.Passwords) != 1 {
		t.Errorf("passwords %v", s.Passwords)
	}
	leaf := s.Pairs["components/db/client"].Leaf
	if leaf.Subject.CommonName != "" || certgen.UserOf(leaf) != "db" {
		t.Errorf("subject %s, user %q", leaf.Subject, certgen.UserOf(leaf))
	}
	if gateway := s.Pairs["members/etcd1/gateway"].Leaf; gateway == nil || gateway.Subject.CommonName != "" || certgen.UserOf(gateway) != "" {
		t.Errorf("gateway %+v", gateway)
	}
	if other := settled(t, gated(t, "db")); other.mustPassword(t, "db") == password {
		t.Error("two folders have one password")
	}
	if _, err := f.Password("app"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a component with a certificate: %v", err)
	}
	if _, err := f.ReadSecret("components/db/password"); err == nil {
		t.Error("it is read as a secret of the folder's own")
	}
}

// When a password is made, kept, replaced and deleted.
func TestWhenAPasswordIsMade(t *testing.T) {
	t.Parallel()
	p := gated(t, "db", "app")
	f := settled(t, p)
	file := filepath.Join(f.Path(), "components", "db", "password")
	first := f.mustPassword(t, "db")
	renewal := func(rekey bool) {
		r := certgen.Renewal{Paths: []string{"components/db/client"}, Rekey: rekey}
		apply(t, f, certgen.DiffRenewal(p, r, observe(t, f), clock()))
		inStep(t, f, p)
	}
	renewal(false)
	if f.mustPassword(t, "db") != first {
		t.Error("a renewal replaced it")
	}
	renewal(true)
	second := f.mustPassword(t, "db")
	if second == first {
		t.Error("a rekey kept it")
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if steps := diff(t, f, p).Steps; len(steps) != 1 || steps[0].String() != "restrict components/db/password to mode 0600" {
		t.Errorf("of lax mode: %v", steps)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	inStep(t, f, p) // delivered: none is made
	apply(t, f, certgen.Plan{Steps: []certgen.Step{{Action: certgen.MakePassword, File: "components/db/password"}}})
	plain := edge(t, "db", "app")
	var steps []string
	for _, s := range diff(t, f, plain).Steps {
		steps = append(steps, s.String())
	}
	for _, want := range []string{"delete components/db/password", `reissue components/db/client to user "db"`, "retire members/etcd1/gateway", "write members/etcd1/etcd.env"} {
		if !slices.Contains(steps, want) {
			t.Errorf("%q is not among %q", want, steps)
		}
	}
	apply(t, f, diff(t, f, plain))
	inStep(t, f, plain)
	if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
}

// What is in the file and is no password is refused, and never shown.
func TestAPasswordThatIsNone(t *testing.T) {
	t.Parallel()
	f := settled(t, gated(t, "db"))
	file := filepath.Join(f.Path(), "components", "db", "password")
	for content, want := range map[string]string{
		"":                       "it is empty",
		"\n":                     "it is empty",
		"one-secret\nand more\n": "it is not one line",
		"a secret\x00":           "it is not one line",
		"a secret\u0085":         "it is not one line",
		"a secret\xff":           "it is not one line of UTF-8 text",
		strings.Repeat("s", 73):  "at most 72 bytes",
	} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if password, err := f.Password("db"); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %q, %v", content, password, err)
		}
	}
	for content, want := range map[string]string{"typed by hand": "typed by hand", "a\r\n": "a"} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if password, err := f.Password("db"); err != nil || password != want {
			t.Errorf("%q: %q, %v", content, password, err)
		}
	}
}

// A run that fails or crashes at any change is finished by the next one, with a password: it is in
// place before the certificate that says that it was made.
func TestPasswordFaultAtEveryChange(t *testing.T) {
	t.Parallel()
	p := gated(t, "db")
	base := settled(t, edge(t)).Path()
	for _, crash := range []bool{false, true} {
		for at := 1; ; at++ {
			dir := clone(t, base)
			first := open(t, dir)
			d := &faulty{disk: first.disk, at: at, forever: crash, err: syscall.ENOSPC}
			first.disk = d
			err := first.Apply(context.Background(), diff(t, first, p), clock, 1, nil)
			if d.changes < at {
				if err != nil || at < 10 {
					t.Fatalf("%d changes, %v", d.changes, err)
				}
				break
			}
			second := open(t, dir)
			apply(t, second, diff(t, second, p))
			inStep(t, second, p)
			if _, err := second.Password("db"); err != nil {
				t.Fatalf("crash %v at change %d (%s): %v", crash, at, d.log[at-1], err)
			}
		}
	}
}
