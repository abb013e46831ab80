package store

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"lockstep/policies/hint"
	"lockstep/roles"
)

// Apply executes exactly the plan's steps, phase after phase; the steps of one phase
// run together, at most inFlight at a time. done is called after each step, from many
// goroutines. Apply decides nothing: the first failure ends it after the calls under
// way, as *UnknownOutcomeError when the step may have been done. A password that a step needs and
// that cannot be read ends it before the first call.
func Apply(ctx context.Context, api API, plan roles.Plan, inFlight int, done func(roles.Step)) error {
	return apply(ctx, api, plan, inFlight, context.WithCancel, done)
}

// bound gives one call its own time.
type bound func(context.Context) (context.Context, context.CancelFunc)

func apply(ctx context.Context, api API, plan roles.Plan, inFlight int, one bound, done func(roles.Step)) error {
	if err := readPasswords(api, plan); err != nil {
		return err
	}
	for steps := plan.Steps; len(steps) > 0; {
		n := 1
		for n < len(steps) && steps[n].Phase == steps[0].Phase {
			n++
		}
		if err := applyPhase(ctx, api, steps[:n], inFlight, one, done); err != nil {
			return err
		}
		steps = steps[n:]
	}
	return nil
}

func applyPhase(ctx context.Context, api API, steps []roles.Step, inFlight int, one bound, done func(roles.Step)) error {
	// Calls under way are not cancelled by a neighbour's failure: their outcome would
	// become unknown for nothing.
	g, stop := errgroup.WithContext(ctx)
	g.SetLimit(max(inFlight, 1))
	for _, s := range steps {
		if stop.Err() != nil {
			break
		}
		g.Go(func() error {
			ctx, cancel := one(ctx)
			defer cancel()
			if err := call(ctx, api, s); err != nil {
				return stepError(s, err)
			}
			done(s)
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

func stepError(s roles.Step, err error) error {
	if outcomeUnknown(err) {
		return &UnknownOutcomeError{Step: s, Err: err}
	}
	if IsPermissionDenied(err) || IsUserEmpty(err) {
		return fmt.Errorf("%s: %w", s, err) // Client.Apply explains it
	}
	advice := "Run the same command again: it looks at what is there and continues."
	if isOvertaken(err) {
		advice = "Another operator or program changes etcd's users and roles at the same time: wait until it has ended. " + advice
	}
	return hint.With(fmt.Errorf("%s: %w", s, err), advice)
}

func call(ctx context.Context, api API, s roles.Step) (err error) {
	p := s.Permission
	switch s.Action {
	case roles.RoleAdd:
		_, err = api.RoleAdd(ctx, s.Role)
	case roles.RoleGrantPermission:
		_, err = api.RoleGrantPermission(ctx, s.Role, p.Key, p.RangeEnd, permissionType(p.Access))
	case roles.RoleRevokePermission:
		_, err = api.RoleRevokePermission(ctx, s.Role, p.Key, p.RangeEnd)
	case roles.RoleDelete:
		_, err = api.RoleDelete(ctx, s.Role)
	case roles.UserAdd:
		err = addUser(ctx, api, s)
	case roles.UserChangePassword:
		err = changePassword(ctx, api, s.User)
	case roles.UserGrantRole:
		_, err = api.UserGrantRole(ctx, s.User, s.Role)
	case roles.UserRevokeRole:
		_, err = api.UserRevokeRole(ctx, s.User, s.Role)
	case roles.UserDelete:
		_, err = api.UserDelete(ctx, s.User)
	default:
		err = fmt.Errorf("%q is no action", s.Action)
	}
	return err
}
