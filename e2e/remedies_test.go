package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// withoutScript is the checks whose remedy no script follows, and why.
var withoutScript = map[string]string{
	"certificates/shared-ca":   "nothing has to be done about it",
	"members/peer-ca-shared":   "a CA for members alone is a rebuilt cluster",
	"members/peer-port-unseen": "on one host every peer port can be reached",
	"members/clock":            "members on one host share its clock",
	"members/version":          "the suite builds one etcd, which is above the floor",
	"members/gateway-cn":       "etcd itself refuses such a certificate",
	"members/root":             "a member that answers every user but root cannot be made by hand: it names the hint of the answer",
}

// The remedy of every check is followed by a script, which marks the place with a line
// "# remedy: CODE": afterwards the finding is gone.
func TestEveryRemedyIsFollowed(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/checks.md")
	if err != nil {
		t.Fatal(err)
	}
	scripts, err := filepath.Glob("testdata/scripts/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	followed := map[string]bool{}
	for _, path := range scripts {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^# remedy: (\S+)$`).FindAllSubmatch(text, -1) {
			followed[string(m[1])] = true
		}
	}
	rows := regexp.MustCompile("(?m)^\\| `([a-z]+/[a-z-]+)` \\|").FindAllSubmatch(page, -1)
	if len(rows) < 40 {
		t.Fatalf("docs/checks.md names %d checks", len(rows))
	}
	known := map[string]bool{}
	for _, m := range rows {
		code := string(m[1])
		known[code] = true
		if !followed[code] && withoutScript[code] == "" {
			t.Errorf("no script follows the remedy of %s", code)
		}
	}
	for code := range followed {
		if !known[code] {
			t.Errorf("a script follows the remedy of %s, and there is no such check", code)
		}
	}
}
