package view

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// watch is a clock that a test moves on.
type watch struct{ at time.Time }

func (w *watch) now() time.Time          { return w.at }
func (w *watch) advance(d time.Duration) { w.at = w.at.Add(d) }

func TestProgressInALogIsALineEveryFewSeconds(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	var w watch
	p := NewProgress(&out, false, w.now)
	p.Report(Event{Stage: "etcd", Text: "cluster edge, id 1f"})
	for i := range 7 {
		w.advance(time.Second)
		p.Report(Event{Stage: "roles", Text: fmt.Sprintf("grant %d", i+1), Done: i + 1, Total: 7})
	}
	p.Report(Event{Stage: "proof", Text: "auditor is refused", Warning: true})
	p.Close()
	p.Close()
	want := `etcd: cluster edge, id 1f
roles: 4/7 (3s left) grant 4
roles: 7/7 grant 7
roles: 7 done in 6s
proof: warning: auditor is refused
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestProgressOnATerminalIsOneLineThatIsRedrawn(t *testing.T) {
	t.Parallel()
	const erase = "\r\x1b[K"
	var out bytes.Buffer
	var w watch
	p := NewProgress(&out, true, w.now)
	p.Report(Event{Stage: "roles", Text: "grant", Done: 1, Total: 2})
	w.advance(500 * time.Millisecond)
	p.Report(Event{Stage: "roles", Text: strings.Repeat("long ", 30), Done: 2, Total: 2})
	p.Report(Event{Stage: "roles", Text: "beware", Warning: true})
	p.Close()
	screen := out.String()
	for i, line := range strings.Split(screen, erase) {
		if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > lineWidth {
			t.Errorf("part %d has %d columns, a terminal may wrap it", i, n)
		}
	}
	for _, part := range []string{
		"roles: [########################] 2/2 long long",
		erase + "roles: warning: beware\n",
		erase + "roles: 2 done in 500ms\n",
	} {
		if !strings.Contains(screen, part) {
			t.Errorf("no %q in %q", part, screen)
		}
	}
	if !strings.HasSuffix(screen, erase) {
		t.Errorf("the last line is left dirty: %q", screen)
	}
}

// The time left is reckoned from the first step that was counted, again when a count
// begins anew, and said only when the speed is known and something is left.
func TestProgressTellsTheTimeLeft(t *testing.T) {
	t.Parallel()
	const erase = "\r\x1b[K"
	var out bytes.Buffer
	var w watch
	p := NewProgress(&out, true, w.now)
	step := func(wait time.Duration, done, total int) string {
		w.advance(wait)
		out.Reset()
		p.Report(Event{Stage: "roles", Text: "grant", Done: done, Total: total})
		_, line, _ := strings.Cut(out.String(), "] ")
		return line
	}
	p.Report(Event{Stage: "roles", Text: "connecting"})
	for i, c := range []struct {
		wait        time.Duration
		done, total int
		want        string
	}{
		{time.Hour, 1, 1000, "1/1000 grant"}, // what came before the first step is no measure
		{1900 * time.Millisecond, 2, 1000, "2/1000 grant"},
		{100 * time.Millisecond, 11, 1000, "11/1000 (3m18s left) grant"}, // 10 in 2 s
		{8 * time.Second, 501, 1000, "501/1000 (10s left) grant"},
		{9950 * time.Millisecond, 999, 1000, "999/1000 (1s left) grant"},
		{time.Second, 1000, 1000, "1000/1000 grant"},
		{time.Second, 1, 4, "1/4 grant"}, // once more, for what was left
		{3 * time.Second, 2, 4, "2/4 (6s left) grant"},
	} {
		if got := step(c.wait, c.done, c.total); got != c.want {
			t.Errorf("%d: got %q, want %q", i, got, c.want)
		}
	}
	out.Reset()
	p.Close()
	if got := out.String(); got != erase+"roles: 8 done in 1h0m25s\n"+erase {
		t.Errorf("at the end %q", got)
	}
}

func TestProgressMayBeReportedToFromManyGoroutines(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := NewProgress(&out, false, new(watch).now)
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() { p.Report(Event{Stage: "proof", Text: "x", Done: i + 1, Total: 50}) })
	}
	all.Wait()
	p.Close()
	if got := out.String(); got != "proof: 50 done in 0s\n" {
		t.Error(got)
	}
}

func TestNoProgressIsSilent(t *testing.T) {
	t.Parallel()
	var p *Progress
	p.Report(Event{Stage: "x", Text: "y"})
	p.Close()
}
