package tlssetup

import (
	"fmt"
	"slices"
	"strings"

	"lockstep/bootstrap/adopt"
	"lockstep/policies"
	"lockstep/policies/hint"
	"lockstep/policies/presets"
)

// component is one user: a CN of client certificates.
type component struct {
	name, user string
	files      []string // that have this CN
	key        policies.KeyAlgorithm
}

// components is one component for each CN of a client certificate; omitted is comments on
// those that no component can be.
func (s setup) components() (found []component, omitted []string) {
	all := s.commonKey()
	for _, one := range s.subjects {
		if len(one.hosts) > 0 {
			continue
		}
		if why := refused(one.cn, found); why != "" {
			omitted = append(omitted, bullet(fmt.Sprintf("%s is not a component: %s", one.file, why))...)
			continue
		}
		if i := slices.IndexFunc(found, func(c component) bool { return c.user == one.cn }); i >= 0 {
			found[i].files = append(found[i].files, one.file)
			continue
		}
		c := component{name: policies.SafeName(one.cn), user: one.cn, files: []string{one.file}}
		for n := 2; slices.ContainsFunc(found, func(o component) bool { return o.name == c.name }); n++ {
			c.name = fmt.Sprintf("%.60s-%d", policies.SafeName(one.cn), n)
		}
		if key := one.key.algorithm(); key != all {
			c.key = key
		}
		found = append(found, c)
	}
	if len(omitted) > 0 {
		omitted = slices.Concat([]string{""}, omitted)
	}
	return found, omitted
}

// refused is why no component can have the CN; "" if one can.
func refused(cn string, found []component) string {
	_, err := policies.ParseUserName(cn)
	other := slices.IndexFunc(found, func(c component) bool { return c.user != cn && strings.EqualFold(c.user, cn) })
	switch {
	case cn == "root":
		return "root is etcd's superuser. lockstep makes its certificate when it is asked for: lockstep certs issue root."
	case cn == "":
		return "it has no CN, so it is not a user."
	case err != nil:
		return fmt.Sprintf("no policy can name the CN %q: %v%s.", cn, err, strings.TrimSuffix(" ("+hint.Text(err)+")", " ()"))
	case other >= 0:
		return fmt.Sprintf("its CN %q differs from %q by letter case only.", cn, found[other].user)
	}
	return ""
}

// componentLines is the field components. Each has no permissions yet: fail closed.
func componentLines(all []component) []string {
	if len(all) == 0 {
		return []string{"# Write one for each program that uses etcd, for example:",
			"#   - {name: app, permissions: [{prefix: /app/, access: readwrite}]}",
			"components: []    # take the brackets away when you write one"}
	}
	out := []string{"# What each may read and write is not in the folder: as long as permissions is empty, it has no permissions.", "components:"}
	for _, c := range all {
		out = append(out, fmt.Sprintf("  # The CN of %s.", strings.Join(c.files, ", ")))
		if len(c.files) > 1 {
			out = append(out, "  # With one CN they are one user: give each program a component of its own.")
		}
		fields := []string{fmt.Sprintf("name: %q", c.name)}
		if c.name != c.user {
			fields = append(fields, fmt.Sprintf("user: %q", c.user))
		}
		if c.key != "" {
			fields = append(fields, fmt.Sprintf("certificate: {key: %s}", c.key))
		}
		if preset := presetOf(c.name); preset != "" {
			out = append(out, fmt.Sprintf("  # A preset has that name: in place of permissions write preset: %s, if it is that program.", preset))
		}
		out = append(out, "  - {"+strings.Join(append(fields, "permissions: []"), ", ")+"}")
	}
	return out
}

// presetOf is the preset whose component is usually called name; "" for none.
func presetOf(name string) string {
	i := slices.IndexFunc(presets.List(), func(p presets.Preset) bool { return adopt.ComponentName(p.Name) == name })
	if i < 0 {
		return ""
	}
	return presets.List()[i].Name
}
