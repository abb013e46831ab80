package adopt

import (
	"maps"
	"path"
	"slices"
	"strings"

	"lockstep/policies/edit"
	"lockstep/policies/keyrange"
	"lockstep/policies/presets"
)

// ComponentName is what a component of a preset is usually called: calico/node is
// calico-node, kubernetes/kube-apiserver and calico/calicoctl lose their group.
func ComponentName(preset string) string {
	group, name := path.Split(preset)
	group = strings.TrimSuffix(group, "/")
	if group == "" || group == "kubernetes" || strings.HasPrefix(name, group) {
		return name
	}
	return group + "-" + name
}

// match is a preset that says what a list of permissions says.
type match struct {
	preset string
	with   map[string]string // nil for the defaults
}

// matching is the preset that gives component exactly these permissions. One that does
// so with its defaults, or other values that it lists, speaks for itself. A parameter that
// takes any text makes a preset equal to nearly anything, so then one of the names, the
// user's first, has to be the preset's as well; one that names a user is that user's alone,
// and comes before all others.
func matching(component string, names []string, permissions []keyrange.Permission) (match, bool) {
	var exact, named []match
	for _, p := range presets.List() {
		if p.Administrator || len(p.Permissions) == 0 || p.User != "" && p.User != names[0] {
			continue
		}
		carried := p.User != "" || slices.ContainsFunc(names, func(name string) bool { return carries(name, p.Name) })
		for _, with := range candidates(p, permissions) {
			if given, _, problems := p.Expand(component, with); len(problems) > 0 || !sameEntries(given, permissions) {
				continue
			}
			if _, err := (edit.Component{Name: "x", Preset: p.Name, With: with}).Lines(); err != nil {
				continue // the value is no text
			}
			switch {
			case carried:
				named = append(named, match{p.Name, with})
			case chosen(p, with):
				exact = append(exact, match{p.Name, with})
			}
			break
		}
	}
	all := append(named, exact...)
	if len(all) == 0 {
		return match{}, false
	}
	if i := slices.IndexFunc(all, func(m match) bool { return names[0] == userOf(m.preset) }); i >= 0 {
		return all[i], true
	}
	return all[0], true
}

// userOf is the user that a preset names; "" for none.
func userOf(preset string) string {
	p, _ := presets.Lookup(preset)
	return p.User
}

// carries reports whether the name of a user, role or certificate is that of a preset,
// with or without more around it: kube-apiserver-etcd-client is kube-apiserver.
func carries(name, preset string) bool {
	return strings.Contains(strings.ToLower(name), ComponentName(preset))
}

// candidates is the values for p's parameters that may be worth a try: its defaults
// first, then every other choice of the values that parameters list, then whatever makes
// one of its permissions equal to one of those given.
func candidates(p presets.Preset, permissions []keyrange.Permission) []map[string]string {
	out := choices(p)
	for _, template := range p.Permissions {
		before, rest, found := strings.Cut(template.First, "{")
		name, after, closed := strings.Cut(rest, "}")
		if !found || !closed || !parameter(p, name) {
			continue
		}
		for _, q := range permissions {
			value, ok := strings.CutPrefix(q.Key, before)
			if value, ok2 := strings.CutSuffix(value, after); ok && ok2 && value != "" && q.Access == template.Access {
				out = append(out, map[string]string{name: value})
			}
		}
	}
	return out
}

// choices is nil for the defaults, and every other combination of listed values, without
// those that are the default.
func choices(p presets.Preset) []map[string]string {
	out := []map[string]string{nil}
	for _, parameter := range p.Parameters {
		for _, with := range slices.Clone(out) {
			for _, value := range parameter.Values {
				if value == parameter.Default {
					continue
				}
				more := map[string]string{parameter.Name: value}
				maps.Copy(more, with)
				out = append(out, more)
			}
		}
	}
	return out
}

// chosen reports whether with gives listed values only: such a preset is as much itself
// as with its defaults.
func chosen(p presets.Preset, with map[string]string) bool {
	for _, parameter := range p.Parameters {
		if _, given := with[parameter.Name]; given && len(parameter.Values) == 0 {
			return false
		}
	}
	return true
}

func parameter(p presets.Preset, name string) bool {
	return slices.ContainsFunc(p.Parameters, func(q presets.Parameter) bool { return q.Name == name })
}

// sameEntries reports whether two lists are the same role to etcd, order aside.
func sameEntries(a, b []keyrange.Permission) bool {
	sorted := func(list []keyrange.Permission) []keyrange.Permission {
		return slices.SortedFunc(slices.Values(list), keyrange.Permission.Compare)
	}
	return slices.Equal(sorted(a), sorted(b))
}
