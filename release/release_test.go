package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

var update = flag.Bool("update", false, "write testdata/modules.txt")

// largest is the size in bytes below which lockstep stays, stripped.
const largest = 20e6

// TestRelease makes the release of this machine's platform twice, and uses the first as an
// administrator does, in clean roots without Go.
func TestRelease(t *testing.T) {
	dir := t.TempDir()
	first, second := filepath.Join(dir, "first"), filepath.Join(dir, "second")
	for _, out := range []string{first, second} {
		if err := run(t.Context(), []string{"-only", runtime.GOOS + "/" + runtime.GOARCH, "-out", out}); err != nil {
			t.Fatal(err)
		}
	}
	sums := read(t, first, "SHA256SUMS")
	if again := read(t, second, "SHA256SUMS"); sums != again {
		t.Errorf("built twice:\n%s\nand\n%s", sums, again)
	}
	for line := range strings.Lines(sums) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		if got := fmt.Sprintf("%x", sha256.Sum256([]byte(read(t, first, name)))); got != sum {
			t.Errorf("%s has the sum %s, and SHA256SUMS says %s", name, got, sum)
		}
	}
	t.Run("tarball", func(t *testing.T) { unzipped(t, one(t, first, "*_"+runtime.GOOS+"_"+runtime.GOARCH+".tar.gz")) })
	t.Run("bill", func(t *testing.T) { bill(t, one(t, first, "lockstep_*.cdx.json")) })
	if runtime.GOOS == "linux" {
		t.Run("deb", func(t *testing.T) { debian(t, one(t, first, "*.deb")) })
		t.Run("rpm", func(t *testing.T) { fedora(t, one(t, first, "*.rpm"), one(t, first, "*.deb")) })
		t.Run("cluster", func(t *testing.T) { cluster(t, one(t, first, "*.deb")) })
		t.Run("image", func(t *testing.T) { image(t, one(t, first, "*_image.tar")) })
	}
}

// TestVersionOfATag tags a clone of the checkout, as a maintainer does: release and program say the tag.
func TestVersionOfATag(t *testing.T) {
	clone := filepath.Join(t.TempDir(), "clone")
	for _, args := range [][]string{{"clone", "--quiet", "--no-local", "..", clone}, {"-C", clone, "tag", "v1.2.3-rc.1"}} {
		if said, err := exec.CommandContext(t.Context(), "git", args...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, said)
		}
	}
	r, err := newRelease(t.Context(), clone, filepath.Join(t.TempDir(), "out"))
	if r != nil {
		t.Cleanup(r.close)
	}
	if err != nil {
		t.Fatal(err)
	}
	here := platform{os: runtime.GOOS, arch: runtime.GOARCH}
	if err := r.buildOne(t.Context(), here, lockstep); err != nil {
		t.Fatal(err)
	}
	said, err := r.output(t.Context(), r.bin(here, lockstep), "version")
	if err != nil || r.version != "1.2.3-rc.1" || !strings.HasPrefix(said, "lockstep v1.2.3-rc.1\nbuilt from ") {
		t.Errorf("release %s, %v: %s", r.version, err, said)
	}
}

// unzipped unpacks the archive in a clean root without Go, and rehearses there.
func unzipped(t *testing.T, path string) {
	root := t.TempDir()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	content, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	folder, _, _ := strings.Cut(untar(t, content, root), "/")
	info, err := os.Stat(filepath.Join(root, folder, lockstep))
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() >= largest {
		t.Errorf("lockstep has %.1f MB, and is to stay below %.0f MB", float64(info.Size())/1e6, largest/1e6)
	}
	linked(t, filepath.Join(root, folder, lockstep))
	shell(t, root)
	version := strings.Split(folder, "_")[1]
	if got := inRoot(t, root, "/"+folder+"/lockstep", "version"); !strings.HasPrefix(got, "lockstep v"+version+"\nbuilt from ") {
		t.Errorf("in %s lockstep says %s", folder, got)
	}
	rehearsed(t, inRoot(t, root, "/"+folder+"/lockstep", "rehearse", "--etcd", "/"+folder+"/lockstep-etcd", "-f", "/"+folder+"/examples/minimal.yaml"))
	for _, name := range []string{"LICENSE", "man/lockstep.1", "man/lockstep-verify.1", "completions/lockstep", "completions/_lockstep", "completions/lockstep.fish", "units/lockstep-apply.timer", "units/lockstep-verify.cron", "units/kubernetes-verify/cronjob.yaml"} {
		if _, err := os.Stat(filepath.Join(root, folder, name)); err != nil {
			t.Error(err)
		}
	}
}

// untar unpacks a tar file into root, and returns the name of its last file.
func untar(t *testing.T, content io.Reader, root string) (last string) {
	t.Helper()
	for r := tar.NewReader(content); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return last
		}
		if err != nil {
			t.Fatal(err)
		}
		last = header.Name
		name := filepath.Join(root, filepath.FromSlash(last))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		file, err := io.ReadAll(r)
		if err == nil {
			err = os.WriteFile(name, file, header.FileInfo().Mode())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// linked compares the modules of lockstep with the list in testdata: what the binary that holds CA
// keys is made of changes only where that list does.
func linked(t *testing.T, program string) {
	all, err := modules(program)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, m := range all {
		fmt.Fprintln(&text, m.Path)
	}
	const golden = "testdata/modules.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := read(t, "testdata", "modules.txt"); want != text.String() {
		t.Errorf("lockstep is linked from\n%s\nand %s says\n%s", text.String(), golden, want)
	}
}

