package main

import (
	"testing"

	"lockstep/bootstrap/change"
	"lockstep/cmd/lockstep/view"
	"lockstep/policies"
	"lockstep/policies/hint"
	"lockstep/policies/pending"
	"lockstep/roles"
)

func planFor(needs ...pending.Needs) *change.Plan {
	p := &change.Plan{ClusterID: 0xa, Policy: "p", Observed: "o", Folder: "f"}
	p.Roles.Revision = 7
	for _, n := range needs {
		p.Roles.Pending = append(p.Roles.Pending, roles.Pending{Needs: n})
	}
	return p
}

// What was reviewed is what runs: the reason names what is not the same.
func TestCompare(t *testing.T) {
	t.Parallel()
	current := view.Plan{Of: &policies.Policy{}, Plan: planFor()}
	tests := []struct {
		name string
		edit func(*view.PlanDocument)
		want string
	}{
		{"the same", func(*view.PlanDocument) {}, ""},
		{"cluster", func(d *view.PlanDocument) { d.ClusterID = "b" }, "the saved plan was made for cluster b, and this is a"},
		{"policy", func(d *view.PlanDocument) { d.Policy = "q" }, "the policy is not the one that the saved plan was made of"},
		{"revision", func(d *view.PlanDocument) { d.AuthRevision = 6 }, "etcd's users or roles have changed since the plan was saved (authRevision 6, now 7)"},
		{"users, at the same revision", func(d *view.PlanDocument) { d.Observed = "q" }, "etcd's users or roles have changed since the plan was saved (authRevision 7, now 7)"},
		{"folder", func(d *view.PlanDocument) { d.Folder = "q" }, "the PKI folder has changed since the plan was saved"},
		{"steps", func(d *view.PlanDocument) { d.Fingerprint = "q" }, "what is to do is not what the saved plan shows: it was made with other flags, or a certificate has run out since"},
		{"words", func(d *view.PlanDocument) { d.Groups = append(d.Groups, view.GroupDocument{Name: "x"}) },
			"the saved plan was edited, or another version of lockstep made it: it does not show what would be done"},
		{"counts", func(d *view.PlanDocument) { d.Remove = 1 },
			"the saved plan was edited, or another version of lockstep made it: it does not show what would be done"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			reviewed := current.Saved()
			test.edit(&reviewed)
			err := compare(reviewed, current)
			if test.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || err.Error() != test.want || hint.Of(err) != hint.Refused {
				t.Errorf("got %v (exit %d), want %s (exit 3)", err, hint.Of(err), test.want)
			}
		})
	}
}

func TestCure(t *testing.T) {
	t.Parallel()
	both := planFor(pending.Prune)
	both.Roles.Steps = []roles.Step{{Action: roles.RoleAdd}}
	plain := planFor()
	plain.Roles.Steps = both.Roles.Steps
	tests := []struct {
		name, want string
		p          *change.Plan
	}{
		{"steps", "lockstep apply does it.", plain},
		{"refused", "lockstep apply --adopt --prune does it, if you mean it.", planFor(pending.Prune, pending.Adopt)},
		{"the stronger adoption holds the weaker", "lockstep apply --adopt=recreate does it, if you mean it.", planFor(pending.Adopt, pending.Recreate)},
		{"both", "lockstep apply does it; what needs a flag is done by lockstep apply --prune, if you mean it.", both},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := cure(test.p); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestPermitted(t *testing.T) {
	t.Parallel()
	for adopt, want := range map[string]roles.Allow{
		"": {Prune: true}, "take": {Prune: true, Adopt: true}, "recreate": {Prune: true, Adopt: true, Recreate: true},
	} {
		c := planning{prune: true, adopt: adopt, reuseName: true}
		if got, err := c.permitted(); err != nil || got.Allow != want || !got.ReuseName {
			t.Errorf("--adopt=%s: %+v, %v", adopt, got, err)
		}
	}
	c := planning{adopt: "yes"}
	if got, err := c.permitted(); err == nil || got != (change.Permitted{}) || hint.Text(err) != "It is --adopt or --adopt=recreate." {
		t.Errorf("--adopt=yes: %+v, %v", got, err)
	}
}
