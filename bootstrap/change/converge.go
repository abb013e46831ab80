package change

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"lockstep/policies/count"
	"lockstep/policies/hint"
	"lockstep/roles"
	"lockstep/roles/store"
)

// Attempts is how often a change looks again after calls whose answer was lost.
const Attempts = 5

// Converge executes the plan and looks again until nothing is left to do. A call whose answer
// was lost may have been executed or not: the next look tells. In a Reviewed scope it executes
// only steps of plan.
func (c *Change) Converge(ctx context.Context, plan roles.Plan) error {
	done := account{revision: plan.Revision}
	listed := plan
	var added users
	for range Attempts {
		lost, err := c.execute(ctx, plan, &added)
		if err != nil {
			return err
		}
		done.add(plan, lost)
		observed, err := c.Observe(ctx)
		if err != nil {
			return err
		}
		plan = c.planRoles(observed, added.names)
		if len(plan.Steps) == 0 {
			if c.Disturbed = done.disturbed(observed.Revision); c.Disturbed {
				c.World.Warn("users and roles", "another client changed etcd's users or roles meanwhile: authRevision is %d, expected %d", observed.Revision, done.expected())
			}
			return nil
		}
		if c.Scope.Reviewed {
			if err := refuseUnlisted(listed, plan); err != nil {
				return err
			}
		}
	}
	return fmt.Errorf("making etcd's users and roles match: still %s to do after %d attempts, the first: %s", count.Of(len(plan.Steps), "step"), Attempts, plan.Steps[0])
}

// execute sends the steps of the plan and reports whether an answer was lost.
func (c *Change) execute(ctx context.Context, plan roles.Plan, added *users) (lost bool, err error) {
	done := c.World.Counter("users and roles", len(plan.Steps))
	err = c.Etcd.Apply(ctx, plan, c.World.InFlight, func(s roles.Step) {
		added.note(s)
		done(s.String())
	})
	var unknown *store.UnknownOutcomeError
	if !errors.As(err, &unknown) {
		return false, err
	}
	c.World.Warn("users and roles", "no answer, looking again: %v", unknown)
	return true, nil
}

// account compares etcd's authRevision with the steps that were sent: each that is executed
// moves it by one.
type account struct {
	revision uint64 // before the first step
	steps    int
	lost     bool // an answer was lost: fewer steps may have been executed than were sent
}

func (a *account) add(plan roles.Plan, lost bool) {
	a.steps += len(plan.Steps)
	a.lost = a.lost || lost
}

func (a *account) expected() uint64 { return a.revision + uint64(a.steps) }

// disturbed reports whether another client has changed users or roles, now that authRevision
// is now.
func (a *account) disturbed(now uint64) bool {
	return now > a.expected() || !a.lost && now < a.expected()
}

// refuseUnlisted stops before steps that the operator did not confirm: after a lost answer
// some steps of the confirmed plan are left to do, and every other step answers a change that
// another client made.
func refuseUnlisted(confirmed, next roles.Plan) error {
	listed := map[string]bool{}
	for _, s := range confirmed.Steps {
		listed[s.String()] = true
	}
	for _, s := range next.Steps {
		if !listed[s.String()] {
			return hint.Pending("lockstep plan shows how things are now.",
				"another client changed etcd's users or roles meanwhile; what was shown has been done, and this was not shown: %s (%s)", s, s.Reason)
		}
	}
	return nil
}

// users is the users that this change added, as etcd acknowledged: one whose answer was
// lost may be an older one, with a password.
type users struct {
	mu    sync.Mutex
	names map[string]bool
}

func (u *users) note(s roles.Step) {
	if s.Action != roles.UserAdd {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.names == nil {
		u.names = map[string]bool{}
	}
	u.names[s.User] = true
}
