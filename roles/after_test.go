package roles_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/policies/keyrange"
	"lockstep/roles"
	"lockstep/roles/rolestest"
)

// After leads where Apply after Apply leads, but for the order of entries with one key.
func TestAfterIsEveryApply(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	for i := range uint64(cases) {
		c := rolestest.NewCase(rand.New(rand.NewPCG(seed, i)))
		steps := c.Diff(c.Observed).Steps
		want, err := run(c.Observed, steps)
		if err != nil {
			t.Fatalf("seed %d case %d: %v", seed, i, err)
		}
		got, err := c.Observed.After(steps)
		if err != nil {
			t.Fatalf("seed %d case %d: %v", seed, i, err)
		}
		if diff := cmp.Diff(inOrder(want), inOrder(got)); diff != "" {
			t.Fatalf("seed %d case %d: (-want +got):\n%s\n%s", seed, i, diff, c)
		}
	}
	if _, err := (roles.State{}).After([]roles.Step{{Action: roles.RoleGrantPermission, Role: "absent", Permission: keyrange.Key("/a", keyrange.Read)}}); err == nil {
		t.Error("a grant to a role that does not exist is no error")
	}
}

// inOrder is s with each role's entries in one order.
func inOrder(s roles.State) roles.State {
	var out []roles.Role
	for _, r := range s.Roles {
		out = append(out, roles.Role{Name: r.Name, Permissions: slices.SortedFunc(slices.Values(r.Permissions), keyrange.Permission.Compare)})
	}
	s.Roles = out
	return s
}

// n log n: from n to 10 n the time grows about 20 times (15 and 330 ms), not 100 times.
func BenchmarkAfter(b *testing.B) {
	for _, n := range []int{3_000, 30_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			steps := []roles.Step{{Action: roles.RoleAdd, Role: "app"}}
			for i := range n {
				steps = append(steps, roles.Step{Action: roles.RoleGrantPermission, Role: "app", Permission: keyrange.Key(fmt.Sprintf("/%06d", i), keyrange.Read)})
			}
			for b.Loop() {
				if _, err := (roles.State{}).After(steps); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
