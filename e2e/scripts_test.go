package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestScriptsSayWhatTheyAreFor keeps every script opening with one sentence and
// without a way to pass early or to be skipped.
func TestScriptsSayWhatTheyAreFor(t *testing.T) {
	t.Parallel()
	sentence := regexp.MustCompile(`^# \w.* .*\.$`)
	for _, dir := range []string{"scripts", "harness", "patroni"} {
		files, err := filepath.Glob(filepath.Join("testdata", dir, "*.txtar"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no scripts in %s (%v)", dir, err)
		}
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			script, _, _ := strings.Cut(string(text), "\n-- ")
			lines := strings.Split(script, "\n")
			if !sentence.MatchString(lines[0]) {
				t.Errorf("%s opens with %q, which is no sentence", name, lines[0])
			}
			for i, line := range lines {
				if word, _, _ := strings.Cut(line, " "); word == "stop" || word == "skip" || strings.HasPrefix(word, "[") {
					t.Errorf("%s:%d: %q would let the script pass without having run", name, i+1, line)
				}
			}
		}
	}
}
