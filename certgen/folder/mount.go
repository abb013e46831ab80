package folder

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"lockstep/policies/hint"
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

// closed refuses a folder in which others could exchange a key. Where the sticky bit is
// set, as on a mounted Secret, others may add files, but exchange none of this user's or
// root's: whose each file is, observer.entry looks at.
func (f *Folder) closed(dir string, info fs.FileInfo) error {
	if sticky(info) {
		return nil
	}
	return f.exclusive(dir, info)
}

// exclusive refuses a folder that others may write.
func (f *Folder) exclusive(dir string, info fs.FileInfo) error {
	mode := permissions(info)
	if mode&0o022 == 0 {
		return nil
	}
	where := filepath.Join(f.path, dir)
	name := dir
	if dir == "." {
		name = where
	}
	return hint.Refuse(fmt.Sprintf("Look whether everything in it is yours; then: chmod go-w %s", hint.Word(where)),
		"%s has mode %04o: others could exchange what lies in it", name, mode)
}

// sticky reports whether others may write the folder, and yet exchange nothing in it that
// is this user's or root's.
func sticky(info fs.FileInfo) bool {
	_, yes := foreign(info)
	return !yes && info.Mode()&fs.ModeSticky != 0 && permissions(info)&0o022 != 0
}

// planted refuses what another user has put into a sticky folder.
func (f *Folder) planted(name string, info fs.FileInfo) error {
	if uid, yes := foreign(info); yes {
		return hint.Refuse("Look whether it is yours; then make the folder writable for its owner alone (chmod go-w).",
			"%s belongs to user %d, who may write the folder, too", name, uid)
	}
	return nil
}

// trusted refuses a file of ca/ that others could have put there or exchanged.
func (f *Folder) trusted(file string) error {
	open := false
	for _, name := range []string{".", "ca", file} {
		info, err := f.lstat(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case open:
			if err := f.planted(name, info); err != nil {
				return err
			}
		}
		if name == file {
			break
		}
		if err := f.closed(name, info); err != nil {
			return err
		}
		open = sticky(info)
	}
	return nil
}
