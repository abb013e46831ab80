package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"lockstep/bootstrap/change"
	"lockstep/certgen"
	"lockstep/policies/hint"
	"lockstep/roles"
)

// planChanges looks at both halves, refuses conflicts before the first write, and
// asks once.
func (r *run) planChanges(ctx context.Context) error {
	p := &r.plan
	observed, err := r.Observe(ctx)
	if err != nil {
		return err
	}
	if err := r.refuseUnseeded(ctx, observed); err != nil {
		return err
	}
	id, err := r.Etcd.ClusterID(ctx)
	if err != nil {
		return fmt.Errorf("asking for the cluster's ID: %w", err)
	}
	r.MakeOn(p, observed, id)
	p.EnableAuth = !observed.Enabled
	if err := r.planUsers(p, observed); err != nil {
		return err
	}
	r.PlanRestored(p, observed)
	if err := errors.Join(r.refuseOtherCluster(id), r.refuseUnmanaged(observed, p.Roles)); err != nil {
		return err
	}
	p.Accepted = r.Accept(observed, &p.Roles)
	if err := change.RefusePending(p.Roles); err != nil {
		return err
	}
	if err := r.RefuseRevival(ctx, newUsers(p.Roles, observed)); err != nil {
		return err
	}
	if err := r.planComponents(p); err != nil {
		return err
	}
	if err := r.RefusePasswordless(p); err != nil {
		return err
	}
	versions := r.versions()
	p.Notes = change.NotesOfChanged(r.World.Policy, p.Roles, versions)
	if p.EnableAuth {
		p.Notes = change.Notes(r.World.Policy, versions) // some of it is to be done before auth is on
		if p.Affected, err = r.affected(ctx, observed); err != nil {
			return err
		}
	}
	return r.Confirm(ctx, p)
}

// planUsers plans etcd's half. While auth is off nothing tells whether a user has a password
// (fact 18), so all users of the policy that this run does not add itself are deleted and added
// again: no client notices it.
func (r *run) planUsers(p *change.Plan, observed roles.State) error {
	r.Scope.Recreate = !observed.Enabled
	if r.World.Policy.Gateway() {
		certificates, err := r.PlanCertificates()
		if err != nil {
			return err
		}
		r.NewPasswords(certificates)
	}
	p.Roles = r.PlanRoles(observed)
	return nil
}

// versions is the members' versions, of those that told theirs.
func (r *run) versions() (out []string) {
	for _, m := range r.members {
		if m.Described {
			out = append(out, m.Version)
		}
	}
	return out
}

// planComponents adds the certificates that wait for the members, and judges external ones.
func (r *run) planComponents(p *change.Plan) error {
	all, err := r.PlanCertificates()
	if err != nil {
		return err
	}
	p.Certificates.Steps = change.Keep(all.Steps, func(s certgen.Step) bool { return waitsForMembers(r.World.Policy, s) })
	p.Certificates.Pending = all.Unfit()
	if p.EnableAuth {
		return refuseUnfit(all.Unfit())
	}
	return nil
}

// refuseUnfit refuses to turn auth on while an external certificate is not what the policy
// says: etcd would refuse its component. Once auth is on, the plan shows it.
func refuseUnfit(unfit []certgen.Pending) error {
	for _, u := range unfit {
		return hint.Refuse("Its issuer has to make it again, or the policy has to say something else; nothing was changed in etcd.",
			"with auth on, %s would be refused: %s", u.Step.Profile.Identity, certgen.UnfitText(u))
	}
	return nil
}

// newUsers is the plan without users that are there and are only added again.
func newUsers(p roles.Plan, observed roles.State) roles.Plan {
	p.Steps = slices.DeleteFunc(slices.Clone(p.Steps), func(s roles.Step) bool {
		_, found := observed.User(s.User)
		return s.Action == roles.UserAdd && found
	})
	return p
}

// refuseOtherCluster stops when the administrator's connection leads elsewhere than to
// the members that were looked at: what is done must be done where it was looked.
func (r *run) refuseOtherCluster(id uint64) error {
	for _, m := range r.members {
		if m.ClusterID != id {
			return hint.Refuse("Leave out --endpoints, or use the policy of that cluster.",
				"the connection leads to cluster %x, and the policy's member %s belongs to cluster %x; nothing was changed in etcd", id, m.Name, m.ClusterID)
		}
	}
	return nil
}

// lookAgain refuses when another client has changed users or roles since the operator
// confirmed: auth is off, so every client can.
func (r *run) lookAgain(ctx context.Context) error {
	observed, err := r.Current(ctx)
	if err != nil {
		return err
	}
	if r.Disturbed {
		return hint.Refuse("Find out which client it was, and run the same command again: it adds the policy's users anew. Auth is still off.",
			"another client changed etcd's users or roles during this run; certificates, roles and users are made and stay")
	}
	return r.refuseUnmanaged(observed, roles.Plan{})
}
