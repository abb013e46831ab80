package bootstrap

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"lockstep/certgen"
	"lockstep/policies/hint"
	"lockstep/policies/pending"
	"lockstep/roles"
)

// uncarried is why the certificate of a component's user cannot carry a right: it must be
// signed by a CA whose key is away, or somebody else has to make it. One whose time alone
// is past may wait for its renewal.
func uncarried(p certgen.Plan) map[string]string {
	why := map[string]string{}
	for _, c := range p.Unsigned() {
		if s := c.Step; s.Profile.Kind == certgen.KindComponent && !s.Carries {
			why[s.Profile.User.String()] = fmt.Sprintf("%s must be signed first: %s", s.Path(), c.Reason)
		}
	}
	for _, c := range p.Unfit() {
		if !c.Step.Carries {
			why[c.Step.Profile.User.String()] = certgen.UnfitText(c)
		}
	}
	return why
}

// holdBack takes out of what is desired the users that are not there yet and that nobody
// could be: nobody gets a right before the certificate that carries it. The rest goes on.
func (r *run) holdBack(observed roles.State, why map[string]string) (waiting []roles.Pending) {
	r.desired.Users = slices.DeleteFunc(slices.Clone(r.desired.Users), func(u roles.User) bool {
		_, there := observed.User(u.Name)
		if why[u.Name] == "" || there {
			return false
		}
		waiting = append(waiting, roles.Pending{Step: roles.Step{Action: roles.UserAdd, User: u.Name}, Reason: why[u.Name], Needs: pending.Certificate})
		return true
	})
	if len(waiting) > 0 {
		r.desired.Roles = slices.DeleteFunc(slices.Clone(r.desired.Roles), func(role roles.Role) bool {
			_, there := observed.Role(role.Name)
			return !there && !slices.ContainsFunc(r.desired.Users, func(u roles.User) bool { return u.Holds(role.Name) })
		})
	}
	return waiting
}

// refuseUncarried stops a plan that gives somebody a right before the certificate that
// carries it.
func refuseUncarried(p Plan) error {
	why := uncarried(p.Certificates)
	for _, s := range p.Roles.Steps {
		if text := why[s.User]; text != "" && (s.Action == roles.UserAdd || s.Action == roles.UserGrantRole) {
			waiting := strings.Join(p.Certificates.Waiting(), "; ")
			return hint.Refuse("Nobody gets a right before the certificate that carries it.",
				"the PKI folder cannot be used: %s", cmp.Or(waiting, text))
		}
	}
	return nil
}
