package bootstrap

import (
	"fmt"
	"slices"
	"strings"

	"lockstep/bootstrap/verify"
	"lockstep/policies/hint"
	"lockstep/roles"
)

// refuseUnmanaged stops before auth is turned on for users outside the policy that are superusers
// or reach keys that a component owns. It judges the state that the plan leads to: a role
// of ours that such a user holds is harmless only until it is filled. What the policy
// accepts, and what this run accepts, passes.
func (r *run) refuseUnmanaged(observed roles.State, plan roles.Plan) error {
	after, err := observed.After(plan.Steps)
	if err != nil {
		return err
	}
	for _, name := range r.options.AcceptForeign {
		if _, found := after.User(name); !found {
			r.warnOnce(fmt.Sprintf("user %q is to be accepted, and etcd has no such user", name))
		}
	}
	var grave []string
	ours := false
	for _, u := range verify.Unmanaged(r.World.Policy, after) {
		if slices.Contains(r.options.AcceptForeign, u.User) {
			continue
		}
		if a, found := r.World.Policy.Accepts(u.Code, u.User); found && a.Covers(u.Text) && a.Counts(r.World.Now()) {
			continue
		}
		if !u.Grave() {
			r.warnOnce(fmt.Sprintf("user %q, which is not in the policy, %s", u.User, u.Text))
			continue
		}
		grave = append(grave, fmt.Sprintf("%q %s (%s)", u.User, u.Text, u.Code))
		ours = ours || r.Owned(u.User)
	}
	if len(grave) == 0 {
		return nil
	}
	advice := "Delete the user or take the role from it, make it a component, or keep it: with accept in the policy, or for this run with --accept-foreign USER."
	if ours {
		advice = "A user that lockstep made for an earlier policy goes with lockstep apply --prune; or make it a component again, or keep it: with accept in the policy, or for this run with --accept-foreign USER."
	}
	return hint.Refuse(advice, "users outside the policy would have power over its keys, nothing was changed in etcd: %s", strings.Join(grave, "; "))
}
