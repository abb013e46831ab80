package change

import (
	"errors"
	"testing"

	"lockstep/policies/hint"
	"lockstep/roles"
)

// Without an operator no change is made; an operator is asked once, and never about nothing.
func TestConfirm(t *testing.T) {
	t.Parallel()
	todo := &Plan{Roles: roles.Plan{Steps: []roles.Step{{Action: roles.RoleAdd, Role: "a"}}}}
	written := &Plan{Diff: "+ a\n"}
	waiting := &Plan{Roles: roles.Plan{Pending: []roles.Pending{{}}}}
	for name, c := range map[string]struct {
		plan        *Plan
		operator    *operator
		asked, told int
		refused     bool
		failed      bool
	}{
		"nothing, no operator":              {plan: &Plan{}},
		"something pending, no operator":    {plan: waiting},
		"steps, no operator":                {plan: todo, refused: true},
		"the policy file, no operator":      {plan: written, refused: true},
		"nothing":                           {plan: &Plan{}, operator: &operator{}},
		"something pending":                 {plan: waiting, operator: &operator{}, told: 1},
		"steps":                             {plan: todo, operator: &operator{}, asked: 1},
		"the policy file":                   {plan: written, operator: &operator{}, asked: 1},
		"steps, and the operator says no":   {plan: todo, operator: &operator{err: errors.New("no")}, asked: 1, failed: true},
		"nothing, and the operator says no": {plan: &Plan{}, operator: &operator{err: errors.New("no")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := &Change{}
			if c.operator != nil {
				x.Operator = c.operator
			}
			err := x.Confirm(t.Context(), c.plan)
			if (hint.Of(err) == hint.Refused) != c.refused || (err != nil) != (c.refused || c.failed) {
				t.Errorf("got %v", err)
			}
			if changed := c.asked > 0 && !c.failed; x.Changed != changed {
				t.Errorf("changed %v, want %v", x.Changed, changed)
			}
			if c.operator != nil && (len(c.operator.asked) != c.asked || len(c.operator.told) != c.told) {
				t.Errorf("asked %d times and told %d times, want %d and %d", len(c.operator.asked), len(c.operator.told), c.asked, c.told)
			}
		})
	}
}
