package store_test

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/policies/keyrange"
	"lockstep/roles"
	"lockstep/roles/rolestest"
	"lockstep/roles/store"
)

const realCases = 120

// The property of package roles on real etcd: a plan that is cut anywhere, with the
// calls of a phase in flight together, is finished by the next one, and ends where
// the model says.
func TestRealEtcdConvergesToAnyPolicy(t *testing.T) {
	t.Parallel()
	s := newSuite(t, realEtcd{startEtcd(t)})
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	for i := range uint64(realCases) {
		r := rand.New(rand.NewPCG(seed, i))
		c := rolestest.NewCase(r)
		wipe(t, s.root)
		seedState(t, s, r, c.Observed)
		c.Observed = s.observe(t, c.Names()...)
		if problem := convergeReal(t, s, r, c); problem != "" {
			t.Fatalf("seed %d case %d: %s\n%s", seed, i, problem, c)
		}
	}
}

func convergeReal(t *testing.T, s suite, r *rand.Rand, c rolestest.Case) string {
	for _, step := range c.Diff(c.Observed).Steps {
		if step.Action == roles.UserAdd {
			c.Owned[step.User] = true // its certificate was made before
		}
	}
	plan := c.Diff(c.Observed)
	expected := c.Observed
	for _, step := range plan.Steps {
		var err error
		expected, err = expected.Apply(step)
		must(t, err)
	}
	cut := plan
	cut.Steps = plan.Steps[:r.IntN(len(plan.Steps)+1)]
	done := apply(t, s, cut)
	rest := c.Diff(s.observe(t, c.Names()...))
	done += apply(t, s, rest)
	end := made(s.observe(t, c.Names()...), rest)
	if problem := c.AtEnd(end); problem != "" {
		return problem
	}
	if end.Revision != c.Observed.Revision+uint64(done) {
		return "the revision did not move by the number of steps"
	}
	return cmp.Diff(rolestest.Comparable(known(expected)), rolestest.Comparable(known(end)))
}

// made marks the users that this run added, which while auth is off no probe can tell.
func made(s roles.State, plan roles.Plan) roles.State {
	for _, step := range plan.Steps {
		for i := range s.Users {
			if step.Action == roles.UserAdd && s.Users[i].Name == step.User {
				s.Users[i].Password = roles.PasswordAbsent
			}
		}
	}
	return s
}

// known leaves out whether passwords are known: only a probe while auth is on tells.
func known(s roles.State) roles.State {
	s = rolestest.Comparable(s)
	for i := range s.Users {
		if s.Users[i].Password == roles.PasswordUnknown || !s.Enabled {
			s.Users[i].Password = roles.PasswordAbsent
		}
	}
	return s
}

func apply(t *testing.T, s suite, plan roles.Plan) int {
	t.Helper()
	counts := make(chan struct{}, len(plan.Steps))
	must(t, store.Apply(s.ctx, s.root, plan, 16, func(roles.Step) { counts <- struct{}{} }))
	return len(counts)
}

// seedState makes etcd hold something like want: entries arrive in random order, so
// what etcd's grant does with them varies (fact 20).
func seedState(t *testing.T, s suite, r *rand.Rand, want roles.State) {
	t.Helper()
	for _, role := range want.Roles {
		s.do(t, roles.Step{Action: roles.RoleAdd, Role: role.Name})
		entries := append([]keyrange.Permission{}, role.Permissions...)
		r.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
		for _, p := range entries {
			s.do(t, roles.Step{Action: roles.RoleGrantPermission, Role: role.Name, Permission: p})
		}
	}
	for _, u := range want.Users {
		if u.Password == roles.PasswordPresent {
			_, err := s.root.UserAdd(s.ctx, u.Name, "secret")
			must(t, err)
		} else {
			s.do(t, roles.Step{Action: roles.UserAdd, User: u.Name})
		}
		for _, role := range u.Roles {
			s.do(t, roles.Step{Action: roles.UserGrantRole, User: u.Name, Role: role})
		}
	}
	if want.Enabled {
		_, err := s.root.AuthEnable(s.ctx)
		must(t, err)
	}
}
