package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"lockstep/bootstrap/verify"
	"lockstep/certgen"
	"lockstep/policies"
	"lockstep/policies/count"
	"lockstep/policies/hint"
	"lockstep/policies/pending"
	"lockstep/roles"
	"lockstep/roles/store"
)

// attempts is how often a run looks again after calls whose answer was lost.
const attempts = 5

// planChanges looks at both halves, refuses conflicts before the first write, and
// asks once.
func (r *run) planChanges(ctx context.Context) error {
	observed, err := r.observe(ctx)
	if err != nil {
		return err
	}
	// While auth is off nobody can tell whether a user has a password (fact 18), so all
	// users of the policy that this run does not make itself are made again: it costs
	// nobody anything.
	r.allow.Recreate = !observed.Enabled
	r.plan.Roles = r.rolesPlan(observed, nil)
	if err := errors.Join(r.refuseOtherCluster(ctx), r.refuseUnmanaged(observed, r.plan.Roles)); err != nil {
		return err
	}
	accepted := r.accept(observed, &r.plan.Roles)
	if err := refusedChange(r.plan.Roles); err != nil {
		return err
	}
	if !r.reuseName {
		if err := refuseRevival(r.folder, newUsers(r.plan.Roles, observed), r.Now()); err != nil {
			return err
		}
	}
	certificates, err := r.certificatePlan()
	if err != nil {
		return err
	}
	r.plan.Certificates = certgen.Plan{Steps: keep(certificates.Steps, r.waitsForMembers)}
	r.plan.EnableAuth = !observed.Enabled
	if err := r.judgeExternal(certificates.Unfit()); err != nil {
		return err
	}
	for _, sentence := range r.plan.Roles.Foreign {
		r.Warn("etcd", "%s", sentence)
	}
	for _, waits := range r.plan.Roles.Pending {
		r.Warn("etcd", "left alone (%s does it): %s: %s", verify.Permitting(waits.Needs), waits.Step, waits.Reason)
	}
	for _, a := range accepted {
		r.Say("etcd", "accepted until %s %s: %s: %s; the reason: %s", a.Until.Format(time.DateOnly), a.Code, a.Subject, a.Text, a.Reason)
	}
	notes := r.notesOfTaken(r.plan.Roles)
	if r.plan.EnableAuth {
		notes = r.notes(func(policies.Component) bool { return true })
	}
	if len(notes) > 0 && r.Notes != nil {
		r.Notes(notes) // before the question: some of it is to be done before auth is on
	}
	if r.plan.EnableAuth {
		if err := r.sayAffected(ctx, observed); err != nil {
			return err
		}
	}
	return r.confirm(r.plan)
}

// judgeExternal refuses to turn auth on while somebody else's certificate is not what the
// policy says: its holder would stand still. Once auth is on it is said.
func (r *run) judgeExternal(unfit []certgen.Pending) error {
	for _, u := range unfit {
		if r.plan.EnableAuth {
			return hint.Refuse("Whoever makes it has to make it again, or the policy says something else; nothing was changed in etcd.",
				"with auth on, %s would be refused: %s", u.Step.Profile.Identity, certgen.UnfitText(u))
		}
		r.Warn("certificates", "%s", certgen.UnfitText(u))
	}
	return nil
}

// newUsers is the plan without users that are there and are only made again.
func newUsers(p roles.Plan, observed roles.State) roles.Plan {
	p.Steps = slices.DeleteFunc(slices.Clone(p.Steps), func(s roles.Step) bool {
		_, found := observed.User(s.User)
		return s.Action == roles.UserAdd && found
	})
	return p
}

func (r *run) observe(ctx context.Context) (roles.State, error) {
	ctx, cancel := context.WithTimeout(ctx, r.CallTimeout)
	defer cancel()
	look := r.look
	if look == nil {
		look = func(ctx context.Context) (roles.State, error) { return r.etcd.Observe(ctx, verify.UserNames(r.World)) }
	}
	state, err := look(ctx)
	if err != nil {
		return state, fmt.Errorf("reading etcd's users and roles: %w", err)
	}
	r.seen = state
	return state, nil
}

