package adopt

import (
	"fmt"
	"slices"
	"strings"

	"lockstep/policies/count"
	"lockstep/policies/edit"
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
	folded       map[string]bool   // all users' names without letter case
	holders      map[string][]string
	certified    map[string][]Certificate // by CN
}

func accountantOf(s roles.State, f Facts) accountant {
	a := accountant{
		state: s, facts: f, users: map[string]string{}, roles: map[string]string{}, names: map[string]bool{},
		folded: map[string]bool{}, holders: map[string][]string{}, certified: map[string][]Certificate{},
	}
	for _, u := range s.Users {
		a.folded[fold(u.Name)] = true
		for _, role := range u.Roles {
			a.holders[role] = append(a.holders[role], u.Name)
		}
	}
	for _, c := range f.Certificates {
		a.certified[c.Name] = append(a.certified[c.Name], c)
	}
	return a
}

// fold makes names equal that [strings.EqualFold] takes as equal.
func fold(name string) string { return strings.ToLower(strings.ToUpper(name)) }

func settle(s roles.State, f Facts) account {
	a := accountantOf(s, f)
	var out account
	for _, u := range s.Users {
		if u.Name == root {
			continue
		}
		c, why := a.component(u)
		if !u.Password.Exists() {
			c.Certificate = a.file(c, u.Name)
		}
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

// remarks is what to know about a user that is a component.
func (a *accountant) remarks(u roles.User) []string {
	var out []string
	if u.Holds(root) {
		out = append(out, "Role root: it may do everything.")
	}
	for _, role := range u.Roles {
		if others := without(a.holders[role], u.Name); role != root && len(others) > 0 {
			out = append(out, fmt.Sprintf("Role %q is also held by %s.", role, count.Quoted(others)))
		}
	}
	if u.Password.Exists() && !u.Holds(root) {
		return append(out, "It logs in with a password that its software alone knows: plan leaves the user alone. lockstep apply --adopt takes it over with that password;",
			"--adopt=recreate gives it another one, and etcd refuses the user until its software has that one. With a certificate in its place: identity: certificate.")
	}
	return append(out, a.certificates(u.Name)...)
}

// certificates is what the folder of certificates holds for a user.
func (a *accountant) certificates(user string) []string {
	if a.facts.Certificates == nil {
		return nil
	}
	var out []string
	for _, c := range a.certified[user] {
		out = append(out, "Certificate: "+c.String())
	}
	if len(out) == 0 {
		return []string{"No certificate with this CN was found."}
	}
	return out
}

// file is where the one certificate of c lies, if the external CA signed it.
func (a *accountant) file(c edit.Component, user string) string {
	var files []string
	for _, found := range a.certified[user] {
		if found.ByCA && a.facts.CA != "" {
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

func without(names []string, name string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == name })
}
