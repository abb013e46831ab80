package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// modules is what is linked into a program, by path, Go's own library included.
func modules(path string) ([]*debug.Module, error) {
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return nil, err
	}
	all := append(info.Deps, &debug.Module{Path: "std", Version: info.GoVersion})
	for i, m := range all {
		if m.Replace != nil {
			all[i] = m.Replace
		}
	}
	slices.SortFunc(all, func(a, b *debug.Module) int { return strings.Compare(a.Path, b.Path) })
	return all, nil
}

// url is a module's package URL (https://github.com/package-url/purl-spec).
func url(m *debug.Module) string {
	return "pkg:golang/" + m.Path + "@" + strings.TrimPrefix(m.Version, "go")
}

// bill writes a CycloneDX document for each program: what is linked into it, as the program itself
// says. Every platform links the same modules or fewer than the first.
func (r *release) bill(context.Context) error {
	for _, program := range r.platforms[0].programs {
		linked, err := modules(r.bin(r.platforms[0], program))
		if err != nil {
			return err
		}
		bom := cdx.NewBOM()
		self := cdx.Component{BOMRef: program, Type: cdx.ComponentTypeApplication, Name: program, Version: r.version}
		bom.Metadata = &cdx.Metadata{Timestamp: r.at.Format(time.RFC3339), Component: &self}
		var components []cdx.Component
		var refs []string
		for _, m := range linked {
			components = append(components, cdx.Component{BOMRef: url(m), Type: cdx.ComponentTypeLibrary, Name: m.Path, Version: m.Version, PackageURL: url(m)})
			refs = append(refs, url(m))
		}
		bom.Components, bom.Dependencies = &components, &[]cdx.Dependency{{Ref: program, Dependencies: &refs}}
		var out bytes.Buffer
		if err := cdx.NewBOMEncoder(&out, cdx.BOMFileFormatJSON).SetPretty(true).Encode(bom); err != nil {
			return err
		}
		if err := r.put(fmt.Sprintf("%s_%s.cdx.json", program, r.version), out.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// sums writes the SHA-256 sums of all files, as sha256sum -c reads them.
func (r *release) sums(context.Context) error {
	entries, err := os.ReadDir(r.out)
	if err != nil {
		return err
	}
	var text strings.Builder
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(r.out, e.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&text, "%x  %s\n", sha256.Sum256(content), e.Name())
	}
	return r.put("SHA256SUMS", []byte(text.String()))
}

// print says what was made: the files, and the size of each program and how much is linked.
func (r *release) print(context.Context) error {
	for _, p := range r.platforms {
		for _, program := range p.programs {
			info, err := os.Stat(r.bin(p, program))
			if err != nil {
				return err
			}
			linked, err := modules(r.bin(p, program))
			if err != nil {
				return err
			}
			fmt.Printf("%s %s: %.1f MB, %d modules\n", program, p, float64(info.Size())/1e6, len(linked))
		}
	}
	fmt.Println("image", r.digest)
	return fs.WalkDir(os.DirFS(r.out), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			fmt.Println(filepath.Join(r.out, path))
		}
		return err
	})
}
