package keyrange_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"lockstep/policies/keyrange"
)

func TestRedundant(t *testing.T) {
	t.Parallel()
	between := func(from, to string) keyrange.Range { return keyrange.Range{From: from, To: to} }
	for _, c := range []struct {
		name   string
		ranges []keyrange.Range
		want   []bool
	}{
		{"none", nil, []bool{}},
		{"one", []keyrange.Range{between("a", "b")}, []bool{false}},
		{"an empty one", []keyrange.Range{between("b", "a"), between("a", "b")}, []bool{true, false}},
		{"the later of two equal ones", []keyrange.Range{between("a", "b"), between("a", "b")}, []bool{false, true}},
		{"a key inside", []keyrange.Range{keyrange.Single("ab"), between("a", "b")}, []bool{true, false}},
		{"two that touch cover the third", []keyrange.Range{between("a", "b"), between("b", "c"), between("aa", "bb")}, []bool{false, false, true}},
		{"two, or the one that covers both", []keyrange.Range{between("a", "c"), between("b", "d"), between("a", "d")}, []bool{true, true, false}},
		{"an open end", []keyrange.Range{between("a", ""), between("b", ""), between("c", "d")}, []bool{false, true, true}},
		{"everything, from the empty key on", []keyrange.Range{between("", ""), between("\x00", "")}, []bool{false, true}},
		{"a gap", []keyrange.Range{between("a", "b"), between("c", "d"), between("a", "aa")}, []bool{false, false, true}},
	} {
		if got := keyrange.Redundant(c.ranges); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// What is left covers the same keys, and nothing of it can be left out as well.
func TestRedundantLeavesAMinimalCover(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	r, all := rand.New(rand.NewPCG(seed, 2)), universe()
	for range 2000 {
		ranges, _ := draw(r, all)
		var left []keyrange.Range
		for i, redundant := range keyrange.Redundant(ranges) {
			if !redundant {
				left = append(left, ranges[i])
			}
		}
		if !keyrange.Union(left...).Equal(keyrange.Union(ranges...)) {
			t.Fatalf("seed %d: %v is not covered by %v", seed, ranges, left)
		}
		for i := range left {
			if others := slices.Delete(slices.Clone(left), i, i+1); keyrange.Union(others...).Contains(left[i]) {
				t.Fatalf("seed %d: %v is covered by %v", seed, left[i], others)
			}
		}
	}
}

// Contains and Overlaps look a range up; the slow way is by arithmetic.
func TestLookingUpIsArithmetic(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	r, all := rand.New(rand.NewPCG(seed, 3)), universe()
	for range 2000 {
		ranges, _ := draw(r, all)
		others, _ := draw(r, all)
		set := keyrange.Union(ranges...)
		for _, o := range others {
			one := keyrange.Union(o)
			if got, want := set.Contains(o), one.Minus(set).IsEmpty(); got != want {
				t.Fatalf("seed %d: %v contains %v: %t, want %t", seed, set.Ranges(), o, got, want)
			}
			if got, want := set.Overlaps(o), !one.Intersect(set).IsEmpty(); got != want {
				t.Fatalf("seed %d: %v overlaps %v: %t, want %t", seed, set.Ranges(), o, got, want)
			}
		}
	}
}

// The index finds what a look at each range finds.
func TestIndexFindsEachOverlap(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	r, all := rand.New(rand.NewPCG(seed, 4)), universe()
	for range 4000 {
		var ranges []keyrange.Range
		for range r.IntN(4) {
			more, _ := draw(r, all)
			ranges = append(ranges, more...)
		}
		index := keyrange.NewIndex(ranges)
		others, _ := draw(r, all)
		for _, o := range others {
			var got, want []int
			index.Overlapping(o, func(i int) { got = append(got, i) })
			for i, x := range ranges {
				if x.Overlaps(o) {
					want = append(want, i)
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Fatalf("seed %d: %v in %v: %v, want %v", seed, o, ranges, got, want)
			}
		}
	}
}

// n log n: from n to 10 n the time grows 10 to 15 times, not 100 times.
func BenchmarkRedundant(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			ranges := make([]keyrange.Range, n)
			for i := range ranges {
				ranges[i] = keyrange.Range{From: "a", To: fmt.Sprintf("b%06d", i)}
			}
			for b.Loop() {
				keyrange.Redundant(ranges)
			}
		})
	}
}
