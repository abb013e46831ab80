package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// debianEtcd is the release of Debian whose etcd makes the cluster, and formerEtcd the one before, whose
// etcd has no AuthStatus.
const (
	debianEtcd = "trixie"   // etcd 3.5
	formerEtcd = "bookworm" // etcd 3.4
)

// cluster goes from nothing to three members with auth on, by lockstep's package and Debian's
// packages of etcd alone, in a root without Go.
func cluster(t *testing.T, deb string) {
	root := rootWith(t, deb, debianEtcd)
	if found := exec.CommandContext(t.Context(), "sh", "-c", `find "$1" -name go -o -name gofmt | grep .`, "sh", root).Run(); found == nil {
		t.Fatal("Go is in the root")
	}
	policy(t, root, 3)
	exits(t, root, 2, "/etc/lockstep", "exec lockstep bootstrap --yes")
	members(t, root, 3)
	said := exits(t, root, 0, "/etc/lockstep", "exec lockstep bootstrap --wait 2m --yes")
	for _, want := range []string{"\nin step: 2 components of \"edge\", ", " on 3 members, ", "warning members/version: etcd1: runs etcd 3.5."} {
		if !strings.Contains(said, want) {
			t.Errorf("bootstrap does not say %q:\n%s", want, said)
		}
	}
	// etcd's own client: a component has its keys, and neither another's nor a client without a certificate has any.
	const as = "set -a && . ./etcdctl.env && exec etcdctl --command-timeout=20s "
	exits(t, root, 0, "/etc/lockstep/pki/components/app", as+"put /app/x 1")
	if got := exits(t, root, 1, "/etc/lockstep/pki/components/app", as+"get /other/x"); !strings.Contains(got, "permission denied") {
		t.Errorf("app reads another key: %s", got)
	}
	exits(t, root, 1, "/etc/lockstep/pki/components/app", "set -a && . ./etcdctl.env && unset ETCDCTL_CERT ETCDCTL_KEY && exec etcdctl --command-timeout=5s get /app/x")
	exits(t, root, 0, "/etc/lockstep", "exec lockstep verify")

	former := rootWith(t, deb, formerEtcd)
	policy(t, former, 1)
	exits(t, former, 2, "/etc/lockstep", "exec lockstep bootstrap --yes")
	members(t, former, 1)
	if said := exits(t, former, 3, "/etc/lockstep", "exec lockstep bootstrap --wait 2m --yes"); !strings.Contains(said, "runs etcd 3.4.") || !strings.Contains(said, "lockstep needs 3.5") {
		t.Errorf("to etcd 3.4 lockstep says %s", said)
	}
}

// rootWith is a root with a shell, lockstep's package and etcd's two of a release of Debian.
func rootWith(t *testing.T, deb, suite string) string {
	t.Helper()
	root := t.TempDir()
	shell(t, root)
	dpkg(t, root, "--install", deb)
	for _, path := range fetched(t, suite, "etcd-server", "etcd-client") {
		if said, err := exec.CommandContext(t.Context(), "dpkg-deb", "--extract", path, root).CombinedOutput(); err != nil {
			t.Fatalf("unpacking %s: %v\n%s", path, err, said)
		}
	}
	return root
}

// policy writes the policy of n members on free ports of this machine.
func policy(t *testing.T, root string, n int) {
	t.Helper()
	var text strings.Builder
	text.WriteString("apiVersion: lockstep/v1\nkind: Policy\ncluster:\n  name: edge\n  install: .\n  data: data\n  members:\n")
	for i := range n {
		var ports [2]int
		for j := range ports {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close() // after all ports are known: no two are the same
			ports[j] = listener.Addr().(*net.TCPAddr).Port
		}
		fmt.Fprintf(&text, "    - {name: etcd%d, hosts: [127.0.0.1], clientURL: \"https://127.0.0.1:%d\", peerURL: \"https://127.0.0.1:%d\"}\n", i+1, ports[0], ports[1])
	}
	text.WriteString("components:\n  - {name: app, permissions: [{prefix: /app/, access: readwrite}]}\n  - {name: other, permissions: [{prefix: /other/, access: readwrite}]}\n")
	if err := os.MkdirAll(filepath.Join(root, "etc/lockstep"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "etc/lockstep/lockstep.yaml"), []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// members copies the members' folders as bootstrap says, and starts Debian's etcd in each.
func members(t *testing.T, root string, n int) {
	t.Helper()
	for i := range n {
		name := fmt.Sprintf("etcd%d", i+1)
		copied := exec.CommandContext(t.Context(), "cp", "-a", filepath.Join(root, "etc/lockstep/pki/members", name), filepath.Join(root, "etc", name))
		if said, err := copied.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, said)
		}
		cmd := command(t, root, nil, "/bin/sh", "-c", "cd /etc/"+name+" && set -a && . ./etcd.env && exec etcd")
		var log bytes.Buffer
		cmd.Stdout, cmd.Stderr = &log, &log
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = cmd.Process.Signal(syscall.SIGKILL)
			_ = cmd.Wait() // killed
			if t.Failed() {
				t.Logf("%s:\n%s", name, log.String())
			}
		})
	}
}

// exits runs a line of the shell in a folder of root, and compares its exit code.
func exits(t *testing.T, root string, code int, dir, line string) string {
	t.Helper()
	said, err := command(t, root, nil, "/bin/sh", "-c", "cd "+dir+" && "+line).CombinedOutput()
	got := 0
	if failed := (*exec.ExitError)(nil); errors.As(err, &failed) {
		got = failed.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	if got != code {
		t.Fatalf("%s ended with %d, want %d:\n%s", line, got, code, said)
	}
	return string(said)
}

// fetched is packages of a release of Debian, which apt downloads once, from where this machine has
// its own from, with the signatures of that release.
func fetched(t *testing.T, suite string, names ...string) (paths []string) {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", ".build", "debian", suite))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		found, err := filepath.Glob(filepath.Join(dir, name+"_*.deb"))
		if err != nil || len(found) != 1 {
			download(t, dir, suite, names)
			found, err = filepath.Glob(filepath.Join(dir, name+"_*.deb"))
		}
		if err != nil || len(found) != 1 {
			t.Fatalf("%s of %s: %q, %v", name, suite, found, err)
		}
		t.Log(filepath.Base(found[0]))
		paths = append(paths, found[0])
	}
	return paths
}

func download(t *testing.T, dir, suite string, names []string) {
	t.Helper()
	apt := func(args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "apt-get", args...)
		cmd.Dir = dir
		said, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("apt-get %v: %v (this test needs Debian's apt, and its packages)\n%s", args, err, said)
		}
		return string(said)
	}
	for _, d := range []string{"lists/partial", "cache/archives/partial"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	mirrors := strings.Fields(apt("indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Component: main", "Origin: Debian"))
	if len(mirrors) == 0 {
		t.Fatal("apt knows no mirror of Debian: run apt-get update")
	}
	source := fmt.Sprintf("deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n", mirrors[0], suite)
	if err := os.WriteFile(filepath.Join(dir, "sources.list"), []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	own := []string{
		"-o", "Dir::Etc::sourcelist=" + filepath.Join(dir, "sources.list"), "-o", "Dir::Etc::sourceparts=-", "-o", "Dir::State::lists=" + filepath.Join(dir, "lists"),
		"-o", "Dir::Cache=" + filepath.Join(dir, "cache"), "-o", "APT::Sandbox::User=",
	}
	apt(append(own, "update")...)
	apt(append(append(own, "download"), names...)...)
}
