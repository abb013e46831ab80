package verify

import (
	"flag"
	"fmt"
	"strings"
	"testing"

	"lockstep/policies/goldentest"
)

var update = flag.Bool("update", false, "write docs/checks.md")

const checksPage = "../../docs/checks.md"

// docs/checks.md is the checks themselves, in words.
func TestChecksPage(t *testing.T) {
	goldentest.Compare(t, *update, checksPage, checksText())
}

func checksText() string {
	var b strings.Builder
	b.WriteString(`# The checks of verify

Generated from the checks themselves. A finding that is critical or an error, and a check
that could not look, make the answer "not in step" (exit 2); warnings and infos alone do
not. An info needs nothing: the policy holds, and the text says what is worth knowing.
When no member could be asked, nothing in etcd was judged: that is an error (exit 1).
What stands with "yes" in the last column the policy may accept until a day
([policy.md](policy.md)); everything else has to be mended.

An unmanaged user is in etcd and not in the policy. What it reaches is weighed by whose keys
they are: a component owns the keys that it may write. Writing into those is critical, reading
them an error, since they often hold secrets. A component that may only read keys, such as one
that reads everything, does not own them: writing those is a warning, reading them is nothing.
`)
	area := ""
	for _, c := range Checks() {
		if a, _, _ := strings.Cut(c.Code, "/"); a != area {
			area = a
			fmt.Fprintf(&b, "\n## %s\n\n| code | severity | what holds | otherwise | accept |\n| --- | --- | --- | --- | --- |\n", area)
		}
		accept := ""
		if c.Acceptable {
			accept = "yes"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", c.Code, c.Severity, c.Sentence, c.Remedy, accept)
	}
	return b.String()
}

// Each source is of a check that there is.
func TestSources(t *testing.T) {
	t.Parallel()
	codes := map[string]bool{}
	for _, c := range Checks() {
		codes[c.Code] = true
		if len(c.Needs.Texts()) == 0 && c.Needs != 0 {
			t.Errorf("%s: needs %b without words", c.Code, c.Needs)
		}
	}
	for code := range sources {
		if !codes[code] {
			t.Errorf("there is no check %s", code)
		}
	}
}
