package main

import (
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

// fedora installs the rpm in a clean root, compares it with the deb, rehearses there, and removes
// it: nothing is left.
func fedora(t *testing.T, rpm, deb string) {
	root := t.TempDir()
	shell(t, root)
	before := tree(t, root)
	run := func(name string, args ...string) string {
		t.Helper()
		said, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
		if err != nil {
			t.Fatalf("%s %v: %v (make release-test installs Debian's package rpm)\n%s", name, args, err, said)
		}
		return string(said)
	}
	inRPM := strings.Fields(run("rpm", "--query", "--package", "--queryformat", "[%{FILENAMES}|%{FILEMODES:perms}|%{FILEUSERNAME}/%{FILEGROUPNAME}\n]", rpm))
	var inDeb []string
	for line := range strings.Lines(run("dpkg-deb", "--contents", deb)) {
		if f := strings.Fields(line); !strings.HasSuffix(f[5], "/") {
			inDeb = append(inDeb, strings.TrimPrefix(f[5], ".")+"|"+f[0]+"|"+f[1])
		}
	}
	for i, f := range inDeb {
		if path.Base(strings.Split(f, "|")[0]) == "_lockstep" {
			inDeb[i] = strings.Replace(f, "/vendor-completions/", "/site-functions/", 1)
		}
	}
	slices.Sort(inRPM)
	slices.Sort(inDeb)
	if !slices.Equal(inRPM, inDeb) {
		t.Errorf("the rpm holds\n%s\nand the deb\n%s", strings.Join(inRPM, "\n"), strings.Join(inDeb, "\n"))
	}
	if scripts := run("rpm", "--query", "--package", "--scripts", rpm); scripts != "" {
		t.Errorf("the rpm runs %s", scripts)
	}
	inside := func(args ...string) {
		t.Helper()
		all := append([]string{"rpm", "--root=" + root, "--dbpath=/var/lib/rpm"}, args...)
		if os.Geteuid() != 0 {
			all = append([]string{"unshare", "--map-root-user"}, all...)
		}
		run(all[0], all[1:]...)
	}
	inside("--install", rpm)
	inside("--verify", lockstep)
	const doc = "/usr/share/doc/lockstep/"
	rehearsed(t, inRoot(t, root, "/usr/bin/lockstep", "rehearse", "--etcd", "/usr/bin/lockstep-etcd", "-f", doc+"examples/minimal.yaml"))
	inside("--erase", lockstep)
	if after := tree(t, root); !slices.Equal(before, after) {
		t.Errorf("before %q\nafter %q", before, after)
	}
}
