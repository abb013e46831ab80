package policies

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strings"

	"lockstep/policies/keyrange"
	"lockstep/policies/presets"
)

// listed is a key or prefix that a preset that comes with lockstep lists.
type listed struct {
	keyrange.Permission
	preset string
}

// known is what presets list with their defaults, in the order of keys. It tells whether
// software wants a prefix with its slash or without.
type known []listed

func knownFrom(list []presets.Preset) known {
	var out known
	for _, preset := range list {
		permissions, _, problems := preset.Expand("name", nil)
		if len(problems) > 0 {
			continue // it has a parameter without a default
		}
		for _, permission := range permissions {
			out = append(out, listed{permission, preset.Name})
		}
	}
	slices.SortStableFunc(out, func(a, b listed) int { return cmp.Compare(a.Key, b.Key) })
	return out
}

// at is the first permission whose key is key or comes after it.
func (k known) at(key string) int {
	return sort.Search(len(k), func(i int) bool { return k[i].Key >= key })
}

// bare finds a preset that lists prefix exactly as it is.
func (k known) bare(prefix string) (preset string, found bool) {
	for i := k.at(prefix); i < len(k) && k[i].Key == prefix; i++ {
		if k[i].Permission == keyrange.Prefix(prefix, k[i].Access) {
			return k[i].preset, true
		}
	}
	return "", false
}

// below finds a preset that lists something that begins with prefix.
func (k known) below(prefix string) (preset string, found bool) {
	if i := k.at(prefix); i < len(k) && strings.HasPrefix(k[i].Key, prefix) {
		return k[i].preset, true
	}
	return "", false
}

// lintSlash warns where a component without a preset has a prefix of known software with the
// slash that the software leaves out, or without the one that it has.
func (p *parser) lintSlash(c *component, k known) {
	if c.Preset != "" {
		return
	}
	for _, w := range c.written {
		at := w.at.Field(string(presets.Prefix))
		if !at.Valid() {
			continue
		}
		prefix := at.Text()
		bare, slash := strings.CutSuffix(prefix, "/")
		if _, same := k.bare(prefix); same || bare == "" {
			continue
		}
		if preset, found := k.bare(bare); slash && found {
			p.Warn(at, fmt.Sprintf("write {prefix: %q}, or preset: %s", bare, preset), "preset %s lists the prefix %q without the slash: a request for it is refused", preset, bare)
		}
		if preset, found := k.below(prefix + "/"); !slash && found {
			p.Warn(at, fmt.Sprintf("write {prefix: %q}", prefix+"/"), "%q is a prefix without its slash: what preset %s lists begins with %q", prefix, preset, prefix+"/")
		}
	}
}
