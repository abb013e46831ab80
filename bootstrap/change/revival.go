package change

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"lockstep/bootstrap/verify"
	"lockstep/bootstrap/world"
	"lockstep/certgen"
	"lockstep/policies"
	"lockstep/policies/count"
	"lockstep/policies/hint"
	"lockstep/policies/pending"
	"lockstep/roles"
)

// revival is a user that a plan adds although an earlier certificate in its name is still
// valid: a copy of that certificate and its key would give access again.
type revival struct {
	user    string
	until   time.Time // when the last of those certificates expires
	revoked string    // why it would be accepted although a list revokes it; "" where none does
}

// reason is why the user is not added.
func (r revival) reason() string {
	if r.revoked != "" {
		return "it had a certificate before, which is revoked, and " + r.revoked
	}
	return fmt.Sprintf("it had a certificate before, which is valid until %s and would be accepted again", r.until.UTC().Format(time.DateOnly))
}

// needs is what adding the user waits for.
func (r revival) needs() pending.Needs {
	if r.revoked != "" {
		return pending.Members
	}
	return pending.ReuseName
}

// revivals is the users of plan that would be revived, by name. A user that a
// component's folder still holds a certificate for is not among them: the name was
// never given up, and what was replaced before was as valid while the user was there. What was
// revoked since then was not given up by a replacement: it counts all the same.
func revivals(s certgen.State, plan roles.Plan, now time.Time) []revival {
	current, until, revoked := map[string]bool{}, map[string]time.Time{}, map[string]bool{}
	trust, err := s.Trust(certgen.ClientCA)
	gone := certgen.Revocations(s)[certgen.ClientCA]
	added := map[string]bool{}
	for _, step := range plan.Steps {
		added[step.User] = added[step.User] || step.Action == roles.UserAdd
	}
	for path, pair := range s.Pairs {
		if pair.Leaf == nil || certgen.PlaceOf(path).Component() == "" || err != nil {
			continue
		}
		if user := certgen.UserOf(pair.Leaf); added[user] && trust.Issued(pair.Leaf) { // a signature takes long
			current[user] = true
		}
	}
	for _, r := range s.Retired {
		name := r.Leaf.Subject.CommonName
		if until[name].Before(r.Leaf.NotAfter) {
			until[name] = r.Leaf.NotAfter
		}
		revoked[name] = revoked[name] || now.Before(r.Leaf.NotAfter) && gone[r.Leaf.SerialNumber.String()]
	}
	var out []revival
	for _, step := range plan.Steps {
		if step.Action == roles.UserAdd && (!current[step.User] || revoked[step.User]) && now.Before(until[step.User]) {
			out = append(out, revival{user: step.User, until: until[step.User]})
		}
	}
	slices.SortFunc(out, func(a, b revival) int { return strings.Compare(a.user, b.user) })
	return out
}

// revived is the users of plan that would be revived. A certificate that is revoked revives
// none, once every member has loaded the list: only where a user depends on it, the members are
// asked.
func (c *Change) revived(ctx context.Context, plan roles.Plan) []revival {
	now := c.World.Now()
	all := revivals(c.Folder, plan, now)
	if len(all) == 0 {
		return nil
	}
	rest := revivals(without(c.Folder, certgen.Revocations(c.Folder)[certgen.ClientCA]), plan, now)
	unlisted := unlistedUsers(c.Folder, now)
	loaded := sync.OnceValue(func() string { return notLoaded(ctx, c.World) })
	valid := map[string]bool{} // users with a certificate that is not revoked
	for _, r := range rest {
		valid[r.user] = true
	}
	out := rest
	for _, r := range all {
		if valid[r.user] {
			continue
		}
		if unlisted[r.user] {
			r.revoked = certgen.CRLFile(certgen.ClientCA) + " does not name it yet: lockstep apply signs the list where the CA's key is"
		} else {
			r.revoked = loaded()
		}
		if r.revoked != "" {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b revival) int { return strings.Compare(a.user, b.user) })
	return out
}

