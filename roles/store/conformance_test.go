package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	clientv3 "go.etcd.io/etcd/client/v3"

	"lockstep/policies/keyrange"
	"lockstep/roles"
	"lockstep/roles/store"
	"lockstep/roles/store/fake"
)

// subject is an etcd whose users and roles may be wiped, real or not.
type subject interface {
	as(t testing.TB, cn string) store.API
}

type realEtcd struct{ *server }

func (r realEtcd) as(t testing.TB, cn string) store.API { return r.server.as(t, cn) }

type fakeEtcd struct{ *fake.Etcd }

func (f fakeEtcd) as(_ testing.TB, cn string) store.API { return f.As(cn) }

// The fake and real etcd give the same answers to everything that lockstep relies on.
func TestConformance(t *testing.T) {
	t.Parallel()
	t.Run("real", func(t *testing.T) {
		t.Parallel()
		conformance(t, realEtcd{startEtcd(t)})
	})
	t.Run("fake", func(t *testing.T) {
		t.Parallel()
		conformance(t, fakeEtcd{fake.New(roles.State{Revision: 1})})
	})
}

func conformance(t *testing.T, s subject) {
	for _, c := range []struct {
		name string
		run  func(*testing.T, suite)
	}{
		{"fact 17: UserAdd with an empty password is a password", emptyPassword},
		{"fact 18: etcd tells a user without a password", noPassword},
		{"fact 18: a login tells which password a user has", whichPassword},
		{"fact 19: role root needs no entry and is protected while auth is on", rootRole},
		{"fact 20: a grant looks only at the first entry with the same key", firstEntry},
		{"fact 21: odd ranges are refused", oddRanges},
		{"facts 22, 23: a Txn proves access to the union and executes nothing", proof},
		{"fact 24: every user may look at itself", selfCheck},
		{"fact 25: each mutation moves the revision by one", revisions},
		{"repeats and missing names are refused in etcd's words", repeats},
		{"fact 29: turning auth on and off may be repeated", toggles},
		{"the model predicts every answer to random calls", model},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, newSuite(t, s)) })
	}
}

// suite is a wiped etcd.
type suite struct {
	ctx  context.Context
	etcd subject
	root store.API
}

func newSuite(t *testing.T, s subject) suite {
	u := suite{t.Context(), s, s.as(t, "root")}
	wipe(t, u.root)
	return u
}

// wipe leaves auth off and neither users nor roles.
func wipe(t testing.TB, root store.API) {
	t.Helper()
	_, err := root.AuthDisable(t.Context())
	must(t, err)
	users, err := root.UserList(t.Context())
	must(t, err)
	for _, name := range users.Users {
		_, err := root.UserDelete(t.Context(), name)
		must(t, err)
	}
	list, err := root.RoleList(t.Context())
	must(t, err)
	for _, name := range list.Roles {
		_, err := root.RoleDelete(t.Context(), name)
		must(t, err)
	}
}

func (s suite) do(t testing.TB, steps ...roles.Step) {
	t.Helper()
	must(t, store.Apply(s.ctx, s.root, roles.Plan{Steps: inOrder(steps)}, 1, func(roles.Step) {}))
}

// inOrder gives every step a phase of its own.
func inOrder(steps []roles.Step) []roles.Step {
	for i := range steps {
		steps[i].Phase = i
	}
	return steps
}

func (s suite) observe(t testing.TB, probe ...string) roles.State {
	t.Helper()
	state, err := store.Observe(s.ctx, s.root, probe)
	must(t, err)
	return state
}

func (s suite) enable(t testing.TB) {
	t.Helper()
	s.do(t, roles.Step{Action: roles.UserAdd, User: "root"}, roles.Step{Action: roles.UserGrantRole, User: "root", Role: "root"})
	_, err := s.root.AuthEnable(s.ctx)
	must(t, err)
}

