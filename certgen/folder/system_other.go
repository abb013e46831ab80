//go:build !unix

package folder

import "io/fs"

// openFlag: this system has no pipes in folders.
const openFlag = 0

// foreign: this system has no numeric owners, access lists rule.
func foreign(fs.FileInfo) (uid uint32, yes bool) { return 0, false }

// owner: this system has no numeric owners, access lists rule.
func owner(fs.FileInfo) int64 { return -1 }

// permissions: this system has no mode bits, access lists rule.
func permissions(fs.FileInfo) fs.FileMode { return 0 }
