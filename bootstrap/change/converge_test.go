package change

import (
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"lockstep/certgen/pkitest"
	"lockstep/policies/hint"
	"lockstep/roles"
)

// After a lost answer the rest of what was shown may be done, and nothing else.
func TestOnlyConfirmedSteps(t *testing.T) {
	t.Parallel()
	full := full()
	for name, next := range map[string]roles.Plan{
		"nothing": {}, "all": full.Roles, "the rest": {Steps: full.Roles.Steps[1:]},
		"for another reason": {Steps: []roles.Step{{Action: roles.UserAdd, User: "a", Reason: "it is made again"}}},
	} {
		if err := refuseUnlisted(full.Roles, next); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	err := refuseUnlisted(full.Roles, roles.Plan{Steps: append(full.Roles.Steps[:1:1], roles.Step{Action: roles.UserDelete, User: "b", Reason: "unknown"})})
	const want = `another client changed etcd's users or roles meanwhile; what was shown has been done, and this was not shown: delete user "b" (unknown)`
	if err == nil || err.Error() != want || hint.Of(err) != hint.NotInStep {
		t.Errorf("got %v (exit %d), want %s (exit 2)", err, hint.Of(err), want)
	}
}

// lost is an answer that never came.
var lost = status.Error(codes.Unavailable, "lost")

// Whatever answer is lost, before or after its call was executed, a change ends in step, and
// the lost answer is not taken for another client's change.
func TestConvergeAfterEveryLostAnswer(t *testing.T) {
	t.Parallel()
	p := pkitest.Edge(t, "a", "b")
	for executed, which := range map[bool]string{false: "before", true: "after"} {
		for n := 1; ; n++ {
			c, e, heard := changing(t, p, roles.State{Enabled: true, Revision: 1,
				Users: []roles.User{{Name: "root", Roles: []string{"root"}, Password: roles.PasswordAbsent}}, Roles: []roles.Role{{Name: "root"}}})
			calls := 0
			e.Break(func(i int, _ string) (before, after error) {
				calls = i
				switch {
				case i != n:
					return nil, nil
				case executed:
					return nil, lost
				}
				return lost, nil
			})
			observed, err := c.Observe(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			plan := c.PlanRoles(observed)
			c.Scope.Reviewed = true
			if err := c.Converge(t.Context(), plan); err != nil {
				t.Fatalf("%s call %d: %v", which, n, err)
			}
			if left := c.PlanRoles(e.State()); !left.Empty() || c.Disturbed {
				t.Errorf("%s call %d: left %v, disturbed %v, told %q", which, n, left.Steps, c.Disturbed, heard.text)
			}
			if n > calls {
				break // no call n: every one was lost once
			}
		}
	}
}

// Another client's change is seen by authRevision, in either direction.
func TestConvergeNoticesAnotherClient(t *testing.T) {
	t.Parallel()
	p := pkitest.Edge(t, "a", "b")
	for name, other := range map[string]func(e *etcd) error{
		"adds a role":    func(e *etcd) error { _, err := e.RoleAdd(t.Context(), "other"); return err },
		"deletes a role": func(e *etcd) error { _, err := e.RoleDelete(t.Context(), "spare"); return err },
	} {
		state := settled(p)
		state.Roles = append(state.Roles, roles.Role{Name: "spare"})
		c, e, told := changing(t, p, state)
		observed, err := c.Observe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := other(e); err != nil {
			t.Fatal(err)
		}
		if err := c.Converge(t.Context(), c.PlanRoles(observed)); err != nil || !c.Disturbed {
			t.Errorf("%s: disturbed %v, %v", name, c.Disturbed, err)
		}
		if want := "another client changed etcd's users or roles meanwhile: authRevision is 2, expected 1"; len(told.text) != 1 || told.text[0] != want {
			t.Errorf("%s: told %q, want %q", name, told.text, want)
		}
	}
}

// What another client changes is answered with steps only in a scope that was not reviewed.
func TestConvergeAnswersOnlyUnreviewed(t *testing.T) {
	t.Parallel()
	p := pkitest.Edge(t, "a", "b")
	for _, reviewed := range []bool{false, true} {
		c, e, _ := changing(t, p, settled(p))
		observed, err := c.Observe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.UserRevokeRole(t.Context(), "a", "a"); err != nil {
			t.Fatal(err)
		}
		c.Scope.Reviewed = reviewed
		err = c.Converge(t.Context(), c.PlanRoles(observed))
		if reviewed != (hint.Of(err) == hint.NotInStep) || !reviewed && err != nil {
			t.Errorf("reviewed %v: %v", reviewed, err)
		}
		if u, _ := e.State().User("a"); u.Holds("a") == reviewed {
			t.Errorf("reviewed %v: user a holds %q", reviewed, u.Roles)
		}
	}
}

// A cluster that never acknowledges ends the change with what is left.
func TestConvergeGivesUp(t *testing.T) {
	t.Parallel()
	p := pkitest.Edge(t, "a", "b")
	observed := settled(p)
	observed.Users = observed.Users[1:]
	c, e, _ := changing(t, p, observed)
	e.Break(func(int, string) (before, after error) { return lost, nil })
	found, err := c.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	err = c.Converge(t.Context(), c.PlanRoles(found))
	if err == nil || !strings.Contains(err.Error(), "still ") || !strings.Contains(err.Error(), "after 5 attempts") {
		t.Errorf("got %v", err)
	}
}

// A plan is executed only on the state that it was made on.
func TestRefuseStale(t *testing.T) {
	t.Parallel()
	p := pkitest.Edge(t, "a", "b")
	c, e, _ := changing(t, p, settled(p))
	plan := &Plan{}
	observed, err := c.LookAt(t.Context(), plan)
	if err != nil {
		t.Fatal(err)
	}
	plan.Roles = c.PlanRoles(observed)
	if err := c.RefuseStale(t.Context(), plan); err != nil {
		t.Errorf("nothing has changed: %v", err)
	}
	if _, err := e.RoleAdd(t.Context(), "other"); err != nil {
		t.Fatal(err)
	}
	const want = "etcd's users or roles have changed since the plan was made (authRevision 1, now 2)"
	if err := c.RefuseStale(t.Context(), plan); err == nil || err.Error() != want || hint.Of(err) != hint.Refused {
		t.Errorf("got %v, want %s", err, want)
	}
}
