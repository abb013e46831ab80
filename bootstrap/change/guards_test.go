package change

import (
	"testing"

	"lockstep/bootstrap/world"
	"lockstep/certgen"
	"lockstep/policies"
	"lockstep/policies/hint"
	"lockstep/policies/pending"
	"lockstep/roles"
)

func TestRefuseCAs(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, want string
		plan       certgen.Plan
	}{
		{"nothing", "", certgen.Plan{}},
		{"a certificate", "", certgen.Plan{Steps: []certgen.Step{{Action: certgen.Issue}}}},
		{"a CA", "the client CA is not in the PKI folder", certgen.Plan{Steps: []certgen.Step{
			{Action: certgen.Issue}, {Action: certgen.MakeCA, Profile: certgen.Profile{CA: certgen.ClientCA}}}}},
		{"blocked", "the PKI folder cannot be used: one; two", certgen.Plan{Pending: []certgen.Pending{{Reason: "one"}, {Reason: "two"}}}},
		{"an external CA", "the CA does not do", certgen.Plan{ExternalCA: "ca.pem", Pending: []certgen.Pending{{Reason: "the CA does not do"}}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := RefuseCAs(test.plan)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != test.want || err != nil && hint.Of(err) != hint.Refused {
				t.Errorf("got %q (exit %d), want %q", got, hint.Of(err), test.want)
			}
		})
	}
}

// A role that an unmanaged user holds is not changed without permission, and bootstrap does
// not go on without that change.
func TestChangesThatWaitStopTheRun(t *testing.T) {
	t.Parallel()
	prune := roles.Pending{Needs: pending.Prune, Step: roles.Step{Action: roles.UserDelete, User: "old"}}
	for name, c := range map[string]struct {
		waiting []roles.Pending
		hint    string // "" for no refusal
	}{
		"nothing":          {},
		"only a removal":   {waiting: []roles.Pending{prune}},
		"a user to adopt":  {waiting: []roles.Pending{prune, {Needs: pending.Adopt, Step: roles.Step{Action: roles.UserGrantRole, TakesOver: true}}}, hint: "Look at the user first; lockstep apply --adopt then takes it over."},
		"a role to change": {waiting: []roles.Pending{{Needs: pending.Adopt, Step: roles.Step{Action: roles.RoleRevokePermission}}}, hint: "Look at the user first: take the role from it, or let lockstep apply --adopt change what it may do."},
		"a role that waits for a removal": {waiting: []roles.Pending{prune, {Needs: pending.Prune, Step: roles.Step{Action: roles.RoleGrantPermission}}},
			hint: "Look at the user first: take the role from it, or let lockstep apply --prune change what it may do."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := RefusePending(roles.Plan{Pending: c.waiting})
			if (err != nil) != (c.hint != "") || hint.Text(err) != c.hint {
				t.Errorf("got %v, hint %q; want hint %q", err, hint.Text(err), c.hint)
			}
		})
	}
}

// A plan does not take role root from the user that executes it.
func TestRefuseOwnLoss(t *testing.T) {
	t.Parallel()
	p := &policies.Policy{}
	admin := func(user string) *Change {
		return &Change{World: &world.World{Policy: p, Admin: &world.Admin{User: user}}}
	}
	for name, c := range map[string]struct {
		by      string
		step    roles.Step
		refused bool
	}{
		"its own user":    {"boss", roles.Step{Action: roles.UserDelete, User: "boss"}, true},
		"its own power":   {"boss", roles.Step{Action: roles.UserRevokeRole, User: "boss", Role: "root"}, true},
		"another role":    {"boss", roles.Step{Action: roles.UserRevokeRole, User: "boss", Role: "app"}, false},
		"another user":    {"boss", roles.Step{Action: roles.UserDelete, User: "app"}, false},
		"root, made anew": {"", roles.Step{Action: roles.UserDelete, User: "root"}, false},
	} {
		err := admin(c.by).RefuseOwnLoss(roles.Plan{Steps: []roles.Step{c.step}})
		if (hint.Of(err) == hint.Refused) != c.refused {
			t.Errorf("%s: %v", name, err)
		}
	}
}
