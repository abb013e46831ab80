package folder

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"testing"

	"lockstep/policies/hint"
)

// The errors are made here: tests may run as root, which is refused nothing.
func TestAFolderThatCannotBeOpenedHasAHint(t *testing.T) {
	t.Parallel()
	for reason, want := range map[error]string{
		syscall.ENOENT:  "Name it with --pki, or make it with lockstep bootstrap.",
		syscall.EACCES:  "It holds keys, so only its owner may read it: run lockstep as that user (ls -ld shows it), or name another folder with --pki.",
		syscall.ENOTDIR: "",
	} {
		err := adviseOpening(fmt.Errorf("opening the PKI folder: %w", &fs.PathError{Op: "open", Path: "pki", Err: reason}))
		if got := hint.Text(err); got != want || !errors.Is(err, reason) {
			t.Errorf("%v: hint %q, want %q", err, got, want)
		}
	}
}
