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
roles: 4/7 grant 4
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
