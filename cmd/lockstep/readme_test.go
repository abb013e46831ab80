package main

import (
	"fmt"
	"os"
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
