package folder

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"lockstep/certgen"
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

// TestACutOffRemovalIsFinished crashes at every change of a removal: the next run leaves no
// folder behind, whatever was there still.
func TestACutOffRemovalIsFinished(t *testing.T) {
	t.Parallel()
	one, none := edge(t, "a"), edge(t)
	several := edge(t, "a")
	several.Components[0].Instances = []string{"n1", "n2"}
	for name, before := range map[string]*policies.Policy{"one certificate": one, "instances": several} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base := settled(t, before).Path()
			left := 0
			for at := 1; ; at++ {
				f := open(t, clone(t, base))
				d := &faulty{disk: f.disk, at: at, forever: true, err: syscall.ENOSPC}
				f.disk = d
				_ = f.Apply(t.Context(), wanted(t, f, none), clock, 1, nil)
				if d.changes < at {
					break
				}
				f = open(t, f.Path())
				rest := wanted(t, f, none)
				for _, s := range rest.Steps {
					if s.Action == certgen.Finish && s.Reason == "its removal was cut off" {
						left++
					}
				}
				apply(t, f, rest)
				inStep(t, f, none)
				if _, err := os.Lstat(filepath.Join(f.Path(), "components", "a")); !errors.Is(err, fs.ErrNotExist) {
					t.Fatalf("after a crash at %s: components/a is there: %v", d.log[at-1], err)
				}
			}
			if left == 0 {
				t.Error("no crash left anything behind")
			}
		})
	}
}
