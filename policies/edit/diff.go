package edit

import (
	"bytes"

	"github.com/rogpeppe/go-internal/diff"

	"lockstep/policies"
)

// Diff is the unified diff of two versions of a file, three lines of context, for
// people: carriage returns at line ends are left out. It is "" if nothing changed.
func Diff(before, after policies.File) string {
	if bytes.Equal(before.Text, after.Text) {
		return ""
	}
	text := diff.Diff(before.Name, readable(before), after.Name, readable(after))
	_, text, _ = bytes.Cut(text, []byte("\n")) // the line "diff before after" says nothing new
	return string(text)
}

func readable(f policies.File) []byte { return bytes.ReplaceAll(f.Text, []byte("\r\n"), []byte("\n")) }
