package folder

import (
	"os"
	"path/filepath"
	"testing"

	"lockstep/policies"
)

// TestInstancesComeAndGo: each instance has a folder of its own, and of what is retired no
// folder stays.
func TestInstancesComeAndGo(t *testing.T) {
	t.Parallel()
	one, several, fewer, none := edge(t, "a"), edge(t, "a"), edge(t, "a"), edge(t)
	several.Components[0].Instances = []string{"n1", "n2", "n3"}
	fewer.Components[0].Instances = []string{"n2"}
	f := settled(t, one)
	there := func(name string) bool {
		_, err := os.Lstat(filepath.Join(f.Path(), filepath.FromSlash(name)))
		return err == nil
	}
	for _, step := range []struct {
		name    string
		next    *policies.Policy
		present []string
		absent  []string
		retired int
	}{
		{"several", several, []string{"components/a/instances/n1/client.key", "components/a/instances/n3/ca.crt", "components/a/instances/n2/etcdctl.env"}, []string{"components/a/client.crt", "components/a/client.key", "components/a/ca.crt", "components/a/etcdctl.env"}, 1},
		{"fewer", fewer, []string{"components/a/instances/n2/client.key"}, []string{"components/a/instances/n1", "components/a/instances/n3"}, 3},
		{"one", one, []string{"components/a/client.key", "components/a/ca.crt"}, []string{"components/a/instances"}, 4},
		{"several again", several, []string{"components/a/instances/n1/client.key"}, []string{"components/a/client.key"}, 5},
		{"none", none, []string{"components"}, []string{"components/a"}, 8},
	} {
		apply(t, f, wanted(t, f, step.next))
		inStep(t, f, step.next)
		for _, name := range step.present {
			if !there(name) {
				t.Errorf("%s: %s is missing", step.name, name)
			}
		}
		for _, name := range step.absent {
			if there(name) {
				t.Errorf("%s: %s is there", step.name, name)
			}
		}
		state := observe(t, f)
		if len(state.Retired) != step.retired {
			t.Errorf("%s: %d retired", step.name, len(state.Retired))
		}
		for _, r := range state.Retired {
			if r.Identity != "a" {
				t.Errorf("%s: retired as %q", step.name, r.Identity)
			}
		}
	}
}
