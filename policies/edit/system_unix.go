//go:build unix

package edit

import (
	"io/fs"
	"os"
	"syscall"

	"lockstep/policies/hint"
)

// keepOwner gives file the owner and group that like has.
func keepOwner(file *os.File, like fs.FileInfo) error {
	want, ok := like.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	about, err := file.Stat()
	if err != nil {
		return err
	}
	if have, ok := about.Sys().(*syscall.Stat_t); ok && have.Uid == want.Uid && have.Gid == want.Gid {
		return nil
	}
	if err := file.Chown(int(want.Uid), int(want.Gid)); err != nil {
		return hint.Refuse("Run lockstep as the file's owner, or edit the file by hand.",
			"the file belongs to user %d and group %d, which the new one could not: %w", want.Uid, want.Gid, err)
	}
	return nil
}

// links is the number of names that the file has.
func links(about fs.FileInfo) uint64 {
	if stat, ok := about.Sys().(*syscall.Stat_t); ok {
		return uint64(stat.Nlink)
	}
	return 1
}
