package adopt

import (
	"fmt"
	"slices"
	"strings"

	"lockstep/policies"
	"lockstep/policies/edit"
)

// proposals is a component for each preset whose keys there are. Who uses them nobody
// can see while nobody has to say a name; a certificate whose name is the preset's is
// the best guess.
func (a *accountant) proposals() []entry {
	var out []entry
	for _, held := range a.facts.Held {
		c := edit.Component{Name: ComponentName(held.Preset), Preset: held.Preset}
		if _, taken := a.users[c.Name]; taken {
			continue
		}
		if name := a.bearer(held.Preset); name != c.Name {
			c.User = name
		}
		lines, err := c.Lines()
		if err != nil {
			continue
		}
		a.take(c)
		there := fmt.Sprintf("There are keys where it needs %s.", held.Where)
		out = append(out, entry{c, lines, append([]string{there}, a.certificates(user(c))...)})
	}
	return out
}

// bearer is the CN that names a preset: exactly, else the shortest that carries its
// name. "" for none, or one that is no user of a policy or has been given away.
func (a *accountant) bearer(preset string) string {
	var names []string
	for _, c := range a.facts.Certificates {
		_, err := policies.ParseUserName(c.Name)
		if _, taken := a.users[strings.ToLower(c.Name)]; err == nil && !taken && !c.Server && carries(c.Name, preset) {
			names = append(names, c.Name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return slices.MinFunc(names, func(x, y string) int {
		if len(x) != len(y) {
			return len(x) - len(y)
		}
		return strings.Compare(x, y)
	})
}
