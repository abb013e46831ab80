package edit

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"lockstep/policies"
)

// Diff is the unified diff of two versions of a file, three lines of context, for
// people: carriage returns at line ends are left out, and a name with a line break is
// quoted, as git does. It is "" if nothing changed.
func Diff(before, after policies.File) string {
	if bytes.Equal(before.Text, after.Text) {
		return ""
	}
	text := diff.Diff(oneLine(before.Name), readable(before), oneLine(after.Name), readable(after))
	_, text, _ = bytes.Cut(text, []byte("\n")) // the line "diff before after" says nothing new
	return string(text)
}

func oneLine(name string) string {
	if strings.ContainsAny(name, "\r\n") {
		return strconv.Quote(name)
	}
	return name
}

func readable(f policies.File) []byte { return bytes.ReplaceAll(f.Text, []byte("\r\n"), []byte("\n")) }
