package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lockstep/bootstrap/verify"
	"lockstep/policies"
)

// The pages show how many checks passed; a new check must not make them untrue.
func TestNumberOfChecksInTheDocumentation(t *testing.T) {
	t.Parallel()
	want := fmt.Sprintf(", %d checks passed", len(verify.Checks()))
	for _, page := range []string{"../../README.md", "../../docs/three-hosts.md", "../../docs/plain-http.md"} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		if shown := strings.Count(string(text), " checks passed"); shown == 0 || shown != strings.Count(string(text), want) {
			t.Errorf("%s: it should say %q", page, want)
		}
	}
}

// The README lists each page once, under Pages by task, and no page that is not there.
func TestReadmeListsEveryPageOnce(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, list, found := strings.Cut(string(text), "\n## Pages by task\n")
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil || !found || len(pages) == 0 {
		t.Fatal(pages, err, found)
	}
	for _, page := range pages {
		name := strings.TrimPrefix(filepath.ToSlash(page), "../../")
		if n := strings.Count(list, "]("+name+")"); n != 1 {
			t.Errorf("%s: it is listed %d times, want 1", name, n)
		}
	}
	if listed := strings.Count(list, "](docs/"); listed != len(pages) {
		t.Errorf("%d links to docs/, and %d pages", listed, len(pages))
	}
}

// Every policy that the documentation shows is one that lockstep takes.
func TestPoliciesInTheDocumentation(t *testing.T) {
	t.Parallel()
	for _, page := range []string{"../../README.md", "../../docs/policy.md", "../../docs/plain-http.md", "../../docs/kubeadm.md", "../../docs/kubernetes.md", "../../docs/shared-certificate.md", "../../docs/instances.md", "../../docs/nightly.md"} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		blocks := strings.Split(string(text), "```yaml\n")[1:]
		if len(blocks) == 0 {
			t.Errorf("%s shows no policy", page)
		}
		for _, block := range blocks {
			policy, _, _ := strings.Cut(block, "```")
			if _, err := policies.Parse(policies.File{Name: page, Text: []byte(policy)}); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
	}
}
