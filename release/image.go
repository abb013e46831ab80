package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// imageUser is the user of the image's program: nonroot, as other images without a shell have it.
const imageUser = "65532:65532"

// image writes the image of lockstep for each Linux, as one OCI layout in a tar file. No daemon makes it.
func (r *release) image(context.Context) error {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, p := range r.platforms {
		if p.os != "linux" {
			continue
		}
		image, err := r.imageOf(p)
		if err != nil {
			return err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: p.os, Architecture: p.arch}}})
	}
	var err error
	if r.digest, err = index.Digest(); err != nil {
		return err
	}
	dir := filepath.Join(r.work, "image")
	written, err := layout.Write(dir, empty.Index)
	if err != nil {
		return err
	}
	name := layout.WithAnnotations(map[string]string{
		"org.opencontainers.image.ref.name": r.version,
		"io.containerd.image.name":          "docker.io/library/lockstep:" + r.version, // what ctr and docker call it
	})
	if err := written.AppendIndex(index, name); err != nil {
		return err
	}
	files, err := filesBelow(dir)
	if err != nil {
		return err
	}
	content, err := tarred(files, r.at)
	if err != nil {
		return err
	}
	return r.put("lockstep_"+r.version+"_image.tar", content)
}

// imageOf is the image of a platform: lockstep alone, in one layer.
func (r *release) imageOf(p platform) (v1.Image, error) {
	var files []file
	if err := add(&files, lockstep, 0o755, r.bin(p, lockstep)); err != nil {
		return nil, err
	}
	content, err := tarred(files, r.at)
	if err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil },
		tarball.WithCompressionLevel(gzip.BestCompression), tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, err
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err = mutate.ConfigFile(image, &v1.ConfigFile{
		OS: p.os, Architecture: p.arch, Created: v1.Time{Time: r.at}, RootFS: v1.RootFS{Type: "layers"},
		Config: v1.Config{User: imageUser, Entrypoint: []string{"/" + lockstep}, Labels: map[string]string{
			"org.opencontainers.image.title": lockstep, "org.opencontainers.image.version": r.version, "org.opencontainers.image.licenses": "Apache-2.0",
		}},
	})
	if err != nil {
		return nil, err
	}
	return mutate.Append(image, mutate.Addendum{Layer: layer, History: v1.History{Created: v1.Time{Time: r.at}, CreatedBy: "make release"}})
}

// filesBelow is the files of a folder, by name.
func filesBelow(dir string) (all []file, err error) {
	err = fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return add(&all, path, 0o644, filepath.Join(dir, path))
	})
	return sorted(all), err
}
