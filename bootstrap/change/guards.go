package change

import (
	"context"
	"fmt"
	"strings"

	"lockstep/bootstrap/verify"
	"lockstep/certgen"
	"lockstep/policies"
	"lockstep/policies/hint"
	"lockstep/policies/pending"
	"lockstep/roles"
)

// RefuseBlocked stops where the folder or the CA that the policy names cannot be used.
func RefuseBlocked(p certgen.Plan) error {
	text := strings.Join(p.Blocked(), "; ")
	switch {
	case text == "":
		return nil
	case p.ExternalCA != "":
		return hint.Refuse(fmt.Sprintf("certificates.ca in the policy names the CA's certificate (now %s), --ca-key its key. Nothing was written.", p.ExternalCA), "%s", text)
	}
	return hint.Refuse("lockstep never makes a CA over an earlier one: every certificate that it signed would stop working.",
		"the PKI folder cannot be used: %s", text)
}

// RefuseCAs stops what only bootstrap may do, and what RefuseBlocked stops.
func RefuseCAs(p certgen.Plan) error {
	if err := RefuseBlocked(p); err != nil {
		return err
	}
	for _, s := range p.Steps {
		if s.Action == certgen.MakeCA {
			return hint.Refuse("lockstep bootstrap makes the CAs; apply never does.", "the %s CA is not in the PKI folder", s.Profile.CA)
		}
	}
	return nil
}

// RefusePending stops at a user that lockstep did not make, and at a role that such a user
// holds, too. A user or role that only waits to be removed does not stop the change.
func RefusePending(p roles.Plan) error {
	for _, x := range p.Pending {
		s := x.Step
		if removes := s.Action == roles.UserDelete || s.Action == roles.RoleDelete; removes && x.Needs == pending.Prune {
			continue
		}
		advice := fmt.Sprintf("Look at the user first; %s then takes it over.", verify.Permitting(x.Needs))
		if !s.TakesOver {
			advice = fmt.Sprintf("Look at the user first: take the role from it, or let %s change what it may do.", verify.Permitting(x.Needs))
		}
		why := x.Reason
		if s.Affects != "" {
			why += ": " + s.Affects
		}
		return hint.Refuse(advice, "nothing was changed, because this is not done unasked: %s: %s", s, why)
	}
	return nil
}

// RefuseOwnLoss stops a plan that deletes the user who executes it, or takes role root from
// that user: the plan would end half-way, and perhaps no superuser would be left.
func (c *Change) RefuseOwnLoss(p roles.Plan) error {
	own := c.World.AdminUser()
	for _, s := range p.Steps {
		if s.User == own && own != policies.Root().String() && (s.Action == roles.UserDelete || s.Action == roles.UserRevokeRole && s.Role == policies.RootRole().String()) {
			return hint.Refuse("Connect as root, or as another administrator.",
				"this would take the permission from the user that executes it, nothing was changed: %s", s)
		}
	}
	return nil
}

// RefuseStale stops when etcd has changed while the operator read the plan. authRevision
// tells, at the price of one call or two (fact 25).
func (c *Change) RefuseStale(ctx context.Context, p *Plan) error {
	now, err := c.revision(ctx)
	if err != nil {
		return err
	}
	if now.Revision != p.Roles.Revision || now.Enabled != p.Enabled {
		return hint.Refuse("Nothing was changed. Run the same command again.",
			"etcd's users or roles have changed since the plan was made (authRevision %d, now %d)", p.Roles.Revision, now.Revision)
	}
	return nil
}
