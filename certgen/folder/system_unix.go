//go:build unix

package folder

import (
	"io/fs"
	"os"
	"syscall"
)

// openFlag keeps a pipe from holding up the process that opens it, and Go from asking the
// system whether a file could.
const openFlag = syscall.O_NONBLOCK

// foreign reports who owns a file, if that is neither this user nor root.
func foreign(info fs.FileInfo) (uid uint32, yes bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || stat.Uid == 0 || int64(stat.Uid) == int64(os.Geteuid()) {
		return 0, false
	}
	return stat.Uid, true
}

// owner is the user that a file belongs to; -1 where that is not known.
func owner(info fs.FileInfo) int64 {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return -1
	}
	return int64(stat.Uid)
}

// permissions are what others may do with the file.
func permissions(info fs.FileInfo) fs.FileMode { return info.Mode().Perm() }