func (s suite) role(t testing.TB, name string, permissions ...keyrange.Permission) {
	t.Helper()
	s.do(t, roles.Step{Action: roles.RoleAdd, Role: name})
	for _, p := range permissions {
		s.do(t, roles.Step{Action: roles.RoleGrantPermission, Role: name, Permission: p})
	}
}

// component is a user with a role of its own name.
func (s suite) component(t testing.TB, name string, permissions ...keyrange.Permission) {
	t.Helper()
	s.role(t, name, permissions...)
	s.do(t, roles.Step{Action: roles.UserAdd, User: name}, roles.Step{Action: roles.UserGrantRole, User: name, Role: name})
}

func says(t testing.TB, what string, err error, text string) {
	t.Helper()
	if err == nil || err.Error() != text {
		t.Errorf("%s: got %v, want %s", what, err, text)
	}
}

func emptyPassword(t *testing.T, s suite) {
	_, err := s.root.UserAdd(s.ctx, "a", "")
	must(t, err)
	s.enable(t)
	if _, err := s.root.Authenticate(s.ctx, "a", ""); err != nil {
		t.Errorf("the empty password was not accepted: %v", err)
	}
	if u, _ := s.observe(t, "a").User("a"); u.Password != roles.PasswordPresent {
		t.Errorf("observed %+v, want a password", u)
	}
}

func noPassword(t *testing.T, s suite) {
	s.do(t, roles.Step{Action: roles.UserAdd, User: "a"})
	_, err := s.root.UserAdd(s.ctx, "b", "secret")
	must(t, err)
	if _, err := s.root.Authenticate(s.ctx, "a", "x"); !store.IsAuthOff(err) {
		t.Errorf("while auth is off: %v", err)
	}
	if u, _ := s.observe(t, "a").User("a"); u.Password != roles.PasswordUnknown {
		t.Errorf("while auth is off, observed %+v", u)
	}
	_, err = s.root.UserChangePassword(s.ctx, "a", "x")
	must(t, err) // reports success
	s.enable(t)
	_, err = s.root.Authenticate(s.ctx, "a", "x")
	if err == nil {
		t.Fatal("a password was set on a user without one")
	}
	if _, err := s.root.Authenticate(s.ctx, "b", "x"); !store.IsAuthFailed(err) {
		t.Errorf("a wrong password: %v", err)
	}
	want := roles.State{Enabled: true, Users: []roles.User{
		{Name: "a", Password: roles.PasswordAbsent}, {Name: "b", Password: roles.PasswordPresent},
		{Name: "root", Roles: []string{"root"}},
	}}
	if diff := cmp.Diff(want, s.observe(t, "a", "b"), cmpopts.EquateEmpty(), cmpopts.IgnoreFields(roles.State{}, "Revision")); diff != "" {
		t.Error(diff)
	}
}

