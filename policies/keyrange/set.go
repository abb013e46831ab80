package keyrange

import (
	"cmp"
	"slices"
	"sort"
)

// Range is the half-open interval [From, To); To "" is no end. etcd has no empty
// key, so the least key is "\x00". The zero Range is every key.
type Range struct{ From, To string }

// Single is the range that holds exactly key: nothing sorts between k and k+"\x00".
func Single(key string) Range { return Range{From: key, To: key + "\x00"} }

// Empty reports whether no key lies in r.
func (r Range) Empty() bool { return r.To != "" && r.To <= max(r.From, "\x00") }

// Holds reports whether key lies in r.
func (r Range) Holds(key string) bool { return r.From <= key && (r.To == "" || key < r.To) }

// Overlaps reports whether r and o share a key.
func (r Range) Overlaps(o Range) bool { return !r.intersect(o).Empty() && !r.Empty() && !o.Empty() }

// EndsAfter reports whether r goes on where o ends.
func (r Range) EndsAfter(o Range) bool { return compareEnd(r.To, o.To) > 0 }

func (r Range) intersect(o Range) Range {
	return Range{From: max(r.From, o.From), To: minEnd(r.To, o.To)}
}

// compareEnd orders range ends: "" is after everything.
func compareEnd(a, b string) int {
	switch {
	case a == b:
		return 0
	case a == "":
		return 1
	case b == "":
		return -1
	}
	return cmp.Compare(a, b)
}

func minEnd(a, b string) string {
	if compareEnd(a, b) <= 0 {
		return a
	}
	return b
}

// Set is a union of ranges: sorted, disjoint, adjacent ones joined. The zero Set is
// empty. Two equal sets are equal value by value, and every method is pure.
type Set struct{ ranges []Range }

// Union is the set of all keys that lie in one of the ranges.
func Union(ranges ...Range) Set {
	sorted := slices.DeleteFunc(slices.Clone(ranges), Range.Empty)
	for i := range sorted {
		sorted[i].From = max(sorted[i].From, "\x00") // no key sorts before it
	}
	slices.SortFunc(sorted, func(a, b Range) int { return cmp.Compare(a.From, b.From) })
	var s Set
	for _, r := range sorted {
		last := len(s.ranges) - 1
		if last >= 0 && compareEnd(s.ranges[last].To, r.From) >= 0 {
			if compareEnd(s.ranges[last].To, r.To) < 0 {
				s.ranges[last].To = r.To
			}
			continue
		}
		s.ranges = append(s.ranges, r)
	}
	return s
}

// Reach is what a list of permissions allows for one access (Read or Write).
func Reach(permissions []Permission, a Access) Set {
	var ranges []Range
	for _, p := range permissions {
		if p.Access.Includes(a) {
			ranges = append(ranges, p.Range())
		}
	}
	return Union(ranges...)
}

// Ranges is the set's content, in order; the caller may keep it.
func (s Set) Ranges() []Range { return slices.Clone(s.ranges) }

// IsEmpty reports whether the set holds no key.
func (s Set) IsEmpty() bool { return len(s.ranges) == 0 }

// Equal reports whether s and o hold the same keys.
func (s Set) Equal(o Set) bool { return slices.Equal(s.ranges, o.ranges) }

// Union is every key of s and o.
func (s Set) Union(o Set) Set { return Union(slices.Concat(s.ranges, o.ranges)...) }

// Contains reports whether every key of r lies in s. An empty range lies in every set.
func (s Set) Contains(r Range) bool {
	if r.Empty() {
		return true
	}
	i := s.after(r.first()) - 1 // ranges are disjoint and not adjacent: one holds all of r, or none does
	return i >= 0 && compareEnd(s.ranges[i].To, r.To) >= 0
}

// Overlaps reports whether a key of r lies in s.
func (s Set) Overlaps(r Range) bool {
	if r.Empty() {
		return false
	}
	i := s.after(r.first())
	return i > 0 && compareEnd(s.ranges[i-1].To, r.first()) > 0 || i < len(s.ranges) && compareEnd(r.To, s.ranges[i].From) > 0
}

// after is the number of ranges that begin at key or before it.
func (s Set) after(key string) int {
	i, found := slices.BinarySearchFunc(s.ranges, key, func(r Range, key string) int { return cmp.Compare(r.From, key) })
	if found {
		i++
	}
	return i
}

// Covers reports whether every key of o lies in s.
func (s Set) Covers(o Set) bool { return o.Minus(s).IsEmpty() }

// Intersect is every key of s that is in o. Each range of the set with fewer ranges costs
// a search in the other one, and what it meets there.
func (s Set) Intersect(o Set) Set {
	if len(s.ranges) > len(o.ranges) {
		s, o = o, s
	}
	var out []Range
	for _, r := range s.ranges {
		for _, x := range o.near(r).ranges {
			out = append(out, r.intersect(x))
		}
	}
	return Set{out}
}

// Minus is every key of s that is not in o. Each range of s costs a search in o, and what
// it meets there.
func (s Set) Minus(o Set) Set {
	var out []Range
	for _, r := range s.ranges {
		for _, gap := range o.near(r).Gaps().near(r).ranges {
			out = append(out, r.intersect(gap))
		}
	}
	return Set{out}
}

// near is the ranges of s that share a key with r.
func (s Set) near(r Range) Set {
	first := sort.Search(len(s.ranges), func(i int) bool { return compareEnd(s.ranges[i].To, r.first()) > 0 })
	end := sort.Search(len(s.ranges), func(i int) bool { return compareEnd(s.ranges[i].From, r.To) >= 0 })
	return Set{s.ranges[first:max(first, end)]}
}

// Gaps is every key that is not in s.
func (s Set) Gaps() Set {
	var out []Range
	from := "\x00"
	for _, r := range s.ranges {
		if from < r.From {
			out = append(out, Range{From: from, To: r.From})
		}
		if r.To == "" {
			return Set{out}
		}
		from = r.To
	}
	return Set{append(out, Range{From: from})}
}

// Edges are keys at both ends of r: its first key, and one close before its end
// (for an open end, one far up). Both lie in r; they may be the same key.
func (r Range) Edges() (first, last string) {
	first = max(r.From, "\x00")
	return first, r.beforeEnd(first)
}

// beforeEnd is a key in r next to its end. A byte string has no predecessor unless
// it ends in 0x00, so it is the end with its last byte lowered and 0xff appended.
func (r Range) beforeEnd(first string) string {
	if r.To == "" {
		return max(first, "\xff\xff")
	}
	head, b := r.To[:len(r.To)-1], r.To[len(r.To)-1]
	if b == 0 {
		return max(first, head)
	}
	if last := head + string([]byte{b - 1}) + "\xff"; r.Holds(last) {
		return last
	}
	return first
}
