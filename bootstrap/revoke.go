package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"lockstep/bootstrap/change"
	"lockstep/bootstrap/verify"
	"lockstep/bootstrap/world"
	"lockstep/certgen"
	"lockstep/policies/count"
	"lockstep/policies/hint"
	"lockstep/policies/pending"
	"lockstep/roles"
	"lockstep/roles/store"
)

// Revoked is what a revocation has done, and what is left.
type Revoked struct {
	certgen.RevocationPlan
	Deleted []string        // users that are gone from etcd
	Kept    []string        // users that stay: lockstep did not make them
	Waiting []string        // lists that are not signed: whose key is not here, in sentences
	Ports   []verify.Loaded // which members have loaded the lists that are signed
	Unasked error           // why the members could not be asked
}

// Revoke records what is revoked and takes the permission first: bindings and users. Then it
// signs the revocation lists, and retires what is in its place. Last it asks each member whether
// it has loaded the lists. Cut off anywhere, the same revocation goes on, and every plan signs
// lists that name what is recorded.
func Revoke(ctx context.Context, w *world.World, r certgen.Revocation, o change.Operator) (Revoked, error) {
	c, err := change.Open(w, change.Scope{Policy: w.Policy}, o)
	if err != nil {
		return Revoked{}, err
	}
	defer c.Close()
	out := Revoked{}
	if out.RevocationPlan, err = certgen.DiffRevocation(w.Policy, r, c.Folder, w.Now()); err != nil {
		return out, err
	}
	if len(out.Certificates) == 0 && len(out.Users) == 0 {
		return out, hint.Refuse("lockstep certs list --retired shows what there is.", "%s has no certificate that has not expired; nothing was changed", r.Name)
	}
	out.Waiting = out.Lists.Waiting()
	p := &change.Plan{Certificates: out.Lists, Retire: out.Retire}
	p.Certificates.Steps = slices.Concat(out.Records, out.Lists.Steps)
	if err := planTaking(ctx, c, p, &out); err != nil {
		return out, err
	}
	if err := c.Confirm(ctx, p); err != nil {
		return out, err
	}
	var unrecorded error // of a full disk, say; the permission goes all the same
	err = wholly(ctx, w,
		func(ctx context.Context) error { unrecorded = c.Write(ctx, out.Records); return nil },
		func(ctx context.Context) error { return take(ctx, c, &out) },
		func(ctx context.Context) error { return c.Note(ctx, p.Roles.Revision) },
		func(context.Context) error { return unrecorded },
		func(ctx context.Context) error {
			return change.RefuseForgotten(ctx, w, out.Lists.Steps, "the permission is taken, and no list was signed")
		},
		func(ctx context.Context) error { return c.Write(ctx, out.Lists.Steps) },
		func(ctx context.Context) error { return c.Write(ctx, out.Retire) },
	)
	if signed := slices.DeleteFunc(out.CAs(), out.Unsigned); err == nil && (len(signed) > 0 || len(out.Waiting) == 0) {
		out.Ports, out.Unasked = verify.LoadedLists(ctx, w, signed)
	}
	return out, err
}

// Unsigned reports whether the list of ca waits for its key.
func (r Revoked) Unsigned(ca certgen.CA) bool {
	return slices.ContainsFunc(r.Lists.Unsigned(), func(c certgen.Pending) bool { return c.Step.Signer() == ca })
}

// planTaking fills in the steps that take the users' permissions. A user that lockstep did not
// make stays, and the plan says so.
func planTaking(ctx context.Context, c *change.Change, p *change.Plan, out *Revoked) error {
	if len(out.Users) == 0 {
		return nil
	}
	if _, err := c.Connect(ctx); err != nil {
		return err
	}
	observed, err := someUsers(ctx, c, out.Users)
	if err != nil {
		return err
	}
	for _, name := range out.Users {
		u, there := observed.User(name)
		switch {
		case !there:
		case u.Password != roles.PasswordAbsent && !c.Owned(name):
			out.Kept = append(out.Kept, name)
			p.Roles.Pending = append(p.Roles.Pending, roles.Pending{Needs: pending.Operator, Reason: "lockstep did not make it",
				Step: roles.Step{Action: roles.UserDelete, User: name}})
		default:
			p.Roles.Steps = append(p.Roles.Steps, taking(u)...)
		}
	}
	out.Users = slices.DeleteFunc(out.Users, func(name string) bool { return slices.Contains(out.Kept, name) })
	p.Roles.Revision = observed.Revision
	return c.RefuseOwnLoss(p.Roles)
}

// taking is the steps after which u is gone, the bindings first.
func taking(u roles.User) []roles.Step {
	const revoked = "its certificate is revoked"
	var steps []roles.Step
	for _, role := range u.Roles {
		steps = append(steps, roles.Step{Action: roles.UserRevokeRole, User: u.Name, Role: role, Reason: revoked})
	}
	return append(steps, roles.Step{Phase: 1, Action: roles.UserDelete, User: u.Name, Reason: revoked})
}

// take deletes the users of the revocation, and looks again until they are gone: a call whose
// answer was lost may have been executed or not.
func take(ctx context.Context, c *change.Change, out *Revoked) error {
	for range change.Attempts {
		plan, err := leftToTake(ctx, c, out.Users)
		if err != nil || plan.Empty() {
			return err
		}
		done := c.World.Counter("users and roles", len(plan.Steps))
		err = c.Etcd.Apply(ctx, plan, c.World.InFlight, func(s roles.Step) {
			if s.Action == roles.UserDelete {
				out.Deleted = append(out.Deleted, s.User)
			}
			done(s.String())
		})
		if lost := (*store.UnknownOutcomeError)(nil); err != nil && !errors.As(err, &lost) {
			return err
		}
	}
	return fmt.Errorf("deleting the users %s: they are still there after %d attempts", count.Quoted(out.Users), change.Attempts)
}

// leftToTake is what of the users is still in etcd, sorted by phase.
func leftToTake(ctx context.Context, c *change.Change, users []string) (roles.Plan, error) {
	if len(users) == 0 {
		return roles.Plan{}, nil
	}
	observed, err := someUsers(ctx, c, users)
	if err != nil {
		return roles.Plan{}, err
	}
	plan := roles.Plan{Revision: observed.Revision}
	for _, u := range observed.Users {
		plan.Steps = append(plan.Steps, taking(u)...)
	}
	slices.SortStableFunc(plan.Steps, func(a, b roles.Step) int { return a.Phase - b.Phase })
	return plan, nil
}

// someUsers reads these users alone: the cost does not depend on how many others there are.
func someUsers(ctx context.Context, c *change.Change, users []string) (roles.State, error) {
	ctx, cancel := context.WithTimeout(ctx, c.World.CallTimeout)
	defer cancel()
	observed, err := c.Etcd.ObserveSome(ctx, users, nil, nil)
	if err != nil {
		return observed, fmt.Errorf("reading the users %s: %w", count.Quoted(users), err)
	}
	return observed, nil
}
