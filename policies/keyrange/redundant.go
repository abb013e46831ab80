package keyrange

import (
	"cmp"
	"slices"
)

// Redundant reports for each range whether it may be left out: the ranges for which it
// reports false cover the same keys as all together. Of two equal ranges the earlier one
// stays. The cost is n log n.
func Redundant(ranges []Range) []bool {
	out := make([]bool, len(ranges))
	var order []int // of the ranges that hold a key, by their first keys
	for i, r := range ranges {
		out[i] = true
		if !r.Empty() {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(ranges[a].first(), ranges[b].first()) })
	end := "" // of what the chosen ranges cover so far
	for len(order) > 0 {
		end = max(end, ranges[order[0]].first())
		best := order[0]
		for len(order) > 0 && ranges[order[0]].first() <= end {
			if i := order[0]; compareEnd(ranges[i].To, ranges[best].To) > 0 || ranges[i].To == ranges[best].To && i < best {
				best = i
			}
			order = order[1:]
		}
		if compareEnd(ranges[best].To, end) <= 0 {
			continue // all of them lie in what is covered
		}
		out[best], end = false, ranges[best].To
		if end == "" {
			break
		}
	}
	return out
}

// first is the least key of r: etcd has no empty key.
func (r Range) first() string { return max(r.From, "\x00") }