// rolesPlan is the difference between policy and etcd; made is the users that this run
// itself added.
func (r *run) rolesPlan(observed roles.State, made map[string]bool) roles.Plan {
	plan := roles.Diff(r.desired, withKnown(observed, made), r.owned, r.allow)
	if r.sweeps {
		plan.Steps = append(sweep(observed), plan.Steps...)
	}
	return plan
}

// sweep deletes what interrupted runs left of their temporary superusers: the last call
// of a run that was killed may have been carried out after the next run looked.
func sweep(observed roles.State) []roles.Step {
	var steps []roles.Step
	for _, u := range observed.Users {
		if strings.HasPrefix(u.Name, roles.RecoveryPrefix) {
			steps = append(steps, roles.Step{Phase: -1, Action: roles.UserDelete, User: u.Name, Reason: "an interrupted run left this temporary superuser"})
		}
	}
	return steps
}

// users is the users that this run added, as etcd acknowledged: one whose answer was
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

// withKnown marks the users that this run itself made, without a password.
func withKnown(s roles.State, made map[string]bool) roles.State {
	users := make([]roles.User, len(s.Users))
	for i, u := range s.Users {
		if made[u.Name] {
			u.Password = roles.PasswordAbsent
		}
		users[i] = u
	}
	s.Users = users
	return s
}

// accept takes out of the plan what it refuses and the policy accepts. While auth is off
// verify knows nothing of passwords, and so nothing is accepted.
func (r *run) accept(observed roles.State, p *roles.Plan) []verify.AcceptedFinding {
	rest, accepted := verify.AcceptPending(r.evidence(observed), p.Pending)
	p.Pending = rest
	return accepted
}

// refusedChange stops at a user that lockstep did not make, and at a role that such a user
// holds, too. A user or role that only waits to be removed does not stop the run.
func refusedChange(p roles.Plan) error {
	for _, waits := range p.Pending {
		s := waits.Step
		if removes := s.Action == roles.UserDelete || s.Action == roles.RoleDelete; removes && waits.Needs == pending.Prune {
			continue
		}
		advice := fmt.Sprintf("Look at the user first; %s then takes it over.", verify.Permitting(waits.Needs))
		if !s.TakesOver {
			advice = fmt.Sprintf("Look at the user first: take the role from it, or let %s change what it may do.", verify.Permitting(waits.Needs))
		}
		why := waits.Reason
		if s.Affects != "" {
			why += ": " + s.Affects
		}
		return hint.Refuse(advice, "nothing was changed, because this is not done unasked: %s: %s", s, why)
	}
	return nil
}

// convergeRoles applies the plan and looks again until nothing is left to do. A call
// whose answer was lost may or may not have been done: the next look tells.
func (r *run) convergeRoles(ctx context.Context) error {
	made := &users{}
	plan := r.plan.Roles
	start, steps, lost := plan.Revision, 0, 0
	for range attempts {
		done := r.Counter("users and roles", len(plan.Steps))
		err := r.etcd.Apply(ctx, plan, r.InFlight, func(s roles.Step) {
			made.note(s)
			done(s.String())
		})
		var unknown *store.UnknownOutcomeError
		if err != nil && !errors.As(err, &unknown) {
			return err
		}
		steps += len(plan.Steps)
		if unknown != nil {
			lost++
			r.Warn("users and roles", "no answer, looking again: %v", unknown)
		}
		observed, err := r.observe(ctx)
		if err != nil {
			return err
		}
		plan = r.rolesPlan(observed, made.names)
		if len(plan.Steps) == 0 {
			moved := observed.Revision - start
			if r.disturbed = moved > uint64(steps) || lost == 0 && moved < uint64(steps); r.disturbed {
				r.Warn("users and roles", "somebody else changed etcd's users or roles meanwhile: authRevision is %d, expected %d", observed.Revision, start+uint64(steps))
			}
			return nil
		}
		if r.mayFollow != nil {
			if err := r.mayFollow(plan); err != nil {
				return err
			}
		}
	}
	return fmt.Errorf("making etcd's users and roles match: still %s to do after %d attempts, the first: %s", count.Of(len(plan.Steps), "step"), attempts, plan.Steps[0])
}
