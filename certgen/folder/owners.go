package folder

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"lockstep/policies/hint"
)

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
	name := dir
	if dir == "." {
		name = filepath.Clean(f.path)
	}
	return hint.Refuse("Look whether everything in it is yours; then: chmod go-w "+f.word(dir),
		"%s has mode %04o: others could exchange what lies in it", name, mode)
}

// unchanged refuses a file that others may write.
func (f *Folder) unchanged(name string, info fs.FileInfo) error {
	mode := permissions(info)
	if mode&0o022 == 0 {
		return nil
	}
	return hint.Refuse("Compare it with a copy that you trust; then: chmod go-w "+f.word(name), "%s has mode %04o: others could change it", name, mode)
}

// owned refuses what belongs to another user than root and these, the owners of the PKI folder
// and of the folder that it lies in: that user can exchange it at any time.
func (f *Folder) owned(name string, info fs.FileInfo, pki, above int64) error {
	uid := owner(info)
	switch {
	case uid <= 0, uid == pki, uid == above: // of a folder of another user it is said of the folder
		return nil
	case info.IsDir():
		return hint.Refuse(fmt.Sprintf("Look whether everything in it is yours; then, as root: chown -R %d %s", pki, f.word(name)),
			"%s belongs to user %d, who can exchange what lies in it", name, uid)
	}
	return hint.Refuse(fmt.Sprintf("Compare it with a copy that you trust; then, as root: chown %d %s", pki, f.word(name)),
		"%s belongs to user %d, who can exchange it", name, uid)
}

// mine refuses a PKI folder of another user than this one and root.
func (f *Folder) mine(info fs.FileInfo) error {
	uid, yes := foreign(info)
	if !yes {
		return nil
	}
	return hint.Refuse(fmt.Sprintf("Run lockstep as that user; or look whether everything in it is yours, and as root: chown -R %d %s", os.Geteuid(), f.word(".")),
		"%s belongs to user %d, who can exchange what lies in it", f.path, uid)
}

// word is the path of a file of the folder as an argument of a command.
func (f *Folder) word(name string) string {
	return hint.Word(filepath.Join(f.path, filepath.FromSlash(name)))
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
		return hint.Refuse("Look whether it is yours; then make the folder writable for its owner alone: chmod go-w "+f.word(path.Dir(name)),
			"%s belongs to user %d, who may write the folder, too", name, uid)
	}
	return nil
}

// trusted refuses a file of ca/ that others could have put there or exchanged. One that others
// could change is a finding of verify, which goes on by it, and refused by all that changes.
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
