package store_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	clientv3 "go.etcd.io/etcd/client/v3"

	"lockstep/policies/hint"
	"lockstep/policies/keyrange"
	"lockstep/roles"
	"lockstep/roles/store"
)

func components() roles.State {
	user := func(name, role string) roles.User {
		return roles.User{Name: name, Roles: []string{role}, Password: roles.PasswordAbsent}
	}
	return roles.State{Enabled: true,
		Users: []roles.User{user("calico", "calico"), user("flannel", "flannel"), user("reader", "reader"), user("root", "root"), user("snapshots", "root")},
		Roles: []roles.Role{
			{Name: "calico", Permissions: []keyrange.Permission{keyrange.Prefix("/calico/", keyrange.ReadWrite), keyrange.Key("/calico", keyrange.Read), keyrange.FromKey("/z", keyrange.Read)}},
			{Name: "flannel", Permissions: []keyrange.Permission{keyrange.Prefix("/coreos.com/network/", keyrange.ReadWrite)}},
			{Name: "reader", Permissions: []keyrange.Permission{keyrange.Prefix("/calico/", keyrange.Read), keyrange.Between("/calico0", "/calico5", keyrange.Read)}},
		}}
}

func noUser(string) bool { return false }

// The main job of this package: apply a plan, turn auth on, and let every identity
// prove itself; then break one permission by hand and see the proof fail.
func TestEveryIdentityProvesItself(t *testing.T) {
	t.Parallel()
	s := startEtcd(t)
	root := s.connect(t, "root")
	if err := root.EnableAuth(t.Context()); !store.IsRootMissing(err) {
		t.Errorf("without root: %v", err)
	}
	_, err := s.as(t, "root").UserAddWithOptions(t.Context(), "root", "", &clientv3.UserAddOptions{NoPassword: true})
	must(t, err)
	if err := root.EnableAuth(t.Context()); !store.IsRootMissing(err) {
		t.Errorf("without root's role: %v", err)
	}
	_, err = s.as(t, "root").UserDelete(t.Context(), "root")
	must(t, err)
	desired := components()
	observed, err := root.Observe(t.Context(), nil)
	must(t, err)
	must(t, root.Apply(t.Context(), roles.Diff(desired, observed, noUser, roles.Allow{}), 16, func(roles.Step) {}))
	must(t, root.EnableAuth(t.Context()))
	must(t, root.EnableAuth(t.Context())) // its answer might have been lost
	observed, err = root.Observe(t.Context(), []string{"calico", "flannel", "reader", "root", "snapshots"})
	must(t, err)
	if plan := roles.Diff(desired, observed, noUser, roles.Allow{}); !plan.Empty() || len(plan.Pending)+len(plan.Foreign) > 0 {
		t.Errorf("not in step: %+v", plan)
	}
	for _, u := range desired.Users {
		if failed := prove(t, s, desired, u.Name); len(failed) > 0 {
			t.Errorf("%s: %v", u.Name, failed)
		}
	}
	_, err = s.as(t, "root").RoleRevokePermission(t.Context(), "reader", "/calico/", "/calico0")
	must(t, err)
	if failed := prove(t, s, desired, "reader"); len(failed) == 0 {
		t.Error("a permission was taken away and the proof passed")
	}
	_, err = s.as(t, "root").RoleGrantPermission(t.Context(), "flannel", "/", "0", 2)
	must(t, err)
	if failed := prove(t, s, desired, "flannel"); len(failed) == 0 {
		t.Error("a permission was added and the proof passed")
	}
}

// prove is what one identity finds wrong.
func prove(t *testing.T, s *server, desired roles.State, user string) []string {
	t.Helper()
	questions := roles.NewExaminer(desired).Questions(user, -1)
	answers, err := s.connect(t, user).Probe(t.Context(), questions, 4)
	must(t, err)
	var failed []string
	for _, a := range answers {
		if !a.Passed() {
			failed = append(failed, fmt.Sprintf("%s %s: %v", a.Access, a.About, a.Err))
		}
	}
	if len(answers) == 0 || len(answers) != len(questions) {
		failed = append(failed, "nothing was asked")
	}
	return failed
}

func TestWhatAMemberSays(t *testing.T) {
	t.Parallel()
	s := startEtcd(t)
	c := s.connect(t, "root")
	ctx := t.Context()
	members, err := c.Members(ctx)
	must(t, err)
	status, err := c.Status(ctx, s.url)
	must(t, err)
	id, err := c.ClusterID(ctx)
	must(t, err)
	want := []store.Member{{ID: status.MemberID, Name: "m", PeerURLs: []string{s.peerURL}, ClientURLs: []string{s.url}}}
	if diff := cmp.Diff(want, members); diff != "" {
		t.Error(diff)
	}
	if id == 0 || status.ClusterID != id || !strings.HasPrefix(status.Version, "3.7.") || status.Learner {
		t.Errorf("cluster %x, %+v", id, status)
	}
	if alarms, err := c.Alarms(ctx); err != nil || len(alarms) > 0 {
		t.Errorf("alarms %v, %v", alarms, err)
	}
	clock, err := store.Clock(ctx, store.Pages{Client: s.url}, s.tls(t, "a"))
	must(t, err)
	if off := time.Since(clock); off < -2*time.Second || off > patience {
		t.Errorf("the clock is off by %v", off)
	}
}

