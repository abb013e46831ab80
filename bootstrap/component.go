package bootstrap

import (
	"bytes"
	"context"
	"fmt"

	"lockstep/bootstrap/change"
	"lockstep/bootstrap/world"
	"lockstep/policies"
	"lockstep/policies/edit"
)

// ComponentChange is a change of one component alone. It costs a number of calls to etcd that does
// not depend on how many other components there are: only what it touches is looked at.
type ComponentChange struct {
	Name          string
	Instance      string        // the change is of this instance alone; "" for the component
	ReuseName     bool          // add it although an earlier certificate in its name is still valid
	Before, After policies.File // the policy file; equal where the file needs no change
}

// of reports whether the instance, "" for a component without instances, is part of the change.
func (o ComponentChange) of(instance string) bool { return o.Instance == "" || o.Instance == instance }

// changeCalls is how many time-outs the change of one component may take together. No
// signal cuts it short: it is a few calls, and a component that is half there is of no use.
const changeCalls = 2*change.Attempts + 2

// component is the policy's component of that name.
func component(p *policies.Policy, doing, name string) (policies.Component, error) {
	c, ok := p.Component(name)
	if !ok {
		return c, fmt.Errorf("%s %s: the policy does not name it", doing, name)
	}
	return c, nil
}

// writePolicy changes the policy file, unless it is as it should be.
func (o ComponentChange) writePolicy(context.Context) error {
	if bytes.Equal(o.Before.Text, o.After.Text) {
		return nil
	}
	return edit.Write(o.Before.Name, o.Before, o.After)
}

// wholly runs stages that no signal interrupts: a component that is half there is of no use.
// Before them is the last point at which stopping leaves nothing behind.
func wholly(ctx context.Context, w *world.World, stages ...func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx, end := w.Critical(ctx, changeCalls*w.CallTimeout)
	defer end()
	return change.Do(ctx, stages...)
}
