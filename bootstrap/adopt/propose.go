package adopt

import (
	"fmt"
	"slices"
	"strings"

	"lockstep/policies"
	"lockstep/policies/edit"
	"lockstep/policies/keyrange"
	"lockstep/policies/presets"
)

// proposals is a component for each preset whose keys there are. Who uses them is not
// known while no client has to say a name; a certificate whose name is the preset's is
// the best guess. A preset that names its user needs that one's certificate, and then
// stands for the same keys' other presets.
func (a *accountant) proposals() []entry {
	var out []entry
	known := map[keyrange.Range]bool{}
	for _, held := range usersFirst(a.facts.Held) {
		c := edit.Component{Name: ComponentName(held.Preset), Preset: held.Preset}
		name := a.bearer(held.Preset)
		if own := userOf(held.Preset); own != "" {
			if name != own {
				continue
			}
			c.Name = own
			known[held.Where.Range()] = true
		} else if known[held.Where.Range()] {
			continue
		}
		if _, taken := a.users[c.Name]; taken {
			continue
		}
		if name != c.Name {
			c.User = name
		}
		out = a.propose(out, c, fmt.Sprintf("There are keys where it needs %s.", held.Where))
	}
	return a.superusers(out)
}

// superusers adds presets for role root, which leave no keys: their users' certificates
// tell that they are there.
func (a *accountant) superusers(out []entry) []entry {
	for _, p := range presets.List() {
		if p.Administrator && p.User != "" && a.bearer(p.Name) == p.User {
			out = a.propose(out, edit.Component{Name: p.User, Preset: p.Name}, "Its certificate is there, and it needs role root: it may do everything.")
		}
	}
	return out
}

// propose adds a component, unless no policy could name it.
func (a *accountant) propose(out []entry, c edit.Component, why string) []entry {
	c.Certificate = a.file(c, user(c))
	lines, err := c.Lines()
	if err != nil {
		return out
	}
	a.take(c)
	return append(out, entry{c, lines, append([]string{why}, a.certificates(user(c))...)})
}

// usersFirst puts presets that name their user before those that do not.
func usersFirst(list []Held) []Held {
	var named, others []Held
	for _, h := range list {
		if userOf(h.Preset) != "" {
			named = append(named, h)
		} else {
			others = append(others, h)
		}
	}
	return append(named, others...)
}

// bearer is the CN that names a preset: exactly, else the shortest that carries its
// name. "" for none, or one that is no user of a policy or has been given away.
func (a *accountant) bearer(preset string) string {
	var names []string
	own := userOf(preset)
	for _, c := range a.facts.Certificates {
		_, err := policies.ParseUserName(c.Name)
		if _, taken := a.users[strings.ToLower(c.Name)]; err == nil && !taken && !c.Server && (c.Name == own || own == "" && carries(c.Name, preset)) {
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
