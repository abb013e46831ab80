package verify

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"golang.org/x/sync/errgroup"
)

// An interrupted run says so once, also where a call answers with the interruption or
// with none.
func TestAnInterruptionIsSaidOnce(t *testing.T) {
	t.Parallel()
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	broken := errors.New("connection refused")
	for _, c := range []struct {
		name string
		ctx  context.Context
		call error
		want string
	}{
		{"interrupted", interrupted, fmt.Errorf("asking etcd1: %w", context.Canceled), "context canceled"},
		{"interrupted, and the call did not notice", interrupted, nil, "context canceled"},
		{"the call failed", t.Context(), broken, "connection refused"},
		{"done", t.Context(), nil, "<nil>"},
	} {
		var g errgroup.Group
		g.Go(func() error { return c.call })
		if got := fmt.Sprint(wait(c.ctx, &g)); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}