// One user has our password, one another, one none; a call that sets it changes the first two alone.
func whichPassword(t *testing.T, s suite) {
	s.root = store.With(s.root, func(user string) (string, error) {
		if user == "empty" {
			return "", nil
		}
		return fake.OurPassword(user), nil
	})
	s.do(t, roles.Step{Action: roles.UserAdd, User: "ours", WithPassword: true}, roles.Step{Action: roles.UserAdd, User: "none"})
	_, err := s.root.UserAdd(s.ctx, "other", "secret")
	must(t, err)
	s.enable(t)
	passwords := func() (out []roles.Password) {
		state := s.observe(t, "none", "other", "ours")
		for _, name := range []string{"ours", "other", "none"} {
			u, _ := state.User(name)
			out = append(out, u.Password)
		}
		return out
	}
	if diff := cmp.Diff([]roles.Password{roles.PasswordOurs, roles.PasswordOther, roles.PasswordAbsent}, passwords()); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{"ours", "other", "none"} {
		s.do(t, roles.Step{Action: roles.UserChangePassword, User: name})
	}
	if diff := cmp.Diff([]roles.Password{roles.PasswordOurs, roles.PasswordOurs, roles.PasswordAbsent}, passwords()); diff != "" {
		t.Error(diff)
	}
	if _, err := s.root.Authenticate(s.ctx, "other", "secret"); !store.IsAuthFailed(err) {
		t.Errorf("the former password: %v", err)
	}
	// a password that is not known, or empty, is no password
	for _, step := range []roles.Step{{Action: roles.UserAdd, User: "empty", WithPassword: true}, {Action: roles.UserChangePassword, User: "empty"}} {
		plan := roles.Plan{Steps: []roles.Step{{Action: roles.UserDelete, User: "other"}, step}}
		var unknown *store.UnknownOutcomeError
		if err := store.Apply(s.ctx, s.root, plan, 1, func(roles.Step) {}); err == nil || errors.As(err, &unknown) {
			t.Errorf("%s: %v", step, err)
		}
	}
	if _, found := s.observe(t).User("other"); !found {
		t.Error("a step was done before a password that could not be read")
	}
	if _, found := s.observe(t).User("empty"); found {
		t.Error("a user was added with an empty password")
	}
}

func rootRole(t *testing.T, s suite) {
	s.enable(t)
	list, err := s.root.RoleList(s.ctx)
	must(t, err)
	if len(list.Roles) > 0 {
		t.Errorf("roles: %q", list.Roles)
	}
	const refusal = "etcdserver: invalid auth management"
	_, err = s.root.UserDelete(s.ctx, "root")
	says(t, "deleting user root", err, refusal)
	_, err = s.root.UserRevokeRole(s.ctx, "root", "root")
	says(t, "unbinding root", err, refusal)
	_, err = s.root.RoleDelete(s.ctx, "root")
	says(t, "deleting role root", err, refusal)
	_, err = s.root.AuthDisable(s.ctx)
	must(t, err)
	_, err = s.root.UserDelete(s.ctx, "root")
	must(t, err) // with auth off
}

func firstEntry(t *testing.T, s suite) {
	key, prefix := keyrange.Key("/d", keyrange.ReadWrite), keyrange.Prefix("/d", keyrange.ReadWrite)
	s.role(t, "r", key, prefix, keyrange.Prefix("/d", keyrange.Read), keyrange.Key("/d", keyrange.Read))
	want := []keyrange.Permission{keyrange.Key("/d", keyrange.Read), prefix, keyrange.Prefix("/d", keyrange.Read)}
	r, _ := s.observe(t).Role("r")
	if diff := cmp.Diff(want, r.Permissions); diff != "" {
		t.Errorf("after four grants: %s", diff)
	}
	s.do(t, roles.Step{Action: roles.RoleRevokePermission, Role: "r", Permission: keyrange.Prefix("/d", keyrange.Write)})
	r, _ = s.observe(t).Role("r")
	if diff := cmp.Diff(want[:1], r.Permissions); diff != "" {
		t.Errorf("a revoke takes every entry of the pair, whatever its access: %s", diff)
	}
}

func oddRanges(t *testing.T, s suite) {
	s.role(t, "r")
	for _, p := range []keyrange.Permission{{}, {Key: "", RangeEnd: "b"}, {Key: "a", RangeEnd: "a"}, {Key: "b", RangeEnd: "a"}} {
		_, err := s.root.RoleGrantPermission(s.ctx, "r", p.Key, p.RangeEnd, clientv3.PermissionType(clientv3.PermRead))
		says(t, fmt.Sprintf("granting %q to %q", p.Key, p.RangeEnd), err, "etcdserver: invalid auth management")
	}
	s.do(t, roles.Step{Action: roles.RoleGrantPermission, Role: "r", Permission: keyrange.Everything(keyrange.Read)})
}

