package policies_test

import (
	"runtime"
	"syscall"
	"testing"
	"time"

	"lockstep/policies"
)

// Eight times as much takes less than 30 times as long; where something is quadratic it takes 64
// times. The processor's time of this thread is measured, which other programs do not use up.
func TestParseDoesNotGrowWithTheSquare(t *testing.T) {
	t.Parallel()
	for name, text := range growing {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const n = 500
			small, large := processorTime(t, text(n), 4), processorTime(t, text(8*n), 1)
			if large > 30*small {
				t.Errorf("%d take %v, %d take %v: %.0f times as long", n, small, 8*n, large, float64(large)/float64(small))
			}
		})
	}
}

// processorTime is the least that reading the policy took in several tries.
func processorTime(t *testing.T, text string, tries int) time.Duration {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	best := time.Hour
	for range tries {
		start := used(t)
		if _, err := policies.Parse(policies.File{Name: "x", Text: []byte(text)}); err != nil {
			t.Fatal(err)
		}
		best = min(best, used(t)-start)
	}
	return best
}

// used is the processor's time that this thread has had.
func used(t *testing.T) time.Duration {
	t.Helper()
	const thisThread = 1 // RUSAGE_THREAD, which package syscall does not name
	var usage syscall.Rusage
	if err := syscall.Getrusage(thisThread, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
