package store_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"lockstep/policies/hint"
	"lockstep/policies/keyrange"
	"lockstep/roles"
	"lockstep/roles/rolestest"
	"lockstep/roles/store"
	"lockstep/roles/store/fake"
)

// drifted is a state and a policy whose plan has every action, a bridge included.
func drifted() (roles.State, rolestest.Case) {
	user := func(name string, held ...string) roles.User {
		return roles.User{Name: name, Roles: held, Password: roles.PasswordAbsent}
	}
	observed := roles.State{Enabled: true, Revision: 100,
		Users: []roles.User{user("flannel", "flannel"), user("gone", "gone"), user("moved", "flannel", "x"), user("root", "root")},
		Roles: []roles.Role{
			{Name: "flannel", Permissions: []keyrange.Permission{keyrange.Key("/d", keyrange.ReadWrite), keyrange.Prefix("/d", keyrange.ReadWrite), keyrange.Key("/e", keyrange.Read)}},
			{Name: "gone"}, {Name: "x"},
		}}
	desired := roles.State{Enabled: true,
		Users: []roles.User{user("flannel", "flannel"), user("moved", "moved"), user("new", "new"), user("root", "root")},
		Roles: []roles.Role{
			{Name: "flannel", Permissions: []keyrange.Permission{keyrange.Key("/d", keyrange.ReadWrite), keyrange.Prefix("/d", keyrange.Read)}},
			{Name: "moved", Permissions: []keyrange.Permission{keyrange.Key("/d", keyrange.Read)}},
			{Name: "new", Permissions: []keyrange.Permission{keyrange.Prefix("/n/", keyrange.ReadWrite)}},
		}}
	return observed, rolestest.Case{Desired: desired, Observed: observed, Allow: roles.Allow{Prune: true},
		Owned: map[string]bool{"gone": true, "flannel": true, "moved": true, "new": true}}
}

// Whichever call fails, before it was done or by losing its answer, the next run ends
// in the same state.
func TestACallThatFailsIsHealedByTheNextRun(t *testing.T) {
	t.Parallel()
	observed, c := drifted()
	steps := c.Diff(observed).Steps
	end := observed
	for _, s := range steps {
		var err error
		end, err = end.Apply(s)
		must(t, err)
	}
	for n := 1; n <= len(steps); n++ {
		for _, lost := range []bool{false, true} {
			etcd := fake.New(observed)
			etcd.Break(func(i int, _ string) (before, after error) {
				switch {
				case i != n:
					return nil, nil
				case lost:
					return nil, rpctypes.ErrTimeout
				}
				return rpctypes.ErrPermissionDenied, nil
			})
			err := store.Apply(t.Context(), etcd, c.Diff(observed), 1, func(roles.Step) {})
			var unknown *store.UnknownOutcomeError
			if err == nil || errors.As(err, &unknown) != lost {
				t.Fatalf("call %d, answer lost %v: got %v", n, lost, err)
			}
			etcd.Break(nil)
			now, err := store.Observe(t.Context(), etcd, c.Names())
			must(t, err)
			must(t, store.Apply(t.Context(), etcd, c.Diff(now), 4, func(roles.Step) {}))
			if diff := cmp.Diff(rolestest.Comparable(end), rolestest.Comparable(etcd.State())); diff != "" {
				t.Errorf("call %d, answer lost %v: another end: %s", n, lost, diff)
			}
		}
	}
}

func TestAFailureEndsTheRunAfterItsPhase(t *testing.T) {
	t.Parallel()
	observed, c := drifted()
	plan := c.Diff(observed)
	etcd := fake.New(observed)
	etcd.Break(func(n int, _ string) (before, after error) { return rpctypes.ErrInvalidAuthMgmt, nil })
	done := 0
	err := store.Apply(t.Context(), etcd, plan, 1, func(roles.Step) { done++ })
	says(t, "the first step", err, plan.Steps[0].String()+": etcdserver: invalid auth management")
	if hint.Text(err) == "" || done > 0 {
		t.Errorf("hint %q, %d steps done", hint.Text(err), done)
	}
	if diff := cmp.Diff(observed, etcd.State(), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

func TestACancelledRunSendsNothing(t *testing.T) {
	t.Parallel()
	observed, c := drifted()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	etcd := fake.New(observed)
	if err := store.Apply(ctx, etcd, c.Diff(observed), 4, func(roles.Step) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if etcd.State().Revision != observed.Revision {
		t.Error("something was sent")
	}
}

// meddler adds a user each time the users were listed.
type meddler struct {
	store.API
	etcd  *fake.Etcd
	times int
}

func (m *meddler) UserList(ctx context.Context) (*clientv3.AuthUserListResponse, error) {
	answer, err := m.API.UserList(ctx)
	if m.times > 0 {
		m.times--
		if _, err := m.etcd.UserDelete(ctx, "a"); err != nil {
			_, err = m.etcd.UserAdd(ctx, "a", "x")
			return answer, err
		}
	}
	return answer, err
}

// What is observed was true at one moment, or is not returned.
func TestObserveIsOneMoment(t *testing.T) {
	t.Parallel()
	for times, ends := range map[int]bool{0: true, 1: true, 2: true, 1000: false} {
		etcd := fake.New(roles.State{Revision: 1, Users: []roles.User{{Name: "a"}}})
		s, err := store.Observe(t.Context(), &meddler{API: etcd, etcd: etcd, times: times}, nil)
		if (err == nil) != ends || err != nil && hint.Text(err) == "" {
			t.Errorf("changed %d times: %v", times, err)
		}
		if ends {
			if diff := cmp.Diff(etcd.State(), s, cmpopts.IgnoreFields(roles.User{}, "Password"), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("changed %d times: %s", times, diff)
			}
		}
	}
}

// A step that finds another state than the plan was made for names what changed it.
func TestAStepThatIsOvertakenSaysSo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		step roles.Step
		want string
	}{
		{roles.Step{Action: roles.UserAdd, User: "a"}, `add user "a" without a password: etcdserver: user name already exists`},
		{roles.Step{Action: roles.RoleAdd, Role: "r"}, `add role "r": etcdserver: role name already exists`},
		{roles.Step{Action: roles.UserGrantRole, User: "b", Role: "r"}, `bind user "b" to role "r": etcdserver: user name not found`},
		{roles.Step{Action: roles.RoleDelete, Role: "s"}, `delete role "s": etcdserver: role name not found`},
		{roles.Step{Action: roles.UserRevokeRole, User: "a", Role: "s"}, `unbind user "a" from role "s": etcdserver: role is not granted to the user`},
	} {
		etcd := fake.New(roles.State{Revision: 1, Users: []roles.User{{Name: "a"}}, Roles: []roles.Role{{Name: "r"}}})
		err := store.Apply(t.Context(), etcd.As("root"), roles.Plan{Steps: []roles.Step{c.step}}, 1, func(roles.Step) {})
		const advice = "Another operator or program changes etcd's users and roles at the same time: wait until it has ended. Run the same command again: it looks at what is there and continues."
		if err == nil || err.Error() != c.want || hint.Text(err) != advice {
			t.Errorf("got  %v\nhint %s\nwant %s", err, hint.Text(err), c.want)
		}
	}
}