// bill reads the list of modules as what it says it is.
func bill(t *testing.T, path string) {
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var bom cdx.BOM
	if err := cdx.NewBOMDecoder(file, cdx.BOMFileFormatJSON).Decode(&bom); err != nil {
		t.Fatal(err)
	}
	found := slices.ContainsFunc(*bom.Components, func(c cdx.Component) bool {
		return strings.HasPrefix(c.PackageURL, "pkg:golang/go.etcd.io/etcd/client/v3@v3.")
	})
	if !found || bom.Metadata.Component.Name != lockstep {
		text, _ := json.Marshal(bom)
		t.Errorf("%s", text)
	}
}

// dpkg is Debian's package manager for root, a folder in which nothing is installed.
func dpkg(t *testing.T, root string, args ...string) {
	t.Helper()
	for _, dir := range []string{"var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/dpkg/triggers", "tmp"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"status", "available"} {
		if path := filepath.Join(root, "var/lib/dpkg", name); !exists(path) {
			if err := os.WriteFile(path, nil, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	cmd := exec.CommandContext(t.Context(), "dpkg", append([]string{"--root=" + root, "--force-not-root", "--log=" + filepath.Join(root, "var/lib/dpkg/log")}, args...)...)
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("dpkg %v: %v\n%s", args, err, said)
	}
}

// debian installs the package in a clean root, rehearses there, and removes it: nothing is left.
func debian(t *testing.T, path string) {
	root := t.TempDir()
	shell(t, root)
	before := tree(t, root)
	dpkg(t, root, "--install", path)
	const doc = "/usr/share/doc/lockstep/"
	rehearsed(t, inRoot(t, root, "/usr/bin/lockstep", "rehearse", "--etcd", "/usr/bin/lockstep-etcd", "-f", doc+"examples/minimal.yaml"))
	for _, name := range []string{"lockstep-apply.service", "lockstep-verify.service"} {
		if unit := read(t, root, "usr/lib/systemd/system/"+name); !strings.Contains(unit, "ExecStart=/usr/bin/lockstep ") {
			t.Errorf("the unit starts another program:\n%s", unit)
		}
	}
	if enabled := filepath.Join(root, "etc/systemd"); exists(enabled) {
		t.Errorf("%s: a unit was enabled", enabled)
	}
	dpkg(t, root, "--purge", lockstep)
	if after := tree(t, root); !slices.Equal(before, after) {
		t.Errorf("before %q\nafter %q", before, after)
	}
}

// rehearsed reads the end of what rehearse says.
func rehearsed(t *testing.T, text string) {
	t.Helper()
	if !strings.Contains(text, "\nin step: 1 component of \"small\"") {
		t.Errorf("the rehearsal ended with\n%s", text)
	}
}

// shell puts this machine's sh with its libraries into root, and an empty /dev/null: rehearse starts
// members by them, as the operator does.
func shell(t *testing.T, root string) {
	t.Helper()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(root, "dev"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "dev", "null"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	libraries, err := exec.CommandContext(t.Context(), "ldd", sh).CombinedOutput()
	if err != nil {
		libraries = nil // it is static
	}
	for _, path := range append(strings.Fields(string(libraries)), sh) {
		if !filepath.IsAbs(path) {
			continue
		}
		content, err := os.ReadFile(path)
		to := path
		if path == sh {
			to = "/bin/sh"
		}
		if err == nil {
			err = os.MkdirAll(filepath.Join(root, filepath.Dir(to)), 0o755)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(root, to), content, 0o755)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// inRoot runs a program whose root is the folder root: no Go is there, and no /proc, by which a
// program knows what lies beside it.
func inRoot(t *testing.T, root string, args ...string) string {
	t.Helper()
	return asUser(t, root, nil, args...)
}

// asUser is inRoot as another user, where root runs the tests.
func asUser(t *testing.T, root string, user *syscall.Credential, args ...string) string {
	t.Helper()
	cmd := command(t, root, user, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out.String())
	}
	return out.String()
}

// command is a program whose root is the folder root, as user where root runs the tests.
func command(t *testing.T, root string, user *syscall.Credential, args ...string) *exec.Cmd {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(root, "tmp"), 0o777); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	cmd.Dir, cmd.Env = "/", []string{"HOME=/tmp", "PATH=/usr/bin:/bin"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: user}
	if os.Geteuid() != 0 {
		cmd.SysProcAttr.Credential = nil
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
	}
	return cmd
}

// tree is the files below root that are not dpkg's or rpm's own, nor a folder.
func tree(t *testing.T, root string) (all []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.Contains(path, "/var/lib/dpkg") && !strings.Contains(path, "/var/lib/rpm") {
			all = append(all, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func exists(path string) bool { _, err := os.Lstat(path); return err == nil }

func one(t *testing.T, dir, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: %q, %v", pattern, found, err)
	}
	return found[0]
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
