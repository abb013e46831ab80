package keyrange_test

import (
	"fmt"
	"testing"
	"time"

	"lockstep/policies/keyrange"
)

// One range against a large set is a search, whatever is done with both.
func TestOneRangeAgainstALargeSetIsASearch(t *testing.T) {
	t.Parallel()
	const n = 20_000
	var ranges []keyrange.Range
	for i := range n {
		ranges = append(ranges, keyrange.Prefix(fmt.Sprintf("/%06d/", i), keyrange.Read).Range())
	}
	large := keyrange.Union(ranges...)
	start := time.Now()
	for i, r := range ranges {
		one := keyrange.Union(r)
		if got := large.Intersect(one); !got.Equal(one) {
			t.Fatalf("%d: intersect %v", i, got)
		}
		if got := one.Intersect(large); !got.Equal(one) {
			t.Fatalf("%d: intersected %v", i, got)
		}
		if got := one.Minus(large); !got.IsEmpty() {
			t.Fatalf("%d: minus %v", i, got)
		}
		beyond := keyrange.Union(keyrange.Single(fmt.Sprintf("/%06d0", i)))
		if got := beyond.Minus(large); !got.Equal(beyond) {
			t.Fatalf("%d: minus, beyond %v", i, got)
		}
		if !large.Covers(one) || large.Covers(beyond) {
			t.Fatalf("%d: covers", i)
		}
	}
	if took := time.Since(start); took > 20*time.Second { // linear in each: minutes
		t.Errorf("%d times took %v", n, took)
	}
}
