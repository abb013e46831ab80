package certgen_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/certgen"
	"lockstep/policies"
)

// host is a member's host: a folder with restore.sh and the seed, and an etcdutl that writes down
// what it is asked and makes the folder that it is told.
type host struct {
	*testing.T
	dir string
}

func newHost(t *testing.T, p *policies.Policy, m policies.Member) host {
	t.Helper()
	h := host{t, filepath.Join(t.TempDir(), "a b")}
	h.write("restore.sh", string(certgen.RestoreScript(p, m, []byte("a seed"))))
	h.write("seed.db", "a seed")
	h.write("etcdutl", `#!/bin/sh
printf '%s\n' "$@" > asked
for last; do :; done
mkdir -p "$last/member/snap"
`)
	return h
}

func (h host) write(name, text string) {
	h.Helper()
	file := filepath.Join(h.dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		h.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o700); err != nil {
		h.Fatal(err)
	}
}

// run runs restore.sh from another folder, as a service manager does.
func (h host) run() (string, error) {
	cmd := exec.Command("sh", filepath.Join(h.dir, "restore.sh"))
	cmd.Dir, cmd.Env = h.TempDir(), []string{"PATH=" + os.Getenv("PATH"), "ETCDUTL=./etcdutl"}
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func (h host) asked() string {
	text, err := os.ReadFile(filepath.Join(h.dir, "asked"))
	if err != nil {
		return ""
	}
	return string(text)
}

func here(t *testing.T) *policies.Policy {
	p := edge(t)
	p.Cluster.Install, p.Cluster.Data = ".", "my data"
	return p
}

func TestRestoreScript(t *testing.T) {
	t.Parallel()
	p := here(t)
	p.Cluster.Members[1].PeerURL = "https://[2001:db8::2]:2380"
	h := newHost(t, p, p.Cluster.Members[1])
	h.write("my data/lost+found/x", "")     // of a file system of its own
	h.write("my data/restoring/member", "") // of a run that was cut off
	out, err := h.run()
	if err != nil || out != "restored member etcd2: start etcd with etcd.env" {
		t.Fatalf("%q, %v", out, err)
	}
	want := `snapshot
restore
seed.db
--name
etcd2
--initial-cluster
etcd1=https://10.0.0.11:2380,etcd2=https://[2001:db8::2]:2380
--initial-cluster-token
edge-seed-8f44d509e049
--initial-advertise-peer-urls
https://[2001:db8::2]:2380
--data-dir
my data/restoring
`
	if diff := cmp.Diff(want, h.asked()); diff != "" {
		t.Error(diff)
	}
	if _, err := os.Stat(filepath.Join(h.dir, "my data/member/snap")); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(h.dir, "my data/restoring")); err == nil {
		t.Error("the folder in which it restored is left")
	}
	if out, err := h.run(); err == nil || out != "restore.sh: my data is not empty: only a member that never ran is restored; nothing was restored" {
		t.Errorf("the second time: %q, %v", out, err)
	}
}

// With an absolute install folder nothing beside it is looked at; the seed has to lie there.
func TestRestoreScriptOfAnInstallFolder(t *testing.T) {
	t.Parallel()
	p := edge(t)
	text := string(certgen.RestoreScript(p, p.Cluster.Members[0], []byte("a seed")))
	if strings.Contains(text, "../") || !strings.Contains(text, "\ndata=/var/lib/etcd\n") {
		t.Error(text)
	}
}

func TestRestoreScriptRefuses(t *testing.T) {
	t.Parallel()
	const other = "restore.sh: seed.db is not here, or is not the one that this script belongs to: copy both again; nothing was restored"
	const there = "restore.sh: my data is not empty: only a member that never ran is restored; nothing was restored"
	for name, c := range map[string]struct {
		change func(host)
		want   string
	}{
		"another seed":    {func(h host) { h.write("seed.db", "another seed") }, other},
		"no seed":         {func(h host) { os.Remove(filepath.Join(h.dir, "seed.db")) }, other},
		"a member's data": {func(h host) { h.write("my data/member/wal/0.wal", "") }, there},
		"any other file":  {func(h host) { h.write("my data/x y", "") }, there},
		"a hidden file":   {func(h host) { h.write("my data/.x", "") }, there},
		"data is a file":  {func(h host) { h.write("my data", "") }, there},
		"no etcdutl":      {func(h host) { os.Remove(filepath.Join(h.dir, "etcdutl")) }, "./etcdutl"},
		"etcdutl fails":   {func(h host) { h.write("etcdutl", "#!/bin/sh\necho bad hash >&2\nexit 1\n") }, "bad hash"},
		"etcdutl is cut": {func(h host) {
			h.write("etcdutl", "#!/bin/sh\nmkdir -p \"$PWD/my data/restoring/member\"\nkill -9 $$\n")
		}, "illed"},
		"etcdutl does not": {func(h host) { h.write("etcdutl", "#!/bin/sh\n") }, "mv: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := here(t)
			h := newHost(t, p, p.Cluster.Members[0])
			c.change(h)
			if out, err := h.run(); err == nil || !strings.Contains(out, c.want) {
				t.Errorf("%q, %v", out, err)
			}
			if _, err := os.Stat(filepath.Join(h.dir, "my data/member/snap")); err == nil || h.asked() != "" {
				t.Error("it restored")
			}
		})
	}
}

// Another seed of the same members is another cluster.
func TestSeedToken(t *testing.T) {
	t.Parallel()
	p := edge(t)
	if a, b := certgen.SeedToken(p, []byte("a")), certgen.SeedToken(p, []byte("b")); a == b || !strings.HasPrefix(a, "edge-seed-") {
		t.Errorf("%q and %q", a, b)
	}
}
