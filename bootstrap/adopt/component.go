package adopt

import (
	"fmt"
	"slices"
	"strings"

	"lockstep/policies"
	"lockstep/policies/count"
	"lockstep/policies/edit"
	"lockstep/policies/hint"
	"lockstep/policies/keyrange"
	"lockstep/policies/presets"
	"lockstep/roles"
)

// component is u in a policy's words. With reasons it is not u as it is, but the
// nearest thing, or the zero component, which has no words.
func (a *accountant) component(u roles.User) (edit.Component, []string) {
	if _, err := policies.ParseUserName(u.Name); err != nil {
		return edit.Component{}, []string{unsayable(err)}
	}
	lower := strings.ToLower(u.Name)
	if first, taken := a.users[lower]; taken {
		return edit.Component{}, []string{fmt.Sprintf("its name differs from %q by letter case only", first)}
	}
	c := edit.Component{Name: a.componentName(u.Name)}
	if c.Name != u.Name {
		c.User = u.Name
	}
	why, sayable := a.power(&c, u)
	if u.Password.Exists() && u.Holds(root) {
		why = append(why, "it has a password, and a component with role root has none; lockstep apply --adopt=recreate makes the user again without")
	}
	c.Identity = identity(c.Preset, u)
	if !sayable {
		return edit.Component{}, why
	}
	return c, why
}

// identity is how the user of a component proves itself, where its preset does not say so.
func identity(preset string, u roles.User) string {
	how := presets.ByCertificate
	if u.Password.Exists() && !u.Holds(root) {
		how = presets.ByPassword
	}
	said := presets.ByCertificate
	if p, found := presets.Lookup(preset); found && p.Identity != "" {
		said = p.Identity
	}
	if how == said {
		return ""
	}
	return how
}

// componentName is a safe name for the component of a user, which no other user's component
// has by its own name.
func (a *accountant) componentName(user string) string {
	taken := func(name string) bool {
		return fold(name) != fold(user) && a.folded[fold(name)] || a.names[name]
	}
	safe := policies.SafeName(user)
	name := safe
	for n := 2; taken(name); n++ {
		name = fmt.Sprintf("%s-%d", safe[:min(len(safe), 60)], n)
	}
	return name
}

// power fills in what the user may do. It is not sayable where no policy could.
func (a *accountant) power(c *edit.Component, u roles.User) (why []string, sayable bool) {
	switch {
	case u.Holds(root):
		c.Preset = superuser(u.Name)
		c.Administrator = c.Preset == ""
		if len(u.Roles) > 1 {
			why = append(why, fmt.Sprintf("it holds %s beside role root, which allows everything", count.Quoted(without(u.Roles, root))))
		}
		return why, true
	case len(u.Roles) == 1:
		return a.role(c, u)
	case len(u.Roles) == 0:
		why = append(why, "it holds no role, and a component holds one")
	default:
		why = append(why, fmt.Sprintf("it holds %d roles, %s, and a component holds one", len(u.Roles), count.Quoted(u.Roles)))
	}
	var all []keyrange.Permission
	for _, name := range u.Roles {
		role, _ := a.state.Role(name)
		all = append(all, role.Permissions...)
	}
	union, _ := joined(all)
	more, sayable := grant(c, u.Name, union)
	return append(why, more...), sayable
}

// superuser is the preset for role root that names the user; "" for none.
func superuser(user string) string {
	i := slices.IndexFunc(presets.List(), func(p presets.Preset) bool { return p.Administrator && p.User == user })
	if i < 0 {
		return ""
	}
	return presets.List()[i].Name
}

// role is the usual case: one user, one role.
func (a *accountant) role(c *edit.Component, u roles.User) (why []string, sayable bool) {
	name := u.Roles[0]
	role, _ := a.state.Role(name)
	if other, taken := a.roles[strings.ToLower(name)]; taken && other != name {
		why = append(why, fmt.Sprintf("its role %q differs from %q by letter case only", name, other))
	} else if _, err := policies.ParseRoleName(name); err != nil {
		why = append(why, fmt.Sprintf("its role is %q: %s", name, unsayable(err)))
	} else if name != u.Name {
		c.Role = name
	}
	permissions, twice := joined(role.Permissions)
	for _, p := range twice {
		why = append(why, fmt.Sprintf("role %q holds %s more than once, which makes etcd lower it only in part", name, p.Target()))
	}
	more, sayable := grant(c, name, permissions)
	return append(why, more...), sayable
}

// grant writes permissions into c, as a preset where one says the same. What no policy can
// write it leaves out and says why; it is not sayable where nothing is left.
func grant(c *edit.Component, role string, permissions []keyrange.Permission) (why []string, sayable bool) {
	if m, ok := matching(c.Name, []string{c.Name, role}, permissions); ok {
		c.Preset, c.With = m.preset, m.with
		return nil, true
	}
	c.Permissions, why, sayable = wording(role, permissions)
	return why, sayable
}

// unsayable is why a name cannot stand in a policy.
func unsayable(err error) string {
	text := "no policy can name it: " + err.Error()
	if advice := hint.Text(err); advice != "" {
		text += " (" + advice + ")"
	}
	return text
}
