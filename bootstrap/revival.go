package bootstrap

import (
	"slices"
	"strings"
	"time"

	"lockstep/certgen"
	"lockstep/policies/hint"
	"lockstep/roles"
)

// Revival is a user that a plan adds although an earlier certificate in its name is
// still valid: whoever kept a copy of it and its key would come back to life with it.
type Revival struct {
	User  string
	Until time.Time // when the last of those certificates ends
}

// revivals is the users of plan that would be revived, by name. A user that a
// component's folder still holds a certificate for is not among them: the name was
// never given up, and what was replaced before was as valid while the user was there.
func revivals(s certgen.State, plan roles.Plan, now time.Time) []Revival {
	current, until := map[string]bool{}, map[string]time.Time{}
	ca, err := s.Authority(certgen.ClientCA)
	for path, pair := range s.Pairs {
		if strings.HasPrefix(path, "components/") && pair.Leaf != nil && err == nil && pair.Leaf.CheckSignatureFrom(ca) == nil {
			current[pair.Leaf.Subject.CommonName] = true
		}
	}
	for _, r := range s.Retired {
		if name := r.Leaf.Subject.CommonName; until[name].Before(r.Leaf.NotAfter) {
			until[name] = r.Leaf.NotAfter
		}
	}
	var out []Revival
	for _, step := range plan.Steps {
		if step.Action == roles.UserAdd && !current[step.User] && now.Before(until[step.User]) {
			out = append(out, Revival{step.User, until[step.User]})
		}
	}
	slices.SortFunc(out, func(a, b Revival) int { return strings.Compare(a.User, b.User) })
	return out
}

// refuseRevival stops a plan that would revive somebody.
func refuseRevival(s certgen.State, plan roles.Plan, now time.Time) error {
	return refuseRevived(revivals(s, plan, now))
}

func refuseRevived(list []Revival) error {
	if len(list) == 0 {
		return nil
	}
	return hint.Refuse("Choose another name, wait until that certificate has ended, or repeat with --reuse-name if nobody has a copy of its key.",
		"user %q had a certificate before, which is valid until %s and would come back to life with the user; nothing was changed",
		list[0].User, list[0].Until.UTC().Format(time.DateOnly))
}