// proof: adjacent ranges count as one, an op of an Else branch is checked and not executed.
func proof(t *testing.T, s suite) {
	s.component(t, "a", keyrange.Between("/a", "/b", keyrange.ReadWrite), keyrange.Between("/b", "/c", keyrange.ReadWrite), keyrange.FromKey("/x", keyrange.Read))
	s.enable(t)
	a := s.etcd.as(t, "a")
	questions := []roles.Question{
		{Access: keyrange.Read, Range: keyrange.Range{From: "/a", To: "/c"}, Want: roles.Allowed},
		{Access: keyrange.Write, Range: keyrange.Range{From: "/a", To: "/c"}, Want: roles.Allowed},
		{Access: keyrange.Read, Range: keyrange.Range{From: "/x"}, Want: roles.Allowed},
		{Access: keyrange.Write, Range: keyrange.Range{From: "/x"}, Want: roles.Denied},
		{Access: keyrange.Read, Range: keyrange.Range{From: "/a", To: "/c\x00"}, Want: roles.Denied},
		{Access: keyrange.Write, Range: keyrange.Single("/c"), Want: roles.Denied},
		{Access: keyrange.Read, Range: keyrange.Range{From: "\x00"}, Want: roles.Denied},
	}
	for range 200 {
		questions = append(questions, questions[0])
	}
	// One that is refused in a Txn of many does not take the others with it.
	questions = append(questions, roles.Question{Access: keyrange.Read, Range: keyrange.Single("/elsewhere"), Want: roles.Allowed})
	before := s.observe(t).Revision
	answers, err := store.Probe(s.ctx, a, questions, 8)
	must(t, err)
	for i, answer := range answers {
		want := answer.Want
		if i == len(answers)-1 {
			want = roles.Denied
		}
		if answer.Got != want {
			t.Errorf("%s %v: got %d, want %d, %v", answer.Access, answer.Range, answer.Got, want, answer.Err)
		}
	}
	if after := s.observe(t).Revision; after != before {
		t.Errorf("the proof moved the auth revision from %d to %d", before, after)
	}
	many := make([]clientv3.Op, 129)
	for i := range many {
		many[i] = clientv3.OpGet("/a")
	}
	_, err = a.Txn(s.ctx).Else(many...).Commit()
	says(t, "129 ops", err, "etcdserver: too many operations in txn request")
	// Fact 5: an empty CN and a stranger are refused like a user without the right, so a
	// refusal proves nothing without an allowed question on the same connection.
	for _, cn := range []string{"", "stranger"} {
		answers, err = store.Probe(s.ctx, s.etcd.as(t, cn), questions[:1], 1)
		must(t, err)
		if answers[0].Got != roles.Denied {
			t.Errorf("CN %q: got %+v", cn, answers[0])
		}
	}
	ended, cancel := context.WithCancel(s.ctx)
	cancel()
	answers, err = store.Probe(ended, a, questions[:1], 1)
	if err == nil || answers[0].Got != roles.Inconclusive || answers[0].Passed() {
		t.Errorf("a question that was not asked is inconclusive, got %+v, %v", answers[0], err)
	}
}

func selfCheck(t *testing.T, s suite) {
	s.component(t, "a", keyrange.Key("/a", keyrange.Read))
	s.component(t, "b")
	s.enable(t)
	a := s.etcd.as(t, "a")
	if _, err := a.UserGet(s.ctx, "a"); err != nil {
		t.Errorf("looking at itself: %v", err)
	}
	if _, err := a.RoleGet(s.ctx, "a"); err != nil {
		t.Errorf("looking at its role: %v", err)
	}
	_, err := a.UserGet(s.ctx, "b")
	says(t, "looking at another user", err, "etcdserver: permission denied")
	_, err = a.RoleGet(s.ctx, "b")
	says(t, "looking at another's role", err, "etcdserver: permission denied")
	_, err = a.UserList(s.ctx)
	says(t, "listing users", err, "etcdserver: permission denied")
	_, err = s.etcd.as(t, "").UserList(s.ctx)
	says(t, "listing users without a user", err, "etcdserver: user name is empty")
	_, err = s.etcd.as(t, "stranger").UserList(s.ctx)
	says(t, "listing users as a stranger", err, "etcdserver: user name not found")
}

