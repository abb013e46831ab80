package folder

import (
	"context"
	"crypto"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"lockstep/certgen"
	"lockstep/certgen/authority"
	"lockstep/policies"
	"lockstep/policies/hint"
)

var oldPassphrase, newPassphrase = []byte("correct horse"), []byte("battery staple")

// encryptedFolder is settled, and its CA keys were encrypted when they were made.
func encryptedFolder(t *testing.T, p *policies.Policy) *Folder {
	t.Helper()
	f := create(t)
	if err := f.EncryptNew(oldPassphrase); err != nil {
		t.Fatal(err)
	}
	apply(t, f, diff(t, f, p))
	return f
}

// caKey is the key in ca/ with whichever of the passphrases opens it, "" for a plain one.
func caKey(t *testing.T, dir string, ca certgen.CA, passphrases ...[]byte) (crypto.Signer, string) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, certgen.CAPath(ca)+".key"))
	if err != nil {
		t.Fatal(err)
	}
	if key, err := authority.ParseKey(content); err == nil {
		return key, ""
	}
	for _, passphrase := range passphrases {
		if key, err := authority.DecryptKey(content, passphrase); err == nil {
			return key, string(passphrase)
		}
	}
	t.Fatalf("nothing opens the %s CA's key", ca)
	return nil, ""
}

