package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/goreleaser/nfpm/v2"
	"github.com/goreleaser/nfpm/v2/deb"
	nfpmfiles "github.com/goreleaser/nfpm/v2/files"
	"github.com/goreleaser/nfpm/v2/rpm"
)

// kind is one format of packages.
type kind struct {
	name string
	nfpm.Packager
	zsh string // where zsh looks for completions
}

func kinds() []kind {
	return []kind{
		{"deb", deb.Default, "/usr/share/zsh/vendor-completions/"},
		{"rpm", rpm.DefaultRPM, "/usr/share/zsh/site-functions/"},
	}
}

// packages writes a package of each kind for each Linux. It depends on nothing and runs no
// script: units are installed, and the administrator enables them.
func (r *release) packages(context.Context) error {
	for _, p := range r.platforms {
		if p.os != "linux" {
			continue
		}
		for _, k := range kinds() {
			files, err := r.installed(p, k.zsh)
			if err != nil {
				return err
			}
			if err := r.pack(p, k, files); err != nil {
				return fmt.Errorf("packing the %s for %s: %w", k.name, p, err)
			}
		}
	}
	return nil
}

func (r *release) pack(p platform, k kind, files []file) error {
	contents, err := r.unpacked(filepath.Join(r.work, "package", k.name, p.arch), files)
	if err != nil {
		return err
	}
	info := nfpm.WithDefaults(&nfpm.Info{
		Name: lockstep, Version: r.version, Platform: p.os, Arch: p.arch, MTime: r.at,
		Section: "admin", Priority: "optional", License: "Apache-2.0", Maintainer: "the maintainers of lockstep <maintainers@lockstep.invalid>",
		Description:   "keeps etcd's users and roles and client certificates in step\nOne policy file declares each component's etcd user, role and key prefixes.\nlockstep makes etcd match it, issues the certificates, and proves that both agree.",
		Overridables:  nfpm.Overridables{Contents: contents, RPM: nfpm.RPM{BuildHost: "lockstep"}},
		VersionSchema: "semver",
	})
	if err := nfpm.PrepareForPackager(info, k.name); err != nil {
		return err
	}
	var out bytes.Buffer
	if err := k.Package(info, &out); err != nil {
		return err
	}
	return r.put(k.ConventionalFileName(info), out.Bytes())
}

// unpacked writes files below dir, from where they are packed.
func (r *release) unpacked(dir string, files []file) (nfpmfiles.Contents, error) {
	var contents nfpmfiles.Contents
	for i, f := range files {
		path := filepath.Join(dir, fmt.Sprint(i)+"-"+filepath.Base(f.name))
		err := os.MkdirAll(dir, 0o755)
		if err == nil {
			err = os.WriteFile(path, f.content, f.mode)
		}
		if err != nil {
			return nil, err
		}
		content := &nfpmfiles.Content{Source: path, Destination: f.name, FileInfo: &nfpmfiles.ContentFileInfo{Owner: "root", Group: "root", Mode: f.mode, MTime: r.at}}
		contents = append(contents, content)
	}
	return contents, nil
}
