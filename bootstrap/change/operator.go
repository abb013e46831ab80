package change

import (
	"context"

	"lockstep/policies/hint"
)

// Operator decides about changes and learns of them: a terminal, a rehearsal or a test. A
// nil Operator refuses every change.
type Operator interface {
	// Confirm is called before anything is changed, with what will be. An error ends the
	// change, and nothing was changed since the last call.
	Confirm(context.Context, *Plan) error

	// Await is called once while no member answers, with what to copy and to start.
	Await(context.Context, []Start) error

	// Tell is called with a plan that changes nothing but has something to say.
	Tell(*Plan)
}

// Confirm asks the operator before the plan is executed. An empty plan is not asked about.
func (c *Change) Confirm(ctx context.Context, p *Plan) error {
	switch {
	case p.Empty() && c.Operator != nil && !p.silent():
		c.Operator.Tell(p)
		return nil
	case p.Empty():
		return nil
	case c.Operator == nil:
		return hint.Refuse("", "the changes were not confirmed")
	}
	if err := c.Operator.Confirm(ctx, p); err != nil {
		return err
	}
	c.Changed = true
	return nil
}
