package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// blob is what names another file of an OCI layout.
type blob struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Annotations map[string]string `json:"annotations"`
	Platform    struct{ OS, Architecture string }
}

// image reads the image as the OCI's specification says, by the standard library alone, and runs
// it: as a user without a name, in a root that holds lockstep and nothing else.
func image(t *testing.T, path string) {
	layout, root := t.TempDir(), t.TempDir()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	untar(t, file, layout)
	if got := read(t, layout, "oci-layout"); !strings.Contains(got, `"imageLayoutVersion":`) {
		t.Errorf("oci-layout says %s", got)
	}
	var top, index struct{ Manifests []blob }
	decode(t, []byte(read(t, layout, "index.json")), &top)
	if len(top.Manifests) != 1 || !strings.HasPrefix(top.Manifests[0].Annotations["io.containerd.image.name"], "docker.io/library/lockstep:") {
		t.Fatalf("%+v", top)
	}
	decode(t, content(t, layout, top.Manifests[0], "application/vnd.oci.image.index.v1+json"), &index)
	if len(index.Manifests) != 1 || index.Manifests[0].Platform.OS != "linux" || index.Manifests[0].Platform.Architecture != runtime.GOARCH {
		t.Fatalf("%+v", index)
	}
	var manifest struct {
		Config blob
		Layers []blob
	}
	decode(t, content(t, layout, index.Manifests[0], "application/vnd.oci.image.manifest.v1+json"), &manifest)
	var config struct {
		Config struct {
			User       string
			Entrypoint []string
		} `json:"config"`
	}
	decode(t, content(t, layout, manifest.Config, "application/vnd.oci.image.config.v1+json"), &config)
	if config.Config.User != "65532:65532" || len(config.Config.Entrypoint) != 1 || len(manifest.Layers) != 1 {
		t.Fatalf("%+v, %+v", config, manifest)
	}
	layer, err := gzip.NewReader(bytes.NewReader(content(t, layout, manifest.Layers[0], "application/vnd.oci.image.layer.v1.tar+gzip")))
	if err != nil {
		t.Fatal(err)
	}
	untar(t, layer, root)
	if entries, err := os.ReadDir(root); err != nil || len(entries) != 1 {
		t.Errorf("the image holds %v, %v", entries, err)
	}
	// The folder of the test is root's own.
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	said := asUser(t, root, &syscall.Credential{Uid: 65532, Gid: 65532}, config.Config.Entrypoint[0], "version")
	if !strings.HasPrefix(said, "lockstep v") {
		t.Errorf("the image says %s", said)
	}
}

// content is the file that b names, of the type kind; its name is its sum.
func content(t *testing.T, layout string, b blob, kind string) []byte {
	t.Helper()
	if b.MediaType != kind {
		t.Errorf("%s is %s, want %s", b.Digest, b.MediaType, kind)
	}
	text, err := os.ReadFile(filepath.Join(layout, "blobs", strings.ReplaceAll(b.Digest, ":", "/")))
	if err != nil {
		t.Fatal(err)
	}
	if sum := fmt.Sprintf("sha256:%x", sha256.Sum256(text)); sum != b.Digest {
		t.Errorf("%s has the sum %s", b.Digest, sum)
	}
	return text
}

func decode(t *testing.T, text []byte, to any) {
	t.Helper()
	if err := json.Unmarshal(text, to); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}
