package store

import "time"

// Stopwatch tells how long ago it was started. It measures how long a call takes, to wait in
// proportion; what time it is, a clock that is handed in tells. Here alone and in main the
// process's clock is read (cmd/lockstep/clock_test.go), and a clock that is set meanwhile does
// not change what this measures (package time, "Monotonic Clocks").
func Stopwatch() (elapsed func() time.Duration) {
	start := time.Now()
	return func() time.Duration { return time.Since(start) }
}
