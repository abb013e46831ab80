package folder

import (
	"context"
	"fmt"
	"testing"
)

// BenchmarkInspect is the look at a whole folder of many components.
func BenchmarkInspect(b *testing.B) {
	for _, n := range []int{300, 3000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			names := make([]string, n)
			for i := range names {
				names[i] = fmt.Sprintf("c%d", i)
			}
			f := create(b)
			if err := f.Apply(context.Background(), diff(b, f, edge(b, names...)), clock, 4, nil); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if s, err := f.Inspect(); err != nil || len(s.Faults) > 0 {
					b.Fatal(s.Faults, err)
				}
			}
		})
	}
}