func revisions(t *testing.T, s suite) {
	p := keyrange.Prefix("/a/", keyrange.Read)
	moves := func(what string, by uint64, call func() error) {
		t.Helper()
		before := s.observe(t).Revision
		_ = call() // failed calls are part of the table
		if got := s.observe(t).Revision - before; got != by {
			t.Errorf("%s moved the revision by %d, want %d", what, got, by)
		}
	}
	step := func(st roles.Step) func() error {
		return func() error {
			return store.Apply(s.ctx, s.root, roles.Plan{Steps: []roles.Step{st}}, 1, func(roles.Step) {})
		}
	}
	moves("RoleAdd", 1, step(roles.Step{Action: roles.RoleAdd, Role: "r"}))
	moves("RoleAdd again", 0, step(roles.Step{Action: roles.RoleAdd, Role: "r"}))
	moves("a grant", 1, step(roles.Step{Action: roles.RoleGrantPermission, Role: "r", Permission: p}))
	moves("an identical grant", 1, step(roles.Step{Action: roles.RoleGrantPermission, Role: "r", Permission: p}))
	moves("UserAdd", 1, step(roles.Step{Action: roles.UserAdd, User: "u"}))
	moves("a binding", 1, step(roles.Step{Action: roles.UserGrantRole, User: "u", Role: "r"}))
	moves("a duplicate binding", 0, step(roles.Step{Action: roles.UserGrantRole, User: "u", Role: "r"}))
	moves("an unbinding", 1, step(roles.Step{Action: roles.UserRevokeRole, User: "u", Role: "r"}))
	moves("a revoke", 1, step(roles.Step{Action: roles.RoleRevokePermission, Role: "r", Permission: p}))
	moves("a failed revoke", 0, step(roles.Step{Action: roles.RoleRevokePermission, Role: "r", Permission: p}))
	moves("RoleDelete", 1, step(roles.Step{Action: roles.RoleDelete, Role: "r"}))
	moves("UserDelete", 1, step(roles.Step{Action: roles.UserDelete, User: "u"}))
	s.do(t, roles.Step{Action: roles.UserAdd, User: "root"}, roles.Step{Action: roles.UserGrantRole, User: "root", Role: "root"})
	moves("AuthEnable", 0, func() error { _, err := s.root.AuthEnable(s.ctx); return err })
	moves("AuthDisable", 1, func() error { _, err := s.root.AuthDisable(s.ctx); return err })
}

func repeats(t *testing.T, s suite) {
	s.component(t, "a")
	p := keyrange.Key("/a", keyrange.Read)
	for _, c := range []struct {
		step roles.Step
		want string
	}{
		{roles.Step{Action: roles.RoleAdd, Role: "a"}, "role name already exists"},
		{roles.Step{Action: roles.RoleAdd}, "role name is empty"},
		{roles.Step{Action: roles.UserAdd, User: "a"}, "user name already exists"},
		{roles.Step{Action: roles.UserAdd}, "user name is empty"},
		{roles.Step{Action: roles.RoleDelete, Role: "x"}, "role name not found"},
		{roles.Step{Action: roles.UserDelete, User: "x"}, "user name not found"},
		{roles.Step{Action: roles.UserGrantRole, User: "x", Role: "a"}, "user name not found"},
		{roles.Step{Action: roles.UserGrantRole, User: "a", Role: "x"}, "role name not found"},
		{roles.Step{Action: roles.UserRevokeRole, User: "a", Role: "x"}, "role is not granted to the user"},
		{roles.Step{Action: roles.RoleGrantPermission, Role: "x", Permission: p}, "role name not found"},
		{roles.Step{Action: roles.RoleRevokePermission, Role: "a", Permission: p}, "permission is not granted to the role"},
	} {
		err := store.Apply(s.ctx, s.root, roles.Plan{Steps: []roles.Step{c.step}}, 1, func(roles.Step) {})
		says(t, "applying", err, c.step.String()+": etcdserver: "+c.want)
		if _, err := s.observe(t).Apply(c.step); err == nil || err.Error() != c.want {
			t.Errorf("%s: the model says %v", c.step, err)
		}
	}
}

