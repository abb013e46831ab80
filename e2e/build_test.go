package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// binaries is where the product and its witnesses are built, relative to this folder.
// It is cached between runs: go build links again only what changed.
const binaries = "../.build/e2e"

// build makes lockstep, lockstep-etcd, etcd, etcdctl, etcdutl and kustomize with the flags of the Makefile.
func build() error {
	out, err := filepath.Abs(binaries)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"build", "-C", "..", "-trimpath", "-o", out + "/", "./cmd/lockstep"},
		{"build", "-C", "../etcd", "-trimpath", "-o", filepath.Join(out, "lockstep-etcd"), "."},
		{"build", "-trimpath", "-o", filepath.Join(out, "etcdctl"), "go.etcd.io/etcd/etcdctl/v3"},
		{"build", "-trimpath", "-o", filepath.Join(out, "etcdutl"), "go.etcd.io/etcd/etcdutl/v3"},
		{"build", "-trimpath", "-o", filepath.Join(out, "kustomize"), "sigs.k8s.io/kustomize/kustomize/v5"},
	} {
		cmd := exec.Command("go", args...)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if text, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("building the binaries under test: %w\n%s", err, text)
		}
	}
	etcd := filepath.Join(out, "etcd")
	if _, err := os.Lstat(etcd); err == nil {
		return nil
	}
	return os.Symlink("lockstep-etcd", etcd)
}
