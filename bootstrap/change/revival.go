package change

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"lockstep/certgen"
	"lockstep/policies/hint"
	"lockstep/policies/pending"
	"lockstep/roles"
)

// revival is a user that a plan adds although an earlier certificate in its name is still
// valid: a copy of that certificate and its key would give access again.
type revival struct {
	user  string
	until time.Time // when the last of those certificates expires
}

// reason is why the user is not added.
func (r revival) reason() string {
	return fmt.Sprintf("it had a certificate before, which is valid until %s and would be accepted again", r.until.UTC().Format(time.DateOnly))
}

// revivals is the users of plan that would be revived, by name. A user that a
// component's folder still holds a certificate for is not among them: the name was
// never given up, and what was replaced before was as valid while the user was there.
func revivals(s certgen.State, plan roles.Plan, now time.Time) []revival {
	current, until := map[string]bool{}, map[string]time.Time{}
	trust, err := s.Trust(certgen.ClientCA)
	for path, pair := range s.Pairs {
		if certgen.PlaceOf(path).Component() != "" && pair.Leaf != nil && err == nil && trust.Issued(pair.Leaf) {
			current[pair.Leaf.Subject.CommonName] = true
		}
	}
	for _, r := range s.Retired {
		if name := r.Leaf.Subject.CommonName; until[name].Before(r.Leaf.NotAfter) {
			until[name] = r.Leaf.NotAfter
		}
	}
	var out []revival
	for _, step := range plan.Steps {
		if step.Action == roles.UserAdd && !current[step.User] && now.Before(until[step.User]) {
			out = append(out, revival{step.User, until[step.User]})
		}
	}
	slices.SortFunc(out, func(a, b revival) int { return strings.Compare(a.user, b.user) })
	return out
}

// withoutRevivals is the plan in which these users are not added: that is pending.
func withoutRevivals(plan roles.Plan, list []revival) roles.Plan {
	for _, r := range list {
		adds := func(s roles.Step) bool { return s.Action == roles.UserAdd && s.User == r.user }
		plan.Steps = slices.DeleteFunc(slices.Clone(plan.Steps), adds)
		plan.Pending = append(plan.Pending, roles.Pending{
			Step: roles.Step{Action: roles.UserAdd, User: r.user}, Reason: r.reason(), Needs: pending.ReuseName,
		})
	}
	return plan
}

// RefuseRevival stops a plan that adds a user whose earlier certificate is still valid.
func (c *Change) RefuseRevival(plan roles.Plan) error {
	if c.Scope.ReuseName {
		return nil
	}
	return RefuseReused(withoutRevivals(plan, revivals(c.Folder, plan, c.World.Now())))
}

// RefuseReused stops a plan in which adding such a user is pending.
func RefuseReused(plan roles.Plan) error {
	for _, c := range pending.Needing(plan.Pending, pending.ReuseName) {
		return hint.Refuse("Choose another name, wait until that certificate has expired, or repeat with --reuse-name if no copy of its key exists.",
			"user %q is not added: %s; nothing was changed", c.Step.User, c.Reason)
	}
	return nil
}
