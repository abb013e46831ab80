package main

import (
	"context"

	"lockstep/bootstrap/change"
	"lockstep/cmd/lockstep/view"
)

// terminal is the operator of a command: it shows plans on stderr, and asks.
type terminal struct {
	*globals
	session *session
}

// Confirm implements change.Operator.
func (t terminal) Confirm(ctx context.Context, p *change.Plan) error {
	if err := t.show(p); err != nil {
		return err
	}
	return t.confirm(ctx, doIt(p.Steps()))
}

// Await implements change.Operator.
func (t terminal) Await(_ context.Context, list []change.Start) error {
	t.session.pause()
	return t.instruct(view.Starts(list))
}

// Tell implements change.Operator.
func (t terminal) Tell(p *change.Plan) { _ = t.show(p) } // a closed stderr stops nothing

func (t terminal) show(p *change.Plan) error {
	t.session.pause()
	return t.tell(t.view(p))
}

func (t terminal) view(p *change.Plan) view.Plan {
	return view.Plan{Plan: p, Of: t.session.Policy, Verbose: t.verbose}
}
