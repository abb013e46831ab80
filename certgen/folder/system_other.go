//go:build !unix

package folder

import (
	"io/fs"
	"os"
)

// openFlag: this system has no pipes in folders.
const openFlag = 0

// foreign: this system has no numeric owners, access lists rule.
func foreign(fs.FileInfo) (uid uint32, yes bool) { return 0, false }

// permissions: this system has no mode bits, access lists rule.
func permissions(fs.FileInfo) fs.FileMode { return 0 }
