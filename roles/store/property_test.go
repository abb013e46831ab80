package store_test

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"lockstep/policies/keyrange"
	"lockstep/roles"
	"lockstep/roles/rolestest"
	"lockstep/roles/store"
	"lockstep/roles/store/fake"
)

const (
	realServers = 2
	realCases   = 1000 // on each server
)

// The property of package roles on real etcd: a plan that is cut anywhere, with the
// calls of a phase in flight together, is finished by the next one, and ends where
// the model says. Beside it every user whose certificate names it asks without a pause
// for what it must not be refused, and what it must not get.
func TestRealEtcdConvergesToAnyPolicy(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	for n := range uint64(realServers) {
		t.Run(fmt.Sprint("server ", n), func(t *testing.T) {
			t.Parallel()
			s := newSuite(t, realEtcd{startEtcd(t)})
			root := s.root
			all := askers{suite: s, t: t, known: map[string]store.API{}}
			asked := 0
			for i := range uint64(realCases) {
				r := rand.New(rand.NewPCG(seed+n, i))
				c := rolestest.NewCase(r)
				s.root = store.With(root, ours(c))
				wipeTogether(t, s)
				seedState(t, s, r, c.Observed)
				c.Observed = s.observe(t, c.Names()...)
				answers, problem := convergeReal(t, s, r, c, all)
				if problem != "" {
					t.Fatalf("seed %d server %d case %d: %s\n%s", seed, n, i, problem, c)
				}
				asked += answers
			}
			if asked < realCases {
				t.Errorf("the users asked only %d questions beside %d plans", asked, realCases)
			}
		})
	}
}

func convergeReal(t *testing.T, s suite, r *rand.Rand, c rolestest.Case, all askers) (asked int, problem string) {
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
	questions := map[string][]roles.Question{}
	if c.Observed.Enabled {
		questions = rolestest.Questions(c.Bounds(expected, plan))
	}
	finish := all.ask(questions)
	cut := plan
	cut.Steps = plan.Steps[:r.IntN(len(plan.Steps)+1)]
	done := apply(t, s, cut)
	rest := c.Diff(s.observe(t, c.Names()...))
	done += apply(t, s, rest)
	if asked, problem = finish(); problem != "" {
		return asked, problem
	}
	end := made(s.observe(t, c.Names()...), rest)
	if problem := c.AtEnd(end); problem != "" {
		return asked, problem
	}
	if end.Revision != c.Observed.Revision+uint64(done) {
		return asked, "the revision did not move by the number of steps"
	}
	return asked, cmp.Diff(rolestest.Comparable(known(expected)), rolestest.Comparable(known(end)))
}

// askers is all users that may ask, each by a certificate and a connection of its own.
type askers struct {
	suite
	t     *testing.T
	known map[string]store.API
}

// ask begins to ask, as each user at the same time. The returned func ends that, and says
// how many answers came and the first that was wrong.
func (u askers) ask(questions map[string][]roles.Question) (finish func() (answers int, wrong string)) {
	ctx, stop := context.WithCancel(u.ctx)
	var mu sync.Mutex
	var group sync.WaitGroup
	answers, wrong := 0, ""
	for name, list := range questions {
		if u.known[name] == nil {
			u.known[name] = u.etcd.as(u.t, name)
		}
		api := u.known[name]
		group.Go(func() {
			for ctx.Err() == nil {
				got, _ := store.Probe(ctx, api, list, 1) // an ended context answers nothing
				mu.Lock()
				for _, a := range got {
					switch {
					case a.Got == roles.Inconclusive && ctx.Err() != nil:
					case a.Passed():
						answers++
					case wrong == "":
						wrong = fmt.Sprintf("user %q, %s of %v, %s: want %v, got %v (%v)", name, a.Access, a.Range, a.About, a.Want, a.Got, a.Err)
					}
				}
				mu.Unlock()
			}
		})
	}
	return func() (int, string) {
		stop()
		group.Wait()
		return answers, wrong
	}
}

// ours is the passwords of the users to which the case gives one.
func ours(c rolestest.Case) store.Passwords {
	return func(user string) (string, error) {
		if u, _ := c.Desired.User(user); u.Password != roles.PasswordOurs {
			return "", fs.ErrNotExist
		}
		return fake.OurPassword(user), nil
	}
}

// made marks the users that this run added, which while auth is off no probe can tell.
func made(s roles.State, plan roles.Plan) roles.State {
	for _, step := range plan.Steps {
		for i := range s.Users {
			if step.Action == roles.UserAdd && s.Users[i].Name == step.User {
				s.Users[i].Password = roles.PasswordAbsent
				if step.WithPassword {
					s.Users[i].Password = roles.PasswordOurs
				}
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

// together runs one call for each name, and waits for all.
func together[T any](t *testing.T, list []T, call func(T) error) {
	t.Helper()
	var g errgroup.Group
	for _, one := range list {
		g.Go(func() error { return call(one) })
	}
	must(t, g.Wait())
}

// wipeTogether is wipe with its calls in flight together.
func wipeTogether(t *testing.T, s suite) {
	t.Helper()
	_, err := s.root.AuthDisable(s.ctx)
	must(t, err)
	users, err := s.root.UserList(s.ctx)
	must(t, err)
	together(t, users.Users, func(name string) error {
		_, err := s.root.UserDelete(s.ctx, name)
		return err
	})
	list, err := s.root.RoleList(s.ctx)
	must(t, err)
	together(t, list.Roles, func(name string) error {
		_, err := s.root.RoleDelete(s.ctx, name)
		return err
	})
}

// seedState makes etcd hold something like want: entries arrive in random order, so
// what etcd's grant does with them varies (fact 20).
func seedState(t *testing.T, s suite, r *rand.Rand, want roles.State) {
	t.Helper()
	entries := map[string][]keyrange.Permission{}
	for _, role := range want.Roles {
		list := append([]keyrange.Permission{}, role.Permissions...)
		r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		entries[role.Name] = list
	}
	together(t, want.Roles, func(role roles.Role) error {
		steps := []roles.Step{{Action: roles.RoleAdd, Role: role.Name}}
		for _, p := range entries[role.Name] {
			steps = append(steps, roles.Step{Action: roles.RoleGrantPermission, Role: role.Name, Permission: p})
		}
		return store.Apply(s.ctx, s.root, roles.Plan{Steps: inOrder(steps)}, 1, func(roles.Step) {})
	})
	together(t, want.Users, func(u roles.User) error {
		var steps []roles.Step
		password := map[roles.Password]string{roles.PasswordPresent: "secret", roles.PasswordOther: "another", roles.PasswordOurs: fake.OurPassword(u.Name)}[u.Password]
		if password != "" {
			if _, err := s.root.UserAdd(s.ctx, u.Name, password); err != nil {
				return err
			}
		} else {
			steps = append(steps, roles.Step{Action: roles.UserAdd, User: u.Name})
		}
		for _, role := range u.Roles {
			steps = append(steps, roles.Step{Action: roles.UserGrantRole, User: u.Name, Role: role})
		}
		return store.Apply(s.ctx, s.root, roles.Plan{Steps: inOrder(steps)}, 1, func(roles.Step) {})
	})
	if want.Enabled {
		_, err := s.root.AuthEnable(s.ctx)
		must(t, err)
	}
}
