package folder

import (
	"errors"
	"io/fs"
	"path"
	"strings"
)

// mountedLink is the link in a mounted Kubernetes Secret through which all of its files
// are reached: client.crt -> ..data/client.crt, ..data -> ..2026_11_27_10_00_00.123. The
// kubelet exchanges it when the Secret changes (k8s.io/kubernetes/pkg/volume/util/atomic_writer.go).
const mountedLink = "..data"

// lstat is what has that name. Links are never followed but for the files of a Secret that
// is mounted at ca/: those links stay inside of ca/, and only this user or root may write
// the folder that they lead to, as the kubelet makes it.
func (f *Folder) lstat(name string) (fs.FileInfo, error) {
	info, err := f.root.Lstat(name)
	if err != nil || info.Mode()&fs.ModeSymlink == 0 || path.Dir(name) != "ca" {
		return info, err
	}
	to, err := f.root.Readlink(name)
	if err != nil || to != mountedLink+"/"+path.Base(name) {
		return info, err
	}
	version, err := f.root.Readlink("ca/" + mountedLink)
	if err != nil || strings.Contains(version, "/") || !ofMount(version) {
		return info, err
	}
	dir, err := f.root.Lstat("ca/" + version)
	if err != nil || !dir.IsDir() {
		return info, err
	}
	if err := errors.Join(f.exclusive("ca/"+version, dir), f.planted("ca/"+version, dir)); err != nil {
		return nil, err
	}
	return f.root.Lstat(path.Join("ca", version, path.Base(name)))
}

// ofMount reports whether an entry of ca/ is part of how a Secret is mounted.
func ofMount(base string) bool { return strings.HasPrefix(base, "..") && base != ".." }
