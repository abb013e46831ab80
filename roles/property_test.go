package roles_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/policies/keyrange"
	"lockstep/policies/pending"
	"lockstep/roles"
	"lockstep/roles/rolestest"
)

const cases = 6000

// Whatever etcd holds, whatever the policy wants, in whatever order the steps of a
// phase arrive, and wherever the run is cut: no user is refused what both states
// allow, no user is allowed what neither does, an unmanaged user reaches without a flag
// exactly what it reached, and the end is the policy but for what waits for a flag.
func TestAnyStateConvergesToAnyPolicy(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	for i := range uint64(cases) {
		r := rand.New(rand.NewPCG(seed, i))
		c := rolestest.NewCase(r)
		if problem := converge(r, c); problem != "" {
			t.Fatalf("seed %d case %d: %s\n%s", seed, i, problem, c)
		}
	}
}

func converge(r *rand.Rand, c rolestest.Case) string {
	plan := c.Diff(c.Observed)
	end, err := run(c.Observed, plan.Steps)
	if err != nil {
		return err.Error()
	}
	if problem := c.AtEnd(end); problem != "" {
		return problem
	}
	watch := c.Watch(end, plan)
	steps := rolestest.Shuffle(r, plan.Steps)
	cut := r.IntN(len(steps) + 1)
	now := c.Observed
	for _, s := range steps[:cut] {
		if now, err = now.Apply(s); err != nil {
			return fmt.Sprintf("%s: %v", s, err)
		}
		if problem := watch(now); problem != "" {
			return fmt.Sprintf("after %q: %s", s, problem)
		}
	}
	for _, s := range rolestest.Shuffle(r, c.Diff(now).Steps) {
		if now, err = now.Apply(s); err != nil {
			return fmt.Sprintf("cut after %d of %d steps: %s: %v", cut, len(steps), s, err)
		}
		if problem := watch(now); problem != "" {
			return fmt.Sprintf("cut after %d of %d steps: after %q: %s", cut, len(steps), s, problem)
		}
	}
	if diff := cmp.Diff(rolestest.Comparable(end), rolestest.Comparable(now)); diff != "" {
		return fmt.Sprintf("cut after %d of %d steps, another end: %s", cut, len(steps), diff)
	}
	return ""
}

func run(s roles.State, steps []roles.Step) (roles.State, error) {
	for _, step := range steps {
		next, err := s.Apply(step)
		if err != nil {
			return s, fmt.Errorf("%s: %w", step, err)
		}
		s = next
	}
	return s, nil
}

// The generator reaches what the property is about: without these kinds of drift the
// test above would prove little.
func TestTheCasesHoldEveryKindOfDrift(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for i := range uint64(cases) {
		c := rolestest.NewCase(rand.New(rand.NewPCG(7, i)))
		plan := c.Diff(c.Observed)
		for _, s := range plan.Steps {
			seen[string(s.Action)]++
			if s.Was != "" {
				seen["in place"]++
			}
			if s.Interrupts != "" {
				seen["interrupts"]++
			}
			if s.Affects != "" {
				seen["affects"]++
			}
		}
		for _, p := range plan.Pending {
			seen[p.Needs.String()]++
			if p.Step.User == "" && p.Step.Action != roles.RoleDelete {
				seen["a role waits"]++
			}
			if p.Step.User != "" && !p.Step.TakesOver && p.Needs != pending.Prune {
				seen["a user waits with its role"]++
			}
		}
		if slices.ContainsFunc(plan.Steps, func(s roles.Step) bool { return s.Action == roles.RoleAdd && rolestest.IsBridge(s.Role) }) {
			seen["new bridge"]++
		}
		if len(plan.Foreign) > 0 {
			seen["foreign"]++
		}
	}
	for _, kind := range []string{
		"RoleAdd", "RoleGrantPermission", "RoleRevokePermission", "RoleDelete", "UserAdd", "UserGrantRole", "UserRevokeRole", "UserDelete",
		"UserChangePassword", "in place", "interrupts", "affects", "a role waits", "a user waits with its role", "new bridge", "foreign", "prune", "adopt", "recreate",
	} {
		if seen[kind] < 50 {
			t.Errorf("%q came up %d times in %d cases, want 50", kind, seen[kind], cases)
		}
	}
}

func TestAnEmptyPlanNeedsNothing(t *testing.T) {
	t.Parallel()
	s := roles.State{Enabled: true, Users: []roles.User{{Name: "a", Roles: []string{"a"}, Password: roles.PasswordAbsent}},
		Roles: []roles.Role{{Name: "a", Permissions: []keyrange.Permission{keyrange.Prefix("/a/", keyrange.Read)}}}}
	if plan := roles.Diff(s, s, nil, roles.Allow{}); !plan.Empty() || len(plan.Pending)+len(plan.Foreign) > 0 {
		t.Errorf("a state differs from itself: %+v", plan)
	}
}
