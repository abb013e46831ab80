package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// enoughHealthy is how many healthy and unusual set-ups have to be shown.
const enoughHealthy = 30

// A script marks a set-up in which verify makes no finding above an info by "# healthy: WHAT". The
// program healthy follows before the next mark or paragraph. docs/verify.md lists all of them.
func TestHealthySetUpsAreShown(t *testing.T) {
	t.Parallel()
	scripts, err := filepath.Glob("testdata/scripts/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../docs/verify.md")
	if err != nil {
		t.Fatal(err)
	}
	mark := regexp.MustCompile(`^# healthy: (.+)$`)
	var shown []string
	for _, path := range scripts {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		what, name := "", strings.TrimSuffix(filepath.Base(path), ".txtar")
		for line := range strings.Lines(string(text) + "\n\n") {
			line = strings.TrimSuffix(line, "\n")
			if m := mark.FindStringSubmatch(line); what != "" && (m != nil || line == "") {
				t.Errorf("%s: nothing shows that this is healthy: %s", path, what)
				what = ""
			}
			switch m := mark.FindStringSubmatch(line); {
			case m != nil:
				what = m[1]
				row := "| " + what + " | `" + name + "` |"
				shown = append(shown, row)
				if !strings.Contains(string(page), row+"\n") {
					t.Errorf("docs/verify.md lacks the row %s", row)
				}
			case strings.HasPrefix(line, "exec healthy"):
				what = ""
			}
		}
	}
	if slices.Sort(shown); len(slices.Compact(shown)) < enoughHealthy {
		t.Errorf("%d healthy set-ups are shown, want %d", len(shown), enoughHealthy)
	}
}