// unlistedUsers is the users with a revoked certificate that the newest list of the client CA
// does not name yet.
func unlistedUsers(s certgen.State, now time.Time) map[string]bool {
	serials, users := map[string]bool{}, map[string]bool{}
	for _, n := range s.Unlisted(certgen.ClientCA, now) {
		serials[n.String()] = true
	}
	for _, r := range s.Retired {
		if serials[r.Leaf.SerialNumber.String()] {
			users[r.Leaf.Subject.CommonName] = true
		}
	}
	return users
}

// without is s without the retired certificates that are revoked.
func without(s certgen.State, revoked map[string]bool) certgen.State {
	s.Retired = slices.DeleteFunc(slices.Clone(s.Retired), func(r certgen.Retired) bool { return revoked[r.Leaf.SerialNumber.String()] })
	return s
}

// notLoaded says which member has not loaded the newest list of the client CA; "" when all have.
func notLoaded(ctx context.Context, w *world.World) string {
	ports, err := verify.LoadedLists(ctx, w, []certgen.CA{certgen.ClientCA})
	if err != nil {
		return fmt.Sprintf("no member could be asked whether it has loaded %s: %v", certgen.CRLFile(certgen.ClientCA), err)
	}
	var missing []string
	for _, l := range ports {
		if !l.Done() {
			missing = append(missing, l.Member)
		}
	}
	if len(missing) == 0 {
		return ""
	}
	return fmt.Sprintf("%s not known to have loaded the newest %s, which has to be copied there: %s", count.Of(len(missing), "member"), certgen.CRLFile(certgen.ClientCA), strings.Join(missing, ", "))
}

// postponeRevived takes the users that plan would revive out of what is desired, and makes their
// certificates pending: with one in its place, the next run would take the name for one that
// was never given up.
func (c *Change) postponeRevived(ctx context.Context, p *Plan, observed roles.State) []roles.Pending {
	var waiting []roles.Pending
	for _, r := range c.revived(ctx, c.PlanRoles(observed)) {
		p.Certificates.Steps = slices.DeleteFunc(p.Certificates.Steps, func(s certgen.Step) bool {
			if !concernsUser(c.World.Policy, s, r.user) {
				return false
			}
			if s.Profile.Kind == certgen.KindComponent { // the files beside it are written with it
				p.Certificates.Pending = append(p.Certificates.Pending, certgen.Pending{Step: s, Reason: r.reason(), Needs: r.needs()})
			}
			return true
		})
		waiting = append(waiting, c.postponeUsers(observed, map[string]string{r.user: r.reason()}, r.needs())...)
	}
	return waiting
}

// RefuseRevival stops a plan that adds a user whose earlier certificate is still accepted.
func (c *Change) RefuseRevival(ctx context.Context, plan roles.Plan) error {
	if c.Scope.ReuseName {
		return nil
	}
	for _, r := range c.revived(ctx, plan) {
		return refuseReused(roles.Pending{Step: roles.Step{Action: roles.UserAdd, User: r.user}, Reason: r.reason(), Needs: r.needs()})
	}
	return nil
}

// RefuseReused stops a plan in which adding such a user is pending.
func RefuseReused(plan roles.Plan) error {
	for _, c := range pending.Needing(plan.Pending, pending.ReuseName, pending.Members) {
		return refuseReused(c)
	}
	return nil
}

func refuseReused(c roles.Pending) error {
	advice := "Choose another name, wait until that certificate has expired, revoke it (lockstep certs revoke), or repeat with --reuse-name if no copy of its key exists."
	if c.Needs == pending.Members {
		advice = "Copy the list from the members' folders to their hosts once it is signed, then run the same command again."
	}
	return hint.Refuse(advice, "user %q is not added: %s; nothing was changed", c.Step.User, c.Reason)
}

// concernsUser reports whether the step is in the folder of the component with that user.
func concernsUser(p *policies.Policy, s certgen.Step, user string) bool {
	c, found := p.Component(s.Place().Component())
	return found && c.User.String() == user
}
