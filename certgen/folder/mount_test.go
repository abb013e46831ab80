package folder

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lockstep/certgen"
	"lockstep/policies/hint"
)

// mountSecret makes ca/ what the kubelet makes of a Secret: a folder that all users may
// write and where no user may exchange another's files, with links to the files' version.
func mountSecret(t *testing.T, f *Folder) {
	t.Helper()
	ca := filepath.Join(f.Path(), "ca")
	version := filepath.Join(ca, "..2026_11_27_10_00_00.1")
	names, err := f.list("ca")
	err = errors.Join(err, os.Mkdir(version, 0o755), os.Symlink(filepath.Base(version), filepath.Join(ca, "..data")))
	for _, name := range names {
		err = errors.Join(err, os.Rename(filepath.Join(ca, name), filepath.Join(version, name)), os.Symlink("..data/"+name, filepath.Join(ca, name)))
	}
	if err = errors.Join(err, os.Chmod(ca, os.ModeSticky|0o777)); err != nil {
		t.Fatal(err)
	}
}

func TestAMountedSecretIsReadInCA(t *testing.T) {
	t.Parallel()
	p := edge(t, "a")
	f := settled(t, p)
	mountSecret(t, f)
	inStep(t, f, p)
	p = edge(t, "a", "b") // issued by the mounted key
	apply(t, f, diff(t, f, p))
	inStep(t, f, p)
	if state, err := f.Inspect(); err != nil || len(state.Faults) > 0 {
		t.Error(state.Faults, err)
	}
	if _, err := f.Certificate(certgen.ServerCA); err != nil {
		t.Error(err)
	}
}

// TestMountsThatOthersCanChange: only links of exactly that form are followed, and only
// where other users cannot exchange what they lead to.
func TestMountsThatOthersCanChange(t *testing.T) {
	t.Parallel()
	p := edge(t, "a")
	for _, c := range []struct {
		name  string
		spoil func(ca string) error
		want  string
	}{
		{"a link out of ca", func(ca string) error {
			return errors.Join(os.Rename(ca+"/..data/client.key", ca+"/../client.key"), link(ca, "client.key", "../client.key"))
		}, "ca/client.key is a symbolic link, and none is followed inside the PKI folder"},
		{"another file of the mount", func(ca string) error { return link(ca, "client.key", "..data/server.key") },
			"ca/client.key is a symbolic link, and none is followed inside the PKI folder"},
		{"..data leads out", func(ca string) error {
			return errors.Join(os.Rename(ca+"/..2026_11_27_10_00_00.1", ca+"/../x"), link(ca, "..data", "../x"))
		}, " is a symbolic link, and none is followed inside the PKI folder"},
		{"a version that others may write", func(ca string) error { return os.Chmod(ca+"/..2026_11_27_10_00_00.1", 0o775) },
			"ca/..2026_11_27_10_00_00.1 has mode 0775: others could exchange what lies in it"},
		{"a sticky version", func(ca string) error {
			return os.Chmod(ca+"/..2026_11_27_10_00_00.1", 0o777|os.ModeSticky)
		}, "ca/..2026_11_27_10_00_00.1 has mode 0777: others could exchange what lies in it"},
		{"not sticky", func(ca string) error { return os.Chmod(ca, 0o777) }, "ca has mode 0777: others could exchange what lies in it"},
		{"a lax key", func(ca string) error { return os.Chmod(ca+"/..data/client.key", 0o644) },
			"ca/client.key has mode 0644, and others may use it: only 0600 is accepted"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := settled(t, p)
			mountSecret(t, f)
			if err := c.spoil(filepath.Join(f.Path(), "ca")); err != nil {
				t.Fatal(err)
			}
			if _, err := f.Observe(); err == nil || !strings.HasSuffix(err.Error(), c.want) || hint.Of(err) != hint.Refused {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if _, err := f.Issuer(certgen.ClientCA); hint.Of(err) != hint.Refused {
				t.Error("the CA was opened:", err)
			}
			if state, err := f.Inspect(); err != nil || len(state.Faults) == 0 {
				t.Error("Inspect does not see it:", err)
			}
		})
	}
}

// A certificate that others keep in a mounted Secret is read through its links, and the
// kubelet renews it by exchanging one of them.
func TestAMountedCertificateIsRenewed(t *testing.T) {
	t.Parallel()
	f := settled(t, edge(t, "a", "b"))
	secret := t.TempDir()
	for version, component := range map[string]string{"..1": "a", "..2": "b"} {
		content, err := os.ReadFile(filepath.Join(f.Path(), "components", component, "client.crt"))
		err = errors.Join(err, os.Mkdir(filepath.Join(secret, version), 0o755), os.WriteFile(filepath.Join(secret, version, "tls.crt"), content, 0o644))
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Symlink("..1", filepath.Join(secret, "..data")), os.Symlink("..data/tls.crt", filepath.Join(secret, "tls.crt"))); err != nil {
		t.Fatal(err)
	}
	f.external = External{Certificates: map[string]string{"components/x/client": filepath.Join(secret, "tls.crt")}}
	for _, want := range []string{"a", "b"} {
		if got := observe(t, f).External["components/x/client"]; got.Leaf == nil || got.Leaf.Subject.CommonName != want {
			t.Errorf("%+v, want the certificate of %s", got, want)
		}
		if err := link(secret, "..data", "..2"); err != nil {
			t.Fatal(err)
		}
	}
}
