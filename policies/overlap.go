package policies

import (
	"fmt"
	"slices"
	"strings"

	"lockstep/policies/keyrange"
	"lockstep/policies/strict"
)

// WarningsOf is what is suspicious about one component, in the order of the file.
func (p *Policy) WarningsOf(name string) strict.Problems {
	c, found := p.Component(name)
	if !found {
		return nil
	}
	index := 0 // within its file, by which paths count
	for _, other := range p.Components {
		if other.Name == name {
			break
		}
		if other.At.File == c.At.File {
			index++
		}
	}
	path := fmt.Sprintf("components[%d]", index)
	var out strict.Problems
	for _, w := range p.Warnings {
		if w.File == c.At.File && (w.Path == path || strings.HasPrefix(w.Path, path+".")) {
			out = append(out, w)
		}
	}
	return out
}

// Overlap is the other components whose keys one component reaches, by name, in the
// policy's order. A component that is in Written is not in Read.
type Overlap struct {
	Written []string // it may write keys that they may read or write
	Read    []string // it may read keys that they may read or write
}

// OverlapOf is whose keys the named component reaches. Components that share its role
// and administrators are left out.
func (p *Policy) OverlapOf(name string) Overlap {
	var out Overlap
	c, found := p.Component(name)
	if !found || c.Administrator {
		return out
	}
	writes, reads := keyrange.Reach(c.Permissions, keyrange.Write), keyrange.Reach(c.Permissions, keyrange.Read)
	for _, other := range p.Components {
		if other.Role == c.Role || other.Administrator {
			continue
		}
		overlaps := func(set keyrange.Set) bool {
			return slices.ContainsFunc(other.Permissions, func(q keyrange.Permission) bool { return set.Overlaps(q.Range()) })
		}
		switch {
		case overlaps(writes):
			out.Written = append(out.Written, other.Name)
		case overlaps(reads):
			out.Read = append(out.Read, other.Name)
		}
	}
	return out
}
