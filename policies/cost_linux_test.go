package policies_test

import (
	"runtime"
	"syscall"
	"testing"
	"time"

	"lockstep/policies"
)

// One policy of eight times the size takes less than four times as long as eight of the size; where
// something is quadratic it takes eight times. The processor's time of this thread is measured, which
// other programs do not use up; the system counts it in steps, so that both sides take long enough.
func TestParseDoesNotGrowWithTheSquare(t *testing.T) {
	t.Parallel()
	for name, text := range growing {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const n = 500
			small, large := processorTime(t, text(n), 8), processorTime(t, text(8*n), 1)
			if large > 4*small {
				t.Errorf("eight of %d take %v, one of %d takes %v: %.1f times as long", n, small, 8*n, large, float64(large)/float64(small))
			}
		})
	}
}

// processorTime is how long reading the policy so many times took.
func processorTime(t *testing.T, text string, times int) time.Duration {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	start := used(t)
	for range times {
		if _, err := policies.Parse(policies.File{Name: "x", Text: []byte(text)}); err != nil {
			t.Fatal(err)
		}
	}
	return used(t) - start
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