// Fact 3: the temporary superuser gets in by password, and can turn auth off again, on a
// server that takes no CN for a user; root by certificate does not.
func TestAMemberThatIgnoresTheCNTakesTheTemporarySuperuser(t *testing.T) {
	t.Parallel()
	s := startEtcd(t, "--client-cert-auth=false")
	ctx := t.Context()
	root := s.connect(t, "root")
	must(t, root.Apply(ctx, roles.Plan{Steps: inOrder([]roles.Step{
		{Action: roles.UserAdd, User: "root"}, {Action: roles.UserGrantRole, User: "root", Role: "root"},
	})}, 1, func(roles.Step) {}))
	must(t, root.AddRecoveryUser(ctx, "lockstep-recovery-x", "secret"))
	must(t, root.CheckRoot(ctx)) // while auth is off every user is
	must(t, root.EnableAuth(ctx))
	must(t, root.EnableAuth(ctx)) // had its answer been lost, the repeat is refused: auth is on
	if err := root.CheckRoot(ctx); !store.IsUserEmpty(err) {
		t.Errorf("root by certificate: %v", err)
	}
	if on, err := root.AuthEnabled(ctx); err != nil || !on {
		t.Errorf("auth on: %v, %v", on, err)
	}
	target := store.Target{Endpoints: []string{s.url}, TLS: s.tls(t, "root"), User: "lockstep-recovery-x", Password: "secret", Timeout: patience}
	recovery, err := store.Connect(ctx, target)
	must(t, err)
	t.Cleanup(func() { _ = recovery.Close() })
	must(t, recovery.CheckRoot(ctx))
	must(t, recovery.DisableAuth(ctx))
	must(t, root.DisableAuth(ctx)) // is off already
	must(t, root.DeleteRecoveryUser(ctx, "lockstep-recovery-x"))
	must(t, root.DeleteRecoveryUser(ctx, "lockstep-recovery-x")) // is gone already
	if on, err := root.AuthEnabled(ctx); err != nil || on {
		t.Errorf("auth on: %v, %v", on, err)
	}
}

func TestConnectSaysWhyNot(t *testing.T) {
	t.Parallel()
	s := startEtcd(t)
	root := s.connect(t, "root")
	must(t, root.Apply(t.Context(), roles.Plan{Steps: inOrder([]roles.Step{
		{Action: roles.UserAdd, User: "root"}, {Action: roles.UserGrantRole, User: "root", Role: "root"},
	})}, 1, func(roles.Step) {}))
	must(t, root.EnableAuth(t.Context()))
	good := s.tls(t, "root")
	for _, c := range []struct {
		name   string
		target store.Target
		err    string
	}{
		{"no TLS", store.Target{Endpoints: []string{s.url}}, "connecting to etcd: no TLS configuration"},
		{"no certificate", store.Target{Endpoints: []string{s.url}, TLS: &tls.Config{RootCAs: s.servers.pool()}}, "certificate required"},
		{"no password user", store.Target{Endpoints: []string{s.url}, TLS: good, User: "root", Password: "x"}, `logging in to etcd as "root"`},
		{"no such user", store.Target{Endpoints: []string{s.url}, TLS: good, User: "x", Password: "x"}, `logging in to etcd as "x"`},
		{"no listener", store.Target{Endpoints: []string{"https://" + freeAddress(t)}, TLS: good}, "connection refused"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.target.Timeout = patience
			_, err := store.Connect(t.Context(), c.target)
			if err == nil || !strings.Contains(err.Error(), c.err) || c.target.TLS != nil && hint.Text(err) == "" {
				t.Errorf("got %v\nhint %q", err, hint.Text(err))
			}
			if err != nil && strings.Contains(err.Error(), "context deadline exceeded") {
				t.Errorf("undiagnosed: %v", err)
			}
		})
	}
	one := store.Target{Endpoints: []string{"https://" + freeAddress(t), s.url}, TLS: good, Timeout: patience}
	c, err := store.Connect(t.Context(), one)
	must(t, err) // one member that answers is enough
	must(t, c.CheckRoot(t.Context()))
	must(t, c.Close())
}

// A member that stops answering is told apart from a cluster that does.
func TestATimeOutIsExplained(t *testing.T) {
	t.Parallel()
	s := startEtcd(t)
	c := s.connect(t, "root")
	must(t, s.process.Kill())
	_, err := s.process.Wait() // until then the kernel still takes connections for it, and hangs up
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err = c.Observe(ctx, nil)
	if err == nil || !store.IsNotListening(err) || !strings.Contains(hint.Text(err), "start etcd") {
		t.Errorf("got %v\nhint %q", err, hint.Text(err))
	}
}
