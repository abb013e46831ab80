package keyrange

import (
	"cmp"
	"slices"
)

// Index finds those of many ranges that overlap a range. Making it costs n log n, a
// question log n and what it finds. The zero Index holds no range.
type Index struct {
	entries []entry // by first key; the middle of each stretch is the root of a binary tree
}

type entry struct {
	Range
	number   int
	farthest string // end of the range in this subtree that reaches farthest
}

// NewIndex holds ranges under their places in the list. Empty ranges overlap nothing.
func NewIndex(ranges []Range) Index {
	var x Index
	for i, r := range ranges {
		if !r.Empty() {
			x.entries = append(x.entries, entry{Range: r, number: i})
		}
	}
	slices.SortStableFunc(x.entries, func(a, b entry) int { return cmp.Compare(a.first(), b.first()) })
	if len(x.entries) > 0 {
		reach(x.entries)
	}
	return x
}

// reach fills in how far each subtree goes; entries is not changed otherwise.
func reach(entries []entry) string {
	mid := len(entries) / 2
	farthest := entries[mid].To
	for _, part := range [][]entry{entries[:mid], entries[mid+1:]} {
		if len(part) > 0 {
			farthest = maxEnd(farthest, reach(part))
		}
	}
	entries[mid].farthest = farthest
	return farthest
}

func maxEnd(a, b string) string {
	if compareEnd(a, b) >= 0 {
		return a
	}
	return b
}

// Overlapping calls found with the place of each range that shares a key with r.
func (x Index) Overlapping(r Range, found func(i int)) {
	if !r.Empty() {
		overlapping(x.entries, r, found)
	}
}

func overlapping(entries []entry, r Range, found func(i int)) {
	if len(entries) == 0 {
		return
	}
	mid := len(entries) / 2
	if compareEnd(entries[mid].farthest, r.first()) <= 0 {
		return // all of them end before r begins
	}
	overlapping(entries[:mid], r, found)
	if compareEnd(r.To, entries[mid].first()) <= 0 {
		return // this one and all behind it begin after r ends
	}
	if entries[mid].Overlaps(r) {
		found(entries[mid].number)
	}
	overlapping(entries[mid+1:], r, found)
}
