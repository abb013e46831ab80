package keyrange

import "strings"

// Permission is the wire form that covers the range: a key, a prefix, from a key on, or
// the range itself.
func (r Range) Permission(a Access) Permission {
	switch from := max(r.From, "\x00"); {
	case r.To == "":
		return FromKey(from, a)
	case r == Single(from):
		return Key(from, a)
	default:
		return Between(from, r.To, a)
	}
}

// Target is the keys of the range in words, as Permission.Target says them.
func (r Range) Target() string { return r.Permission(Read).Target() }

// Describe is what may be read and what may be written, in words:
// `readwrite on prefix "/a/", read on key "/b"`; "" for nothing.
func Describe(read, write Set) string {
	both := read.Intersect(write)
	var out []string
	for _, part := range []struct {
		access Access
		keys   Set
	}{{ReadWrite, both}, {Read, read.Minus(both)}, {Write, write.Minus(both)}} {
		for _, r := range part.keys.ranges {
			out = append(out, string(part.access)+" on "+r.Target())
		}
	}
	return strings.Join(out, ", ")
}
