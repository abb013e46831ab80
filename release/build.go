package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// platform is one system that binaries are built for, by Go's names.
type platform struct {
	os, arch string
	programs []string
}

// String is the platform as -only takes it.
func (p platform) String() string { return p.os + "/" + p.arch }

const (
	lockstep = "lockstep"
	etcd     = "lockstep-etcd" // a real etcd, for rehearse and bootstrap --seed
)

// platforms is all that is released. On macOS lockstep asks clusters that run elsewhere.
func platforms() []platform {
	return []platform{
		{"linux", "amd64", []string{lockstep, etcd}},
		{"linux", "arm64", []string{lockstep, etcd}},
		{"darwin", "amd64", []string{lockstep}},
		{"darwin", "arm64", []string{lockstep}},
	}
}

// release is one run.
type release struct {
	root, out string // a clean clone of the commit, and the folder of the release
	work      string // a temporary folder
	version   string // of the tag, or Go's pseudo-version of the commit; without "v"
	at        time.Time
	platforms []platform
	digest    v1.Hash // of the image
}

// newRelease clones the commit that is checked out in checkout, and empties out.
func newRelease(ctx context.Context, checkout, out string) (*release, error) {
	r := &release{root: checkout}
	var err error
	if r.out, err = filepath.Abs(out); err != nil {
		return r, err
	}
	if r.work, err = os.MkdirTemp("", "lockstep-release-"); err != nil {
		return r, err
	}
	clone := filepath.Join(r.work, "source")
	if _, err := r.output(ctx, "git", "clone", "--quiet", "--no-local", ".", clone); err != nil {
		return r, err
	}
	r.root = clone
	seconds, err := r.output(ctx, "git", "log", "-1", "--format=%ct")
	if err != nil {
		return r, err
	}
	unix, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return r, fmt.Errorf("reading the time of the commit: %w", err)
	}
	r.at = time.Unix(unix, 0).UTC()
	if r.version, err = r.versionOf(ctx); err != nil {
		return r, err
	}
	if err := os.RemoveAll(r.out); err != nil {
		return r, fmt.Errorf("emptying %s: %w", r.out, err)
	}
	return r, os.MkdirAll(r.out, 0o755)
}

func (r *release) close() { _ = os.RemoveAll(r.work) }

// versionOf is the tag of the commit, or what Go calls a commit without one.
func (r *release) versionOf(ctx context.Context) (string, error) {
	if tag, err := r.output(ctx, "git", "describe", "--tags", "--exact-match", "--match", "v[0-9]*", "HEAD"); err == nil {
		return strings.TrimPrefix(tag, "v"), nil
	}
	revision, err := r.output(ctx, "git", "rev-parse", "--short=12", "HEAD")
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("0.0.0-%s-%s", r.at.Format("20060102150405"), revision), nil
}

// output is what a command in the checkout prints, without the last line's end.
func (r *release) output(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = r.root
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(said.String()))
	}
	return strings.TrimSpace(string(out)), nil
}

// bin is where a program of a platform is built.
func (r *release) bin(p platform, program string) string {
	return filepath.Join(r.work, p.os+"_"+p.arch, program)
}

// build builds every program of every platform.
func (r *release) build(ctx context.Context) error {
	for _, p := range r.platforms {
		for _, program := range p.programs {
			if err := r.buildOne(ctx, p, program); err != nil {
				return err
			}
		}
	}
	return nil
}

// buildOne builds a program. Without gRPC's traces, which nothing here reads, the linker knows which
// methods are never called: lockstep is a sixth smaller.
func (r *release) buildOne(ctx context.Context, p platform, program string) error {
	dir, pkg := r.root, "./cmd/lockstep"
	if program == etcd {
		dir, pkg = filepath.Join(r.root, "etcd"), "."
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=true", "-tags=grpcnotrace", "-ldflags=-s -w", "-o", r.bin(p, program), pkg)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+p.os, "GOARCH="+p.arch)
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s for %s: %w\n%s", program, p, err, said)
	}
	return nil
}

// write makes man pages and completions. They are the same for every platform.
func (r *release) write(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "go", "test", "-count=1", "-trimpath", "./cmd/lockstep", "-run", "^TestManPages$", "-man", filepath.Join(r.work, "man"))
	cmd.Dir = r.root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "SOURCE_DATE_EPOCH="+strconv.FormatInt(r.at.Unix(), 10)) // cobra/doc takes it
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("writing the man pages: %w\n%s", err, said)
	}
	if err := os.Mkdir(filepath.Join(r.work, "completions"), 0o755); err != nil {
		return err
	}
	this := platform{os: runtime.GOOS, arch: runtime.GOARCH}
	if err := r.buildOne(ctx, this, lockstep); err != nil {
		return err
	}
	for shell, name := range shells() {
		text, err := r.output(ctx, r.bin(this, lockstep), "completion", shell)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(r.work, "completions", name), []byte(text+"\n"), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// shells is the file of each shell's completions, as the shell looks for it.
func shells() map[string]string {
	return map[string]string{"bash": lockstep, "zsh": "_" + lockstep, "fish": lockstep + ".fish"}
}
