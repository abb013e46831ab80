package rehearsal

import (
	"fmt"
	"os/exec"
	"path/filepath"

	"lockstep/bootstrap/seed"
	"lockstep/policies/hint"
)

// FindEtcd chooses the etcd to start: the one asked for, else lockstep-etcd beside
// lockstep itself, else etcd on PATH. The path is absolute.
func FindEtcd(asked string) (string, error) {
	if asked != "" {
		found, err := exec.LookPath(asked)
		if err != nil {
			return "", hint.With(fmt.Errorf("looking for etcd: %w", err), "--etcd names an etcd program, with its path unless it is on PATH.")
		}
		return filepath.Abs(found)
	}
	if found, err := seed.Beside(); err == nil {
		return found, nil
	}
	found, err := exec.LookPath("etcd")
	if err != nil {
		return "", hint.With(fmt.Errorf("looking for etcd: neither lockstep-etcd beside lockstep nor etcd on PATH is there"),
			"`make build` builds lockstep-etcd beside lockstep; or name one with --etcd PATH.")
	}
	return filepath.Abs(found)
}

// findEtcdutl chooses what restores snapshots: the etcdutl beside the etcd that is started, else
// lockstep-etcd, which can do the same.
func findEtcdutl(etcd string) (string, error) {
	if found, err := exec.LookPath(filepath.Join(filepath.Dir(etcd), "etcdutl")); err == nil {
		return found, nil
	}
	return seed.Find()
}