func toggles(t *testing.T, s suite) {
	_, err := s.root.AuthEnable(s.ctx)
	says(t, "without user root", err, "etcdserver: root user does not exist")
	s.do(t, roles.Step{Action: roles.UserAdd, User: "root"})
	_, err = s.root.AuthEnable(s.ctx)
	says(t, "without role root", err, "etcdserver: root user does not have root role")
	s.do(t, roles.Step{Action: roles.UserGrantRole, User: "root", Role: "root"})
	for range 2 {
		if _, err := s.root.AuthEnable(s.ctx); err != nil {
			t.Errorf("turning auth on: %v", err)
		}
	}
	if state := s.observe(t); !state.Enabled {
		t.Error("auth is off")
	}
	if status, err := s.etcd.as(t, "").AuthStatus(s.ctx); err != nil || !status.Enabled {
		t.Errorf("from 3.7 on a client without a user may ask whether auth is on: %v", err)
	}
	for range 2 {
		if _, err := s.root.AuthDisable(s.ctx); err != nil {
			t.Errorf("turning auth off: %v", err)
		}
	}
}

// model sends random calls to etcd and to roles.State.Apply and compares states,
// order of entries and revisions included, and refusals.
func model(t *testing.T, s suite) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	s.enable(t)
	s.root = store.With(s.root, func(user string) (string, error) { return fake.OurPassword(user), nil })
	state := s.observe(t)
	for i := range 400 {
		step := randomStep(r)
		err := store.Apply(s.ctx, s.root, roles.Plan{Steps: []roles.Step{step}}, 1, func(roles.Step) {})
		next, predicted := state.Apply(step)
		if (err == nil) != (predicted == nil) || err != nil && err.Error() != fmt.Sprintf("%s: etcdserver: %v", step, predicted) {
			t.Fatalf("call %d, %s: etcd says %v, the model %v", i, step, err, predicted)
		}
		state = next
		if i%10 > 0 {
			continue
		}
		// What role root was granted is stored and never shown.
		ignored := cmp.Options{cmpopts.IgnoreFields(roles.User{}, "Password"), cmpopts.EquateEmpty(),
			cmpopts.IgnoreSliceElements(func(r roles.Role) bool { return r.Name == "root" })}
		if diff := cmp.Diff(state, s.observe(t), ignored); diff != "" {
			t.Fatalf("after call %d, %s (model -, etcd +): %s", i, step, diff)
		}
	}
}

func randomStep(r *rand.Rand) roles.Step {
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	actions := []roles.Action{roles.RoleAdd, roles.RoleDelete, roles.UserChangePassword, roles.UserAdd, roles.UserDelete, roles.UserGrantRole, roles.UserRevokeRole,
		roles.RoleGrantPermission, roles.RoleGrantPermission, roles.RoleGrantPermission, roles.RoleGrantPermission, roles.RoleRevokePermission}
	access := keyrange.Access(pick("read", "write", "readwrite"))
	return roles.Step{
		Action: actions[r.IntN(len(actions))],
		User:   pick("a", "b", "c", "root"), WithPassword: r.IntN(2) == 0, Role: pick("a", "b", "root"),
		Permission: keyrange.Permission{Key: pick("/a", "/b", "/c"), RangeEnd: pick("", "/b", "/d", "\x00"), Access: access},
	}
}
