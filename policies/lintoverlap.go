package policies

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strings"

	"lockstep/policies/keyrange"
	"lockstep/policies/strict"
)

// claim is one permission of one component, in the order of keys.
type claim struct {
	written
	c *component
}

func claims(components []*component, wanted func(written) bool) []claim {
	var out []claim
	for _, c := range components {
		for _, w := range c.written {
			if c.known && wanted(w) {
				out = append(out, claim{w, c})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b claim) int { return cmp.Compare(a.Key, b.Key) })
	return out
}

// lintNeighbours finds prefixes like /calico that also cover /calico-evil. Keys are
// sorted, so what begins with a prefix lies together; of those, the ones below its slash
// are left out.
func (p *parser) lintNeighbours(components []*component, software known) {
	all := claims(components, func(written) bool { return true })
	other := make([]int, len(all)) // the next claim that is of another role
	for i := len(all) - 1; i >= 0; i-- {
		if other[i] = i + 1; i+1 < len(all) && all[i+1].c.Role == all[i].c.Role {
			other[i] = other[i+1]
		}
	}
	at := func(key string) int {
		return sort.Search(len(all), func(i int) bool { return all[i].Key >= key })
	}
	for _, x := range all {
		prefix := x.Key
		if x.Permission != keyrange.Prefix(prefix, x.Access) || strings.HasSuffix(prefix, "/") {
			continue
		}
		for _, part := range [][2]int{{at(prefix + "\x00"), at(prefix + "/")}, {at(prefix + "0"), at(x.RangeEnd)}} {
			i, end := part[0], part[1]
			if x.RangeEnd == keyrange.FromKeyEnd {
				end = len(all)
			}
			if i < end && all[i].c.Role == x.c.Role {
				i = other[i]
			}
			if i < end {
				advice := "end it with / if only keys below are meant"
				if preset, found := software.bare(prefix); found {
					advice = fmt.Sprintf("give %q other keys: preset %s lists this prefix without a slash", all[i].c.Name, preset)
				}
				p.Warn(blame(x.written, "prefix"), advice, "prefix %q also covers %s of %q", prefix, all[i].Target(), all[i].c.Name)
				break
			}
		}
	}
}

// blame is the field to point at, or the preset.
func blame(w written, field string) strict.Value {
	if v := w.at.Field(field); v.Given() {
		return v
	}
	return w.at
}

// lintOverlap finds components that write the same keys, one warning for each.
// Presets that come with lockstep may share keys with one another: that is how the
// software works.
func (p *parser) lintOverlap(components []*component) {
	open := map[string]*reaching{} // by what decides whether two may share
	warned := map[*component]bool{}
	for _, x := range claims(components, func(w written) bool { return w.Access.Writes() }) {
		if early, found := conflict(open, x); found {
			p.warnOverlap(warned, early, x)
		}
		kind := sharing(x)
		if open[kind] == nil {
			open[kind] = &reaching{}
		}
		open[kind].take(x)
	}
}

// conflict is a claim among those before x that covers keys of x and may not share them.
func conflict(open map[string]*reaching, x claim) (claim, bool) {
	var worst claim
	found := false
	for _, r := range open {
		for _, o := range r.claims {
			if o.Range().Overlaps(x.Range()) && !mayShare(o, x) && (!found || before(o, worst)) {
				worst, found = o, true
			}
		}
	}
	return worst, found
}

// before orders claims by component and keys: which one is named does not depend on chance.
func before(a, b claim) bool {
	return cmp.Or(cmp.Compare(a.c.index, b.c.index), cmp.Compare(a.Key, b.Key), cmp.Compare(a.RangeEnd, b.RangeEnd)) < 0
}

func (p *parser) warnOverlap(warned map[*component]bool, a, b claim) {
	late, early := b, a
	if late.c.index < early.c.index {
		late, early = early, late
	}
	if warned[late.c] {
		return
	}
	warned[late.c] = true
	shared := late
	if keyrange.Union(late.Range()).Contains(early.Range()) {
		shared = early
	}
	p.Warn(late.at, "", "%q and %q may both write %s", early.c.Name, late.c.Name, shared.Target())
}

// reaching is the two claims of different roles that reach farthest among those seen so
// far: claims come in the order of their keys, so whatever meets one seen before meets
// one of them, or only claims of its own role.
type reaching struct{ claims []claim }

func (r *reaching) take(x claim) {
	if i := slices.IndexFunc(r.claims, func(o claim) bool { return o.c.Role == x.c.Role }); i >= 0 {
		if !x.Range().EndsAfter(r.claims[i].Range()) {
			return
		}
		r.claims = slices.Delete(r.claims, i, i+1)
	}
	r.claims = append(r.claims, x)
	slices.SortStableFunc(r.claims, func(a, b claim) int {
		switch {
		case a.Range().EndsAfter(b.Range()):
			return -1
		case b.Range().EndsAfter(a.Range()):
			return 1
		}
		return 0
	})
	r.claims = r.claims[:min(len(r.claims), 2)]
}

// sharing is equal for claims that mayShare treats alike, their roles aside.
func sharing(x claim) string {
	if x.own || !x.c.builtin {
		return ""
	}
	return x.c.Preset
}

// mayShare reports whether two components write the same keys on purpose.
func mayShare(a, b claim) bool {
	switch {
	case a.c.Role == b.c.Role:
		return true
	case a.own || b.own || !a.c.builtin || !b.c.builtin:
		return false
	}
	return a.c.Preset != b.c.Preset || a.c.fixed
}
