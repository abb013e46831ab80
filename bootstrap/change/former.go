package change

import (
	"lockstep/certgen"
	"lockstep/policies"
	"lockstep/roles"
	"maps"
	"slices"
)

// Former is the users and roles in etcd of components that the policy no longer names,
// each with its component's name. It groups the steps of a plan for display, and decides nothing.
type Former struct {
	Users, Roles map[string]string
}

// formerComponents reads it from the certificates, which lie under their component's
// name and carry the user's.
func formerComponents(s certgen.State, observed roles.State, p *policies.Policy) Former {
	f := Former{Users: map[string]string{}, Roles: map[string]string{}}
	for _, r := range s.Retired { // those in the folder are younger
		if user := certgen.UserOf(r.Leaf); user != "" {
			f.Users[user] = r.Identity
		}
	}
	for _, path := range slices.Sorted(maps.Keys(s.Pairs)) {
		if name, leaf := certgen.PlaceOf(path).Component(), s.Pairs[path].Leaf; name != "" && leaf != nil {
			f.Users[certgen.UserOf(leaf)] = name
		}
	}
	for _, c := range p.Components {
		delete(f.Users, c.User.String())
	}
	delete(f.Users, policies.Root().String())
	delete(f.Users, "")
	for _, u := range observed.Users {
		for _, role := range u.Roles {
			if name := f.Users[u.Name]; name != "" && f.Roles[role] == "" { // a shared role stands with its first user
				f.Roles[role] = name
			}
		}
	}
	for _, c := range p.Components {
		delete(f.Roles, c.Role.String())
	}
	delete(f.Roles, policies.Root().String())
	return f
}
