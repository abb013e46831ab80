package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// file is one file of an archive or a package.
type file struct {
	name    string // slash-separated: below the archive's folder, or from the root of the system
	mode    os.FileMode
	content []byte
}

// unitsDir holds the units of systemd.
const unitsDir = "docs/units"

// archived is the files of the archive of a platform, by name.
func (r *release) archived(p platform) ([]file, error) {
	var all []file
	for _, program := range p.programs {
		if err := add(&all, program, 0o755, r.bin(p, program)); err != nil {
			return nil, err
		}
	}
	for _, name := range []string{"LICENSE", "README.md", "CHANGELOG.md"} {
		if err := add(&all, name, 0o644, filepath.Join(r.root, name)); err != nil {
			return nil, err
		}
	}
	for _, d := range []struct{ pattern, to string }{
		{filepath.Join(r.work, "man", "*.1"), "man/"},
		{filepath.Join(r.work, "completions", "*"), "completions/"},
		{filepath.Join(r.root, "policies/examples/*.yaml"), "examples/"},
		{filepath.Join(r.root, unitsDir, "*.*"), "units/"},
		{filepath.Join(r.root, unitsDir, "kubernetes-verify", "*"), "units/kubernetes-verify/"},
	} {
		if err := addAll(&all, d.to, d.pattern); err != nil {
			return nil, err
		}
	}
	return sorted(all), nil
}

// installed is the files of a package, by name, with the units' program where the package has it.
// The folder of zsh's completions is another one on each system.
func (r *release) installed(p platform, zsh string) ([]file, error) {
	var all []file
	for _, program := range p.programs {
		if err := add(&all, "/usr/bin/"+program, 0o755, r.bin(p, program)); err != nil {
			return nil, err
		}
	}
	const doc = "/usr/share/doc/lockstep/"
	for name, to := range map[string]string{
		"LICENSE": doc + "copyright", "README.md": doc + "README.md", "CHANGELOG.md": doc + "CHANGELOG.md",
		unitsDir + "/lockstep.sysusers": "/usr/lib/sysusers.d/lockstep.conf",
	} {
		if err := add(&all, to, 0o644, filepath.Join(r.root, name)); err != nil {
			return nil, err
		}
	}
	completions := filepath.Join(r.work, "completions")
	for _, d := range []struct{ pattern, to string }{
		{filepath.Join(r.work, "man", "*.1"), "/usr/share/man/man1/"},
		{filepath.Join(completions, shells()["bash"]), "/usr/share/bash-completion/completions/"},
		{filepath.Join(completions, shells()["zsh"]), zsh},
		{filepath.Join(completions, shells()["fish"]), "/usr/share/fish/vendor_completions.d/"},
		{filepath.Join(r.root, "policies/examples/*.yaml"), doc + "examples/"},
		{filepath.Join(r.root, unitsDir, "*.yaml"), doc + "units/"},
		{filepath.Join(r.root, unitsDir, "*.cron"), doc + "units/"},
		{filepath.Join(r.root, unitsDir, "kubernetes-verify", "*"), doc + "units/kubernetes-verify/"},
		{filepath.Join(r.root, unitsDir, "*.service"), "/usr/lib/systemd/system/"},
		{filepath.Join(r.root, unitsDir, "*.timer"), "/usr/lib/systemd/system/"},
	} {
		if err := addAll(&all, d.to, d.pattern); err != nil {
			return nil, err
		}
	}
	for i, f := range all {
		if strings.HasSuffix(f.name, ".service") {
			all[i].content = []byte(strings.ReplaceAll(string(f.content), "/usr/local/bin/", "/usr/bin/"))
		}
	}
	return sorted(all), nil
}

func add(all *[]file, name string, mode os.FileMode, path string) error {
	content, err := os.ReadFile(path)
	*all = append(*all, file{name, mode, content})
	return err
}

// addAll adds the files of a pattern to the folder to. That there is none is an error.
func addAll(all *[]file, to, pattern string) error {
	paths, err := filepath.Glob(pattern)
	if err == nil && len(paths) == 0 {
		err = fmt.Errorf("there is no file %s", pattern)
	}
	for _, path := range paths {
		if err == nil {
			err = add(all, to+filepath.Base(path), 0o644, path)
		}
	}
	return err
}

func sorted(all []file) []file {
	slices.SortFunc(all, func(a, b file) int { return strings.Compare(a.name, b.name) })
	return all
}

// put writes a file of the release.
func (r *release) put(name string, content []byte) error {
	return os.WriteFile(filepath.Join(r.out, name), content, 0o644)
}

// archives writes an archive for each platform.
func (r *release) archives(context.Context) error {
	for _, p := range r.platforms {
		files, err := r.archived(p)
		if err != nil {
			return err
		}
		folder := fmt.Sprintf("lockstep_%s_%s_%s", r.version, p.os, p.arch)
		content, err := archive(folder, files, r.at)
		if err != nil {
			return err
		}
		if err := r.put(folder+".tar.gz", content); err != nil {
			return err
		}
	}
	return nil
}
