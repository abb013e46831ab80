package world

import (
	"context"
	"time"
)

// Critical begins work that must not end half-way: its context outlives whatever cancels
// ctx, for at most limit, and no signal that can be caught ends or stops the process until
// end is called.
func (w *World) Critical(ctx context.Context, limit time.Duration) (critical context.Context, end context.CancelFunc) {
	release := func() {}
	if w.Hold != nil {
		release = w.Hold()
	}
	critical, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	return critical, func() {
		cancel()
		release()
	}
}
