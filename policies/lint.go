package policies

import (
	"cmp"
	"slices"
	"strings"

	"lockstep/policies/keyrange"
	"lockstep/policies/strict"
)

// lint warns of what is legal but suspicious. Few and exact: with --strict each one
// stops a pipeline.
func (p *parser) lint(policy *Policy, components []*component) {
	p.lintCluster(policy)
	for _, c := range components {
		if c.Administrator {
			at := c.v.Field("administrator")
			if !at.Given() {
				at = c.v.Field("preset")
			}
			p.Warn(at, "guard its certificate like root's, and give it a short lifetime", "component %q holds role root and may do everything", c.Name)
		}
		if c.known {
			p.lintPermissions(c)
		}
	}
	p.lintNeighbours(components)
	p.lintOverlap(components)
}

func (p *parser) lintCluster(policy *Policy) {
	members := p.cluster.Field("members")
	if n := len(members.Items()); n > 0 && n%2 == 0 {
		p.Warn(members, "use an odd number", "%d members survive no more failures than %d", n, n-1)
	} else if n == 1 {
		p.Warn(members, "use three or five", "with one member every restart stops etcd")
	}
	if proxies := p.cluster.Field("proxies"); len(proxies.Items()) > 0 && len(policy.Components) > 0 {
		p.Warn(proxies, "let components dial the members, or a TCP gateway", "a grpc-proxy hides who is calling: every component is refused behind it")
	}
}

// lintPermissions looks at one component by itself.
func (p *parser) lintPermissions(c *component) {
	for i := len(c.written) - 1; i >= 0; i-- {
		w := c.written[i]
		if w.own && c.addsNothing(i) {
			p.Warn(w.at, "leave it out", "adds nothing: other permissions of %q allow it already", c.Name)
		}
	}
	read := keyrange.Reach(c.Permissions, keyrange.Read)
	for _, w := range c.written {
		if w.own && w.Access == keyrange.Write && !read.Contains(w.Range()) {
			p.Warn(w.at.Field("access"), "most software needs readwrite", "%s may write %s and not read it", c.Name, w.Target())
		}
		if strings.HasSuffix(w.at.Field("prefix").Text(), "*") {
			p.Warn(w.at.Field("prefix"), "leave it out: a prefix covers every key that begins with it", "the * is an ordinary character of the key")
		}
	}
}

// addsNothing reports whether the others allow what permission i allows. Of two that
// allow the same, the later one adds nothing.
func (c *component) addsNothing(i int) bool {
	others := slices.Delete(slices.Clone(c.Permissions), i, i+1)
	for j, w := range c.written {
		if j > i && w.Range() == c.written[i].Range() {
			others = slices.Delete(slices.Clone(c.Permissions[:j]), i, i+1)
			break
		}
	}
	for _, access := range []keyrange.Access{keyrange.Read, keyrange.Write} {
		if c.written[i].Access.Includes(access) && !keyrange.Reach(others, access).Contains(c.written[i].Range()) {
			return false
		}
	}
	return true
}

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

// lintNeighbours finds prefixes like /calico that also cover /calico-evil.
func (p *parser) lintNeighbours(components []*component) {
	all := claims(components, func(written) bool { return true })
	for i, x := range all {
		prefix := x.Key
		if x.Permission != keyrange.Prefix(prefix, x.Access) || strings.HasSuffix(prefix, "/") {
			continue
		}
		for _, y := range all[i+1:] {
			if !strings.HasPrefix(y.Key, prefix) {
				break
			}
			if rest := y.Key[len(prefix):]; rest != "" && rest[0] != '/' && y.c.Role != x.c.Role {
				p.Warn(blame(x.written, "prefix"), "end it with / if only keys below are meant", "prefix %q also covers %s of %q", prefix, y.Target(), y.c.Name)
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
	var open []claim
	warned := map[*component]bool{}
	for _, x := range claims(components, func(w written) bool { return w.Access.Writes() }) {
		open = slices.DeleteFunc(open, func(o claim) bool { return !o.Range().Overlaps(x.Range()) })
		i := slices.IndexFunc(open, func(o claim) bool { return !mayShare(o, x) })
		if i < 0 {
			open = append(open, x)
			continue
		}
		late, early := x, open[i]
		if late.c.index < early.c.index {
			late, early = early, late
		}
		if !warned[late.c] {
			warned[late.c] = true
			shared := late
			if keyrange.Union(late.Range()).Contains(early.Range()) {
				shared = early
			}
			p.Warn(late.at, "", "%q and %q may both write %s", early.c.Name, late.c.Name, shared.Target())
		}
		if !keyrange.Union(open[i].Range()).Contains(x.Range()) { // else whoever meets x meets that one
			open = append(open, x)
		}
	}
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
