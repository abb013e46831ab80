package policies_test

import (
	"testing"

	"lockstep/policies"
)

// TestOverlapIsNamedAlike: a component whose preset and own permission begin at one key is
// blamed at the same place in every run.
func TestOverlapIsNamedAlike(t *testing.T) {
	t.Parallel()
	text := []byte(`apiVersion: lockstep/v1
kind: Policy
cluster: {name: edge, endpoints: ["https://10.0.0.11:2379"]}
components:
  - {name: b, permissions: [{key: /coreos.com/network/b, access: readwrite}]}
  - {name: a, preset: flannel, permissions: [{fromKey: /coreos.com/network/, access: readwrite}]}
`)
	const want = `a.yaml:6:46: warning: components[1].permissions[0]: "b" and "a" may both write key "/coreos.com/network/b"`
	for range 50 {
		p, err := policies.Parse(policies.File{Name: "a.yaml", Text: text})
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Warnings.Error(); got != want {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
	}
}
