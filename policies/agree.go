package policies

import (
	"slices"

	"lockstep/policies/keyrange"
)

// checkNames refuses components that are told apart by letter case or not at all.
func (p *parser) checkNames(components []*component) {
	names, users := map[string]place{}, map[string]place{}
	for _, c := range components {
		before := p.Count()
		p.unique(names, c.v.Field("name"), c.Name, "component")
		if c.named.Path != c.v.Field("name").Path || p.Count() == before { // else it is reported already
			p.unique(users, c.named, c.User.String(), "user")
		}
		c.known = c.known && p.Count() == before
	}
}

// checkRoles refuses a role that two components declare in two ways.
func (p *parser) checkRoles(components []*component) {
	names := map[string]place{}
	first := map[RoleName]*component{}
	for _, c := range components {
		if c.Role.IsZero() || c.Administrator || !c.known {
			continue
		}
		at := c.v.Field("role")
		if !at.Given() {
			at = c.named
		}
		other, shared := first[c.Role]
		switch {
		case !shared:
			first[c.Role] = c
			p.unique(names, at, c.Role.String(), "role")
		case !slices.Equal(sorted(other.Permissions), sorted(c.Permissions)):
			p.Fail(at, "give each a role of its own, or both the same permissions",
				"role %q has other permissions in %s", c.Role, place{at: other.v}.where(at))
		}
	}
}

func sorted(permissions []keyrange.Permission) []keyrange.Permission {
	return slices.SortedFunc(slices.Values(permissions), keyrange.Permission.Compare)
}
