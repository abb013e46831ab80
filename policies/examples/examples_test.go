// Package examples holds policies that people start from.
package examples

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/policies"
)

func TestTheExamplesAreValid(t *testing.T) {
	t.Parallel()
	components := map[string][]string{
		"kubernetes-calico.yaml": {
			"kube-apiserver", "calico-node", "calico-cni", "calico-kube-controllers", "calicoctl", "policy-editor",
			"flannel", "auditor", "snapshots (administrator)",
		},
		"minimal.yaml": {"app"},
	}
	found, err := filepath.Glob("*.yaml")
	if err != nil || len(found) != len(components) {
		t.Fatalf("found %q, %v", found, err)
	}
	for _, name := range found {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			p, err := policies.Parse(policies.File{Name: name, Text: text})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range p.Components {
				label := c.Name
				if c.Administrator {
					label += " (administrator)"
				}
				got = append(got, label)
			}
			if diff := cmp.Diff(components[name], got); diff != "" {
				t.Errorf("components (-want +got):\n%s", diff)
			}
			if len(p.Cluster.Members) != 3 {
				t.Errorf("%d members, want 3", len(p.Cluster.Members))
			}
		})
	}
}

// The first example is the one that `make demo` runs and people copy: what it warns
// of is only what it does on purpose.
func TestTheExamplesWarnOfNothingUnmeant(t *testing.T) {
	t.Parallel()
	meant := map[string][]string{
		"kubernetes-calico.yaml": {"cluster.proxies", "components[8].administrator"},
		"minimal.yaml":           nil,
	}
	for name, want := range meant {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		p, err := policies.Parse(policies.File{Name: name, Text: text})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, warning := range p.Warnings {
			got = append(got, warning.Path)
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%s warns of %q, want %q", name, got, want)
		}
	}
}
