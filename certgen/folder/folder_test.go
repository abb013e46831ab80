package folder

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lockstep/certgen"
	"lockstep/policies"
	"lockstep/policies/hint"
)

func TestOpenAndCreate(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "deep", "pki")
	if _, err := Open(dir, External{}); !errors.Is(err, fs.ErrNotExist) || hint.Text(err) == "" {
		t.Errorf("opening what is not there: %v, hint %q", err, hint.Text(err))
	}
	for range 2 { // the second time it is there
		f, err := Create(dir, External{})
		if err != nil {
			t.Fatal(err)
		}
		if f.Path() != dir {
			t.Error(f.Path())
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if diff := cmp.Diff(map[string]entry{".gitignore": {0o644, "*\n"}}, snapshot(t, dir)); diff != "" {
		t.Error(diff)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(file, External{}); err == nil {
		t.Error("a file was opened as a folder")
	}
}

// TestLayout is the PKI folder of the design, with modes.
func TestLayout(t *testing.T) {
	t.Parallel()
	p := edge(t, "a")
	p.Cluster.Proxies = []policies.Proxy{{Name: "proxy1", Hosts: []string{"10.0.0.21"}, ClientURL: "https://10.0.0.21:23790"}}
	f := settled(t, p)
	apply(t, f, certgen.DiffRoot(p, time.Hour, observe(t, f), clock()))
	var got []string
	err := filepath.WalkDir(f.Path(), func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		rel, _ := filepath.Rel(f.Path(), name)
		got = append(got, fmt.Sprintf("%04o %s", info.Mode().Perm(), filepath.ToSlash(rel)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Fields(strings.ReplaceAll(`0700/. 0644/.gitignore 0700/ca 0644/ca/client.crt 0600/ca/client.key 0644/ca/peer.crt 0600/ca/peer.key 0644/ca/server.crt 0600/ca/server.key 0700/canary 0644/canary/client.crt 0600/canary/client.key 0644/canary/client.next.crt 0600/canary/client.next.key 0644/canary/peer.crt 0600/canary/peer.key 0644/client.crl
0700/components 0700/components/a 0644/components/a/ca.crt 0644/components/a/client.crt 0600/components/a/client.key 0644/components/a/etcdctl.env
0700/members 0700/members/etcd1 0644/members/etcd1/client-ca.crt 0644/members/etcd1/client.crl 0644/members/etcd1/etcd.env 0644/members/etcd1/peer-ca.crt 0644/members/etcd1/peer.crl
0644/members/etcd1/peer.crt 0600/members/etcd1/peer.key 0644/members/etcd1/server-ca.crt 0644/members/etcd1/server.crt 0600/members/etcd1/server.key 0644/peer.crl
0700/proxies 0700/proxies/proxy1 0644/proxies/proxy1/client-ca.crt 0644/proxies/proxy1/client.crl 0644/proxies/proxy1/client.crt 0600/proxies/proxy1/client.key 0644/proxies/proxy1/proxy.env
0644/proxies/proxy1/server-ca.crt 0644/proxies/proxy1/server.crt 0600/proxies/proxy1/server.key
0700/root 0644/root/ca.crt 0644/root/client.crt 0600/root/client.key 0644/root/etcdctl.env`, "\n", " "))
	for i := range want {
		want[i] = strings.Replace(want[i], "/", " ", 1)
	}
	slices.SortFunc(want, func(a, b string) int { return strings.Compare(a[5:], b[5:]) })
	slices.SortFunc(got, func(a, b string) int { return strings.Compare(a[5:], b[5:]) })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestAgainChangesNothing: an empty plan touches no file, and neither does looking.
func TestAgainChangesNothing(t *testing.T) {
	t.Parallel()
	p := edge(t, "a", "b")
	f := settled(t, p)
	before := times(t, f.Path())
	plan := diff(t, f, p)
	if !plan.Empty() {
		t.Fatal(plan.Steps)
	}
	apply(t, f, plan)
	if _, err := f.Issuer(certgen.ClientCA); err != nil {
		t.Error(err)
	}
	if _, err := f.Certificate(certgen.PeerCA); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(before, times(t, f.Path())); diff != "" {
		t.Error(diff)
	}
}

func times(t *testing.T, dir string) map[string]time.Time {
	t.Helper()
	all := map[string]time.Time{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		all[name] = info.ModTime()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestReissueRetiresAndDeletes(t *testing.T) {
	t.Parallel()
	p := edge(t, "a", "b")
	f := settled(t, p)
	before := snapshot(t, f.Path())
	old := observe(t, f).Pairs["components/a/client"].Leaf
	p.Components[0].User = edge(t, "other").Components[0].User
	apply(t, f, diff(t, f, p))
	inStep(t, f, p)
	after := snapshot(t, f.Path())
	if got := after[certgen.RetiredPath("a", old)]; got.Content != before["components/a/client.crt"].Content {
		t.Error("the old certificate is not in retired/")
	}
	for name, e := range after {
		if e.Content == before["components/a/client.key"].Content {
			t.Errorf("the old key is still there, as %s", name)
		}
	}
	for name, e := range before {
		if !strings.HasPrefix(name, "components/a/") && after[name] != e {
			t.Errorf("%s was changed", name)
		}
	}
	if got := observe(t, f).Retired; len(got) != 1 || got[0].Identity != "a" || !got[0].Leaf.Equal(old) {
		t.Errorf("retired: %+v", got)
	}
}

func TestRetire(t *testing.T) {
	t.Parallel()
	f := settled(t, edge(t, "a", "b", "c"))
	s := observe(t, f)
	if err := f.root.WriteFile("components/c/notes", []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	plan := diff(t, f, edge(t, "a"))
	if len(plan.Steps) != 0 || len(plan.Removals()) != 2 {
		t.Fatalf("%v, removable %v", plan.Steps, plan.Removals())
	}
	var done []string
	err := f.Apply(context.Background(), certgen.Plan{Steps: plan.Removals()}, clock, 1, func(s certgen.Step) { done = append(done, s.String()) })
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"retire components/b/client", "retire components/c/client"}, done); diff != "" {
		t.Error(diff)
	}
	files := snapshot(t, f.Path())
	for _, name := range []string{"b", "c"} {
		if _, ok := files[certgen.RetiredPath(name, s.Pairs["components/"+name+"/client"].Leaf)]; !ok {
			t.Errorf("%s is not in retired/", name)
		}
	}
	if there, _ := f.exists("components/b"); there {
		t.Error("an empty folder remains")
	}
	if files["components/c/notes"].Content != "mine" || len(observe(t, f).Stray) != 1 {
		t.Error("a file that is not ours was not left alone")
	}
	if _, there := files["components/c/client.key"]; there {
		t.Error("a key remains")
	}
}

// TestSameSerial: two certificates with one number, as different CAs may have given,
// are both kept.
func TestSameSerial(t *testing.T) {
	t.Parallel()
	f := settled(t, edge(t, "a"))
	other := snapshot(t, settled(t, edge(t, "a")).Path())["components/a/client.crt"].Content
	where := certgen.RetiredPath("a", observe(t, f).Pairs["components/a/client"].Leaf)
	if err := errors.Join(f.mkdirs("retired/a"), f.root.WriteFile(where, []byte(other), 0o644)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := f.retire("a", "components/a/client"); err != nil {
			t.Fatal(err)
		}
	}
	if names, err := f.list("retired/a"); err != nil || len(names) != 2 {
		t.Error(names, err)
	}
}

func TestRestrict(t *testing.T) {
	t.Parallel()
	p := edge(t, "a")
	f := settled(t, p)
	if err := f.root.Chmod("components/a/client.key", 0o640); err != nil {
		t.Fatal(err)
	}
	plan := diff(t, f, p)
	if len(plan.Steps) != 1 || plan.Steps[0].Action != certgen.Restrict || plan.Steps[0].Reason != "its mode is 0640" {
		t.Fatal(plan.Steps)
	}
	apply(t, f, plan)
	inStep(t, f, p)
}

// TestRefused: what may lead elsewhere, or has been open to others, is not used.
func TestRefused(t *testing.T) {
	t.Parallel()
	p := edge(t, "a")
	for _, c := range []struct {
		name  string
		spoil func(dir string) error
		want  string
	}{
		{"lax CA key", func(dir string) error { return os.Chmod(dir+"/ca/client.key", 0o640) },
			"ca/client.key has mode 0640, and others may use it: only 0600 is accepted"},
		{"lax root key", func(dir string) error { return os.Chmod(dir+"/root/client.key", 0o604) },
			"root/client.key has mode 0604, and others may use it: only 0600 is accepted"},
		{"link to a key", func(dir string) error { return link(dir, "components/a/client.key", "../../ca/client.key") },
			"components/a/client.key is a symbolic link, and none is followed inside the PKI folder"},
		{"link out of the folder", func(dir string) error { return link(dir, "ca", "/tmp") },
			"ca is a symbolic link, and none is followed inside the PKI folder"},
		{"link among strays", func(dir string) error { return os.Symlink("ca", dir+"/x") },
			"x is a symbolic link, and none is followed inside the PKI folder"},
		{"socket", func(dir string) error {
			l, err := net.ListenUnix("unix", &net.UnixAddr{Name: dir + "/client.crl.new"})
			if err == nil {
				l.SetUnlinkOnClose(false)
				err = l.Close()
			}
			return err
		}, "client.crl.new is neither a file nor a folder"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := settled(t, p)
			apply(t, f, certgen.DiffRoot(p, time.Hour, observe(t, f), clock()))
			if err := c.spoil(f.Path()); err != nil {
				t.Fatal(err)
			}
			_, err := f.Observe()
			if err == nil || !strings.HasSuffix(err.Error(), ": "+c.want) || hint.Of(err) != hint.Refused || hint.Text(err) == "" {
				t.Errorf("%v (exit %d, hint %q), want %s", err, hint.Of(err), hint.Text(err), c.want)
			}
			if strings.Contains(c.name, "lax CA") {
				if _, err := f.Issuer(certgen.ClientCA); hint.Of(err) != hint.Refused {
					t.Error("the CA was opened:", err)
				}
			}
			if strings.Contains(c.name, "root") {
				if _, err := f.Identity("root/client"); hint.Of(err) != hint.Refused {
					t.Error("root was opened:", err)
				}
			}
			if c.name == "link to a key" {
				if _, err := f.Identity("components/a/client"); hint.Of(err) != hint.Refused {
					t.Error("the link was followed:", err)
				}
			}
		})
	}
}

func link(dir, name, to string) error {
	return errors.Join(os.RemoveAll(filepath.Join(dir, name)), os.Symlink(to, filepath.Join(dir, name)))
}

// TestMakesNoSecondCA: even a plan that asks for it does not replace a CA, or a pair.
func TestMakesNoSecondCA(t *testing.T) {
	t.Parallel()
	p := edge(t, "a")
	f := settled(t, p)
	before := snapshot(t, f.Path())
	for _, s := range certgen.Diff(certgen.Desired(p), certgen.State{}, clock()).Steps {
		if s.Action != certgen.MakeCA && s.Action != certgen.Issue {
			continue
		}
		if err := f.Apply(context.Background(), certgen.Plan{Steps: []certgen.Step{s}}, clock, 1, nil); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: %v", s, err)
		}
	}
	if diff := cmp.Diff(before, snapshot(t, f.Path())); diff != "" {
		t.Error("something was changed")
	}
}

func TestWritesNothingElse(t *testing.T) {
	t.Parallel()
	f := settled(t, edge(t, "a"))
	before := snapshot(t, f.Path())
	for _, name := range []string{"README", "ca/client.key", "ca/client.crt", "recovery", "../x", "components/a/etcdctl.env.new", "/etc/x"} {
		plan := certgen.Plan{Steps: []certgen.Step{{Action: certgen.Write, File: name, Content: []byte("x")}}}
		if err := f.Apply(context.Background(), plan, clock, 1, nil); err == nil {
			t.Errorf("wrote %s", name)
		}
	}
	if diff := cmp.Diff(before, snapshot(t, f.Path())); diff != "" {
		t.Error("something was changed")
	}
}

func TestStray(t *testing.T) {
	t.Parallel()
	f := settled(t, edge(t, "a"))
	for _, name := range []string{"README", "ca/old.key", "components/a/server.key", "retired/a/note.txt"} {
		if err := errors.Join(f.mkdirs("retired/a"), f.root.WriteFile(name, nil, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.mkdirs("members/etcd1/data"); err != nil {
		t.Fatal(err)
	}
	want := []string{"README", "ca/old.key", "components/a/server.key", "members/etcd1/data/", "retired/a/note.txt"}
	if diff := cmp.Diff(want, observe(t, f).Stray); diff != "" {
		t.Error(diff)
	}
}

// TestWithoutCA: with ca/ elsewhere everything but signing works.
func TestWithoutCA(t *testing.T) {
	t.Parallel()
	p := edge(t, "a")
	f := settled(t, p)
	want, err := f.Certificate(certgen.ClientCA)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.root.RemoveAll("ca"); err != nil {
		t.Fatal(err)
	}
	if plan := diff(t, f, p); !plan.Empty() {
		t.Error(plan.Steps)
	}
	for _, ca := range certgen.CAs() {
		if _, err := f.Certificate(ca); err != nil {
			t.Error(err)
		}
		if _, err := f.Issuer(ca); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", ca, err)
		}
	}
	if got, err := f.Certificate(certgen.ClientCA); err != nil || !got.Equal(want) {
		t.Error("another certificate came from the copies:", err)
	}
	if _, err := f.Identity("components/a/client"); err != nil {
		t.Error(err)
	}
	// Copies that disagree decide nothing.
	server, err := f.root.ReadFile("members/etcd1/server-ca.crt")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.mkdirs("proxies/x"), f.root.WriteFile("proxies/x/client-ca.crt", server, 0o644)); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Certificate(certgen.ClientCA); err == nil || !strings.Contains(err.Error(), "members/etcd1/client-ca.crt and proxies/x/client-ca.crt differ") {
		t.Error(err)
	}
	if _, err := create(t).Certificate(certgen.ClientCA); !errors.Is(err, fs.ErrNotExist) {
		t.Error("an empty folder:", err)
	}
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	f := settled(t, edge(t, "a"))
	pair, err := f.Identity("components/a/client")
	if err != nil {
		t.Fatal(err)
	}
	if pair.Leaf.Subject.CommonName != "a" || len(pair.Certificate) != 1 {
		t.Error(pair.Leaf.Subject)
	}
	for path, want := range map[string]string{
		"components/absent/client": "no such file",
		"../x":                     "no place for a certificate",
		"recovery":                 "no place for a certificate",
	} {
		if _, err := f.Identity(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	f := settled(t, edge(t))
	const name = certgen.RecoveryFile
	if _, err := f.ReadSecret(name); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if err := f.WriteSecret(name, []byte("one")); err != nil {
		t.Fatal(err)
	}
	if err := f.WriteSecret(name, []byte("two")); !errors.Is(err, fs.ErrExist) || hint.Text(err) == "" {
		t.Error("overwritten:", err)
	}
	if got, err := f.ReadSecret(name); err != nil || string(got) != "one" {
		t.Error(string(got), err)
	}
	if e := snapshot(t, f.Path())[name]; e.Mode != 0o600 {
		t.Error(e.Mode)
	}
	inStep(t, f, edge(t)) // no stray, and no left-over
	for name, content := range observe(t, f).Files {
		if strings.Contains(string(content), "one") {
			t.Errorf("the secret is in the state, as %s", name)
		}
	}
	if err := f.root.Chmod(name, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := f.ReadSecret(name); hint.Of(err) != hint.Refused {
		t.Error("read although all users could:", err)
	}
	for range 2 {
		if err := f.RemoveSecret(name); err != nil {
			t.Error(err)
		}
	}
	if _, there := snapshot(t, f.Path())[name]; there {
		t.Error("still there")
	}
	for _, name := range []string{"ca/client.key", "x", "../x", ""} {
		if err := f.WriteSecret(name, nil); err == nil {
			t.Errorf("wrote %q", name)
		}
		if err := f.RemoveSecret(name); err == nil {
			t.Errorf("removed %q", name)
		}
		if _, err := f.ReadSecret(name); err == nil {
			t.Errorf("read %q", name)
		}
	}
}

// TestSecretFaults: a secret is there whole, or not at all.
func TestSecretFaults(t *testing.T) {
	t.Parallel()
	for at := 1; ; at++ {
		f := settled(t, edge(t))
		d := &faulty{disk: f.disk, at: at, forever: true, err: fs.ErrPermission}
		f.disk = d
		err := f.WriteSecret(certgen.RecoveryFile, []byte("secret"))
		if d.changes < at {
			if err != nil {
				t.Error(err)
			}
			return
		}
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("at %d: %v", at, err)
		}
		if e, there := snapshot(t, f.Path())[certgen.RecoveryFile]; there && e.Content != "secret" {
			t.Errorf("at %d: it is %q", at, e.Content)
		}
		f.disk = d.disk
		if err := f.RemoveSecret(certgen.RecoveryFile); err != nil {
			t.Errorf("at %d: %v", at, err)
		}
		inStep(t, f, edge(t))
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	p := edge(t, "a", "b", "c")
	f := settled(t, edge(t))
	ctx, cancel := context.WithCancel(context.Background())
	err := f.Apply(ctx, diff(t, f, p), clock, 1, func(certgen.Step) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	whole(t, nil, snapshot(t, f.Path()))
	apply(t, f, diff(t, f, p))
	inStep(t, f, p)
}

// BenchmarkComponents is what one more component costs.
func BenchmarkComponents(b *testing.B) {
	p := edge(b)
	f := settled(b, p)
	for i := range b.N {
		p.Components = append(p.Components, edge(b, fmt.Sprintf("c%d", i)).Components...)
	}
	plan := diff(b, f, p)
	b.ResetTimer()
	if err := f.Apply(context.Background(), plan, clock, 16, nil); err != nil {
		b.Fatal(err)
	}
}