func TestNewCAKeysAreEncrypted(t *testing.T) {
	t.Parallel()
	f := encryptedFolder(t, edge(t, "a"))
	inStep(t, f, edge(t, "a"))
	for _, ca := range certgen.CAs() {
		if _, with := caKey(t, f.Path(), ca, oldPassphrase); with != string(oldPassphrase) {
			t.Errorf("the %s CA's key is plain", ca)
		}
	}
	for _, pair := range []string{"members/etcd1/server", "members/etcd1/peer", "components/a/client"} {
		content, err := os.ReadFile(filepath.Join(f.Path(), pair+".key"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := authority.ParseKey(content); err != nil {
			t.Errorf("%s.key, which other software reads: %v", pair, err)
		}
	}
	if err := create(t).EncryptNew(nil); err == nil {
		t.Error("an empty passphrase is taken")
	}
}

func TestAnEncryptedKeyIsHereAndSignsWhenDecrypted(t *testing.T) {
	t.Parallel()
	more := edge(t, "a", "b")
	f := open(t, encryptedFolder(t, edge(t, "a")).Path())
	if plan := diff(t, f, edge(t, "a")); !plan.Empty() {
		t.Errorf("still to do: %v", plan.Steps)
	}
	state, err := f.Inspect()
	if err != nil || len(state.Faults) > 0 || state.Pairs["ca/client"].Key != certgen.KeyUnopened {
		t.Fatalf("an encrypted key is a finding: %v %v", state.Faults, err)
	}
	_, err = f.Issuer(certgen.ClientCA)
	if !errors.Is(err, fs.ErrNotExist) || !errors.Is(err, authority.ErrEncrypted) {
		t.Errorf("Issuer: %v", err)
	}
	if err := f.Apply(context.Background(), diff(t, f, more), clock, 4, nil); !errors.Is(err, authority.ErrEncrypted) {
		t.Errorf("Apply: %v", err)
	}
	err = f.Decrypt(newPassphrase)
	if hint.Of(err) != hint.Refused || err.Error() != "the passphrase does not open ca/client.key: nothing was changed" {
		t.Errorf("Decrypt: %v", err)
	}
	if err := f.Decrypt(oldPassphrase); err != nil {
		t.Fatal(err)
	}
	apply(t, f, diff(t, f, more))
	inStep(t, f, more)
	if state, err := f.Inspect(); err != nil || len(state.Faults) > 0 {
		t.Errorf("%v %v", state.Faults, err)
	}
}

// Once decrypted, a key is compared with its certificate as a plain one is.
func TestInspectSeesAnotherCAsEncryptedKey(t *testing.T) {
	t.Parallel()
	f := encryptedFolder(t, edge(t, "a"))
	ca := filepath.Join(f.Path(), "ca")
	if err := os.Rename(filepath.Join(ca, "peer.key"), filepath.Join(ca, "client.key")); err != nil {
		t.Fatal(err)
	}
	again := open(t, f.Path())
	if err := again.Decrypt(oldPassphrase); err != nil {
		t.Fatal(err)
	}
	state, err := again.Inspect()
	if err != nil || len(state.Faults) != 1 || state.Faults[0].Path != "ca/client.key" {
		t.Errorf("%v %v", state.Faults, err)
	}
	if _, err := again.Issuer(certgen.ClientCA); err == nil {
		t.Error("another CA's key signs")
	}
}

// Whatever change fails, by an error or by a crash, each CA has one whole key, and the
// same call ends the work.
func TestEncryptCAsCutOffAnywhere(t *testing.T) {
	t.Parallel()
	p := tiny(t, "a")
	for _, c := range []struct { // each derivation of a key takes 0.1 s: not every pair of both
		name  string
		base  *Folder
		crash bool
	}{
		{"plain keys, a crash", settled(t, p), true},
		{"another passphrase, an error", encryptedFolder(t, p), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			want, _ := caKey(t, c.base.Path(), certgen.ClientCA, oldPassphrase)
			at := 1
			for ; ; at++ {
				dir := clone(t, c.base.Path())
				if !cutOff(t, dir, at, c.crash) {
					break
				}
				again := open(t, dir)
				if err := again.EncryptCAs(context.Background(), oldPassphrase, newPassphrase, func(certgen.Place) {}); err != nil {
					t.Fatalf("change %d, again: %v", at, err)
				}
				got, with := caKey(t, dir, certgen.ClientCA, newPassphrase)
				if with == "" || !got.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(want.Public()) {
					t.Errorf("change %d, again: %q opens it", at, with)
				}
			}
			if at < 5 {
				t.Errorf("only %d changes were cut off", at-1)
			}
		})
	}
}

// cutOff lets the change number at fail and looks at what is left. It reports whether
// anything failed.
func cutOff(t *testing.T, dir string, at int, crash bool) bool {
	t.Helper()
	f := open(t, dir)
	d := &faulty{disk: f.disk, at: at, forever: crash, err: syscall.ENOSPC}
	f.disk = d
	err := f.EncryptCAs(context.Background(), oldPassphrase, newPassphrase, func(certgen.Place) {})
	if d.changes < at {
		if err != nil {
			t.Fatal(err)
		}
		return false
	}
	if !errors.Is(err, syscall.ENOSPC) || hint.Text(err) == "" {
		t.Errorf("change %d: %v", at, err)
	}
	key, _ := caKey(t, dir, certgen.ClientCA, oldPassphrase, newPassphrase)
	cert, err := f.readCertificate("ca/client.crt")
	if err != nil || !authority.Matches(cert, key) {
		t.Errorf("change %d: another key: %v", at, err)
	}
	if _, err := os.Lstat(filepath.Join(dir, "ca/client.key.new")); !crash && err == nil {
		t.Errorf("change %d: a left-over", at)
	}
	return true
}

func TestEncryptCAsRefusesBeforeTheFirstChange(t *testing.T) {
	t.Parallel()
	p := edge(t, "a")
	for _, c := range []struct {
		name  string
		spoil func(t *testing.T, f *Folder)
		after []byte
		want  string
	}{
		{"a mounted Secret", mountSecret, newPassphrase, "ca/client.key is part of a mounted Secret, and is not changed in the mount"},
		{"no passphrase", func(*testing.T, *Folder) {}, nil, "the passphrase is empty"},
		{"another CA's key", func(t *testing.T, f *Folder) {
			if err := os.Rename(filepath.Join(f.Path(), "ca/client.key"), filepath.Join(f.Path(), "ca/peer.key")); err != nil {
				t.Fatal(err)
			}
		}, newPassphrase, "encrypting ca/peer.key: ca/peer.key belongs to another certificate than ca/peer.crt"},
		{"a lax key", func(t *testing.T, f *Folder) { chmod(t, filepath.Join(f.Path(), "ca/peer.key"), 0o640) }, newPassphrase,
			"ca/peer.key has mode 0640, and others may use it: only 0600 is accepted"},
		{"no key", func(t *testing.T, f *Folder) {
			if err := os.WriteFile(filepath.Join(f.Path(), "ca/peer.key"), []byte("x"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, newPassphrase, "encrypting ca/peer.key: reading ca/peer.key: this is not PEM"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := settled(t, p)
			c.spoil(t, f)
			d := &faulty{disk: f.disk}
			f.disk = d
			err := f.EncryptCAs(context.Background(), nil, c.after, func(certgen.Place) {})
			if err == nil || !strings.HasSuffix(err.Error(), c.want) {
				t.Errorf("%v\nwant %s", err, c.want)
			}
			if len(d.log) > 0 {
				t.Errorf("changed: %q", d.log)
			}
		})
	}
}

func TestKeysWithTwoPassphrases(t *testing.T) {
	t.Parallel()
	f := encryptedFolder(t, edge(t, "a"))
	key, _ := caKey(t, f.Path(), certgen.PeerCA, oldPassphrase)
	content, err := authority.EncryptKey(key, newPassphrase)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(f.Path(), "ca/peer.key"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	again := open(t, f.Path())
	err = again.Decrypt(oldPassphrase)
	if hint.Of(err) != hint.Refused || err.Error() != "ca/peer.key has another passphrase than the other CA keys: nothing was changed" {
		t.Error(err)
	}
	if _, err := again.Issuer(certgen.ClientCA); !errors.Is(err, authority.ErrEncrypted) {
		t.Errorf("half of the keys are open: %v", err)
	}
}

// The key that --ca-key names may be encrypted, and nothing asks for its passphrase
// where the run has none.
func TestReadExternalDecrypts(t *testing.T) {
	t.Parallel()
	key, err := authority.NewKey(policies.ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	content, err := authority.EncryptKey(key, oldPassphrase)
	if err != nil {
		t.Fatal(err)
	}
	p, file := withCA(t, company(t, key), content)
	gives := func(passphrase []byte, err error) Passphrase {
		return func(what string) ([]byte, error) {
			if what != file {
				t.Errorf("asked for %q", what)
			}
			return passphrase, err
		}
	}
	broken := errors.New("no terminal")
	for _, c := range []struct {
		name       string
		passphrase Passphrase
		want       string
		exit       hint.Exit
	}{
		{"the right one", gives(oldPassphrase, nil), "", hint.Done},
		{"a wrong one", gives(newPassphrase, nil), "the passphrase is wrong", hint.Refused},
		{"none", gives(nil, nil), "the key is encrypted, and this command does not ask for its passphrase", hint.Refused},
		{"never asks", nil, "the key is encrypted, and this command does not ask for its passphrase", hint.Refused},
		{"no answer", gives(nil, broken), "no terminal", hint.Failed},
	} {
		external, err := ReadExternal(p, file, c.passphrase)
		switch {
		case hint.Of(err) != c.exit:
			t.Errorf("%s: exit %d: %v", c.name, hint.Of(err), err)
		case err != nil && !strings.HasSuffix(err.Error(), c.want):
			t.Errorf("%s: %v", c.name, err)
		case err == nil && !authority.Matches(external.CA.Current, external.Key):
			t.Errorf("%s: another key", c.name)
		}
	}
}

// The next generation of a CA, which is trusted and does not sign yet, has the same passphrase.
func TestTheNextGenerationIsEncryptedToo(t *testing.T) {
	t.Parallel()
	f, other := settled(t, tiny(t, "a")), settled(t, tiny(t, "a"))
	for _, ext := range []string{".crt", ".key"} {
		content, err := os.ReadFile(filepath.Join(other.Path(), "ca/client"+ext))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(f.Path(), "ca/client.next"+ext), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var done []string
	if err := f.EncryptCAs(context.Background(), nil, newPassphrase, func(ca certgen.Place) { done = append(done, ca.String()) }); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(done, " "); got != "ca/client ca/client.next" {
		t.Errorf("encrypted: %s", got)
	}
	again := open(t, f.Path())
	if at := again.AtRest(); len(at.Plain) > 0 || len(at.Encrypted) != 2 {
		t.Errorf("%v", at)
	}
	if err := again.Decrypt(newPassphrase); err != nil {
		t.Error(err)
	}
	if _, err := again.readKey("ca/client.next"); err != nil {
		t.Error(err)
	}
}
