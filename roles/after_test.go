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

// inOrder is s with each role's entries in one order, and nil for every empty list.
func inOrder(s roles.State) roles.State {
	out := roles.State{Enabled: s.Enabled, Revision: s.Revision}
	for _, u := range s.Users {
		out.Users = append(out.Users, roles.User{Name: u.Name, Roles: slices.Sorted(slices.Values(u.Roles)), Password: u.Password})
	}
	for _, r := range s.Roles {
		out.Roles = append(out.Roles, roles.Role{Name: r.Name, Permissions: slices.SortedFunc(slices.Values(r.Permissions), keyrange.Permission.Compare)})
	}
	return out
}

// n log n: from n to 10 n the time grows 10 to 20 times, not 100 times. Each of n users gets
// a role of its own with a permission, and then both are deleted, so that no part of the
// state stays small.
func BenchmarkAfter(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		b.Run(fmt.Sprintf("users=%d", n), func(b *testing.B) {
			benchmarkAfter(b, stepsOfUsers(n))
		})
	}
	for _, n := range []int{3_000, 30_000} {
		b.Run(fmt.Sprintf("permissions=%d", n), func(b *testing.B) {
			steps := []roles.Step{{Action: roles.RoleAdd, Role: "app"}}
			for i := range n {
				steps = append(steps, roles.Step{Action: roles.RoleGrantPermission, Role: "app", Permission: keyrange.Key(fmt.Sprintf("/%06d", i), keyrange.Read)})
			}
			benchmarkAfter(b, steps)
		})
	}
}

func stepsOfUsers(n int) []roles.Step {
	var add, remove []roles.Step
	for i := range n {
		name := fmt.Sprintf("u%06d", i)
		add = append(add, roles.Step{Action: roles.RoleAdd, Role: name},
			roles.Step{Action: roles.RoleGrantPermission, Role: name, Permission: keyrange.Key("/"+name, keyrange.Read)},
			roles.Step{Action: roles.UserAdd, User: name},
			roles.Step{Action: roles.UserGrantRole, User: name, Role: name})
		remove = append(remove, roles.Step{Action: roles.RoleDelete, Role: name}, roles.Step{Action: roles.UserDelete, User: name})
	}
	return slices.Concat(add, remove)
}

func benchmarkAfter(b *testing.B, steps []roles.Step) {
	for b.Loop() {
		if _, err := (roles.State{}).After(steps); err != nil {
			b.Fatal(err)
		}
	}
}
