package adopt

import (
	"fmt"
	"slices"
	"strings"

	"lockstep/policies"
	"lockstep/policies/edit"
	"lockstep/policies/hint"
	"lockstep/policies/keyrange"
	"lockstep/policies/presets"
	"lockstep/roles"
)

// root is etcd's superuser and its role.
const root = "root"

// entry is one component with what is to be said of it.
type entry struct {
	component edit.Component
	lines     []string // the component in YAML
	comments  []string
}

// omission is a user that no component can be without a change in etcd.
type omission struct {
	user     string
	why      []string
	comments []string
	instead  []string // the nearest thing that a policy can say, in YAML; nil where it can say nothing
}

// account is a cluster's users and roles, sorted into what a policy says and what not.
type account struct {
	entries  []entry
	omitted  []omission
	roles    []roles.Role // that no entry names
	proposed bool         // entries are proposals: etcd has no users
}

// accountant knows which names are in use: a policy's differ in more than letter case.
type accountant struct {
	state        roles.State
	facts        Facts
	users, roles map[string]string // by their lower-case form
	names        map[string]bool   // of components that are written
}

func settle(s roles.State, f Facts) account {
	a := accountant{state: s, facts: f, users: map[string]string{}, roles: map[string]string{}, names: map[string]bool{}}
	var out account
	for _, u := range s.Users {
		if u.Name == root {
			continue
		}
		c, why := a.component(u)
		c.Certificate = a.file(c, u.Name)
		lines, err := c.Lines()
		if err != nil && len(why) == 0 {
			why = []string{err.Error()}
		}
		if len(why) > 0 {
			out.omitted = append(out.omitted, omission{u.Name, why, a.certificates(u.Name), lines})
			continue
		}
		a.take(c)
		out.entries = append(out.entries, entry{c, lines, a.remarks(u)})
	}
	if unused(s) {
		out.proposed = true
		out.entries = a.proposals()
	}
	for _, r := range s.Roles {
		if named := a.roles[strings.ToLower(r.Name)] == r.Name; r.Name != root && (!named || out.proposed) {
			out.roles = append(out.roles, r)
		}
	}
	return out
}

// take notes the names of a component that is written.
func (a *accountant) take(c edit.Component) {
	a.users[strings.ToLower(user(c))], a.names[c.Name] = user(c), true
	if c.Administrator || c.Preset != "" && c.Preset == superuser(user(c)) {
		return
	}
	role := user(c)
	if c.Role != "" {
		role = c.Role
	}
	a.roles[strings.ToLower(role)] = role
}

// user is the user of a component.
func user(c edit.Component) string {
	if c.User != "" {
		return c.User
	}
	return c.Name
}

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
	if u.Password == roles.PasswordPresent {
		why = append(why, "it has a password, and a component has none; lockstep apply --adopt=recreate makes the user again without")
	}
	if !sayable {
		return edit.Component{}, why
	}
	return c, why
}

// componentName is a safe name for the component of a user, which no other user's component
// has by its own name.
func (a *accountant) componentName(user string) string {
	taken := func(name string) bool {
		return slices.ContainsFunc(a.state.Users, func(u roles.User) bool {
			return !strings.EqualFold(u.Name, user) && strings.EqualFold(u.Name, name)
		}) || a.names[name]
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
			why = append(why, fmt.Sprintf("it holds %s beside role root, which allows everything", quoted(without(u.Roles, root))))
		}
		return why, true
	case len(u.Roles) == 1:
		return a.role(c, u)
	case len(u.Roles) == 0:
		why = append(why, "it holds no role, and a component holds one")
	default:
		why = append(why, fmt.Sprintf("it holds %d roles, %s, and a component holds one", len(u.Roles), quoted(u.Roles)))
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

// remarks is what to know about a user that is a component.
func (a *accountant) remarks(u roles.User) []string {
	var out []string
	if u.Holds(root) {
		out = append(out, "Role root: it may do everything.")
	}
	for _, role := range u.Roles {
		var others []string
		for _, other := range a.state.Users {
			if other.Name != u.Name && role != root && other.Holds(role) {
				others = append(others, other.Name)
			}
		}
		if len(others) > 0 {
			out = append(out, fmt.Sprintf("Role %q is also held by %s.", role, quoted(others)))
		}
	}
	return append(out, a.certificates(u.Name)...)
}

// certificates is what the folder of certificates holds for a user.
func (a *accountant) certificates(user string) []string {
	if a.facts.Certificates == nil {
		return nil
	}
	var out []string
	for _, c := range a.facts.Certificates {
		if c.Name == user {
			out = append(out, "Certificate: "+c.String())
		}
	}
	if len(out) == 0 {
		return []string{"No certificate with this CN was found."}
	}
	return out
}

// file is where the one certificate of c lies, if the CA that is brought along signed it.
func (a *accountant) file(c edit.Component, user string) string {
	var files []string
	for _, found := range a.facts.Certificates {
		if found.Name == user && found.ByCA && a.facts.CA != "" {
			files = append(files, found.File)
		}
	}
	if len(files) != 1 {
		return ""
	}
	c.Certificate = files[0]
	if _, err := c.Lines(); err != nil {
		return "" // a path that no policy can say
	}
	return files[0]
}

// unsayable is why a name cannot stand in a policy.
func unsayable(err error) string {
	text := "no policy can name it: " + err.Error()
	if advice := hint.Text(err); advice != "" {
		text += " (" + advice + ")"
	}
	return text
}

func quoted(names []string) string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = fmt.Sprintf("%q", name)
	}
	return strings.Join(out, ", ")
}

func without(names []string, name string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == name })
}
