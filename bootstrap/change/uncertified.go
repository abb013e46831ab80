package change

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

// uncertified is why a component's user has no certificate that etcd would accept, by user:
// it must be signed by a CA whose key is not here, or its issuer has to make it again. A
// certificate that has only expired is not among them: the user may wait for its renewal.
func uncertified(p certgen.Plan) map[string]string {
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

// postponeUsers takes out of what is desired the users of why that etcd does not have yet. The
// rest goes on.
func (c *Change) postponeUsers(observed roles.State, why map[string]string, needs pending.Needs) (waiting []roles.Pending) {
	c.desired.Users = slices.DeleteFunc(slices.Clone(c.desired.Users), func(u roles.User) bool {
		_, there := observed.User(u.Name)
		if why[u.Name] == "" || there {
			return false
		}
		waiting = append(waiting, roles.Pending{Step: roles.Step{Action: roles.UserAdd, User: u.Name, WithPassword: u.Password == roles.PasswordOurs}, Reason: why[u.Name], Needs: needs})
		return true
	})
	if len(waiting) > 0 {
		c.desired.Roles = slices.DeleteFunc(slices.Clone(c.desired.Roles), func(role roles.Role) bool {
			_, there := observed.Role(role.Name)
			return !there && !slices.ContainsFunc(c.desired.Users, func(u roles.User) bool { return u.Holds(role.Name) })
		})
	}
	return waiting
}

// RefuseUncertified stops a plan that gives a user a role before the user has a certificate.
func RefuseUncertified(p *Plan) error {
	why := uncertified(p.Certificates)
	for _, s := range p.Roles.Steps {
		if text := why[s.User]; text != "" && (s.Action == roles.UserAdd || s.Action == roles.UserGrantRole) {
			waiting := strings.Join(p.Certificates.Waiting(), "; ")
			return hint.Refuse(cmp.Or(KeyAdvice(p.Certificates), "A user gets its role after its certificate exists."),
				"the PKI folder cannot be used: %s", cmp.Or(waiting, text))
		}
	}
	return nil
}

// KeyAdvice is how the operator gives the key of the CA for which steps of the plan wait; ""
// where no flag does.
func KeyAdvice(p certgen.Plan) string {
	if len(pending.Needing(p.Pending, pending.CAKey)) > 0 {
		return "Name the key of the CA by --ca-key FILE."
	}
	return ""
}
