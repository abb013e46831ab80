package view

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"
)

// Event is one thing that happened in a long run. It has the fields of bootstrap's world.Event, so that
// one converts to the other, and view draws without knowing what is drawn.
type Event struct {
	Stage       string // what is being done, one of few words
	Text        string // what just happened, one line; "" for a mere count
	Done, Total int    // Total 0: not counted
	Warning     bool
}

// String is the event as one plain line, without its stage.
func (e Event) String() string { return e.line(0) }

// line also says how much time is left; 0 when that is not known.
func (e Event) line(left time.Duration) string {
	text := e.Text
	if e.Warning {
		text = "warning: " + text
	}
	if e.Total == 0 {
		return text
	}
	count := fmt.Sprintf("%d/%d", e.Done, e.Total)
	if left > 0 {
		count += fmt.Sprintf(" (%s left)", left)
	}
	return strings.TrimSpace(count + " " + text)
}

// Progress tells on stderr what a long run does: on a terminal one bar line that is
// redrawn, elsewhere plain lines, of counted steps one every few seconds. It is safe
// for use by several goroutines; a nil Progress is silent.
type Progress struct {
	out      io.Writer
	terminal bool
	now      func() time.Time

	// Verbose gives every step a line of its own, wherever it is written.
	Verbose bool

	mu      sync.Mutex
	stage   string
	steps   int // of this stage
	last    Event
	first   Event     // that the time left is reckoned from
	since   time.Time // of first
	started time.Time
	shown   time.Time
}

const (
	redrawEvery = 100 * time.Millisecond // a terminal
	lineEvery   = 3 * time.Second        // a log
	leftAfter   = 2 * time.Second        // a shorter look does not tell the speed
	barWidth    = 24
	lineWidth   = Width - 1 // a longer line could wrap, and a wrapped one cannot be erased
)

// NewProgress writes to out. Now is the clock that intervals are measured by.
func NewProgress(out io.Writer, terminal bool, now func() time.Time) *Progress {
	return &Progress{out: out, terminal: terminal, now: now}
}

// Report shows e. Warnings and uncounted events get a line each; counted ones move
// the bar. A new stage closes the one before it.
func (p *Progress) Report(e Event) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if e.Stage != p.stage {
		p.close()
		p.stage, p.started, p.shown = e.Stage, p.now(), p.now()
	}
	if e.Total > 0 {
		p.count(e)
	}
	switch {
	case e.Warning, e.Total == 0 && e.Text != "":
		p.line(e.Stage + ": " + e.String())
	case e.Total > 0 && p.Verbose:
		p.line(e.Stage + ": " + e.String())
		return
	case e.Total > 0 && !p.terminal && p.now().Sub(p.shown) >= lineEvery:
		p.line(e.Stage + ": " + e.line(p.left()))
		return
	}
	if p.terminal && p.now().Sub(p.shown) >= redrawEvery {
		p.draw()
	}
}

// count notes a step. A count that begins anew is another piece of work.
func (p *Progress) count(e Event) {
	if p.steps == 0 || e.Total != p.last.Total || e.Done < p.last.Done {
		p.first, p.since = e, p.now()
	}
	p.steps++
	p.last = e
}

// left is the time that the rest of the steps takes at the speed so far, in whole
// seconds; 0 at the end, and while the speed is not known yet.
func (p *Progress) left() time.Duration {
	took, done, rest := p.now().Sub(p.since), p.last.Done-p.first.Done, p.last.Total-p.last.Done
	if took < leftAfter || done <= 0 || rest <= 0 {
		return 0
	}
	return max(time.Second, (took / time.Duration(done) * time.Duration(rest)).Round(time.Second))
}

// Close ends the last stage. Call it before anything else is written.
func (p *Progress) Close() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.close()
	p.stage = ""
}

// close says how many steps the stage took, and how long. A stage that counted
// nothing has said all there is.
func (p *Progress) close() {
	if p.steps > 0 {
		p.line(fmt.Sprintf("%s: %d done in %s", p.stage, p.steps, p.now().Sub(p.started).Round(100*time.Millisecond)))
	}
	p.erase()
	p.steps, p.last = 0, Event{}
}

// line writes a line that stays.
func (p *Progress) line(sentence string) {
	p.erase()
	fmt.Fprintln(p.out, Printable(sentence))
	p.shown = p.now()
}

// draw shows in place where the stage is.
func (p *Progress) draw() {
	p.erase()
	bar := p.stage
	if p.last.Total > 0 {
		full := min(p.last.Done, p.last.Total) * barWidth / p.last.Total
		bar += fmt.Sprintf(": [%s%s] %s", strings.Repeat("#", full), strings.Repeat("-", barWidth-full), p.last.line(p.left()))
	}
	io.WriteString(p.out, text.Snip(Printable(bar), lineWidth, "…"))
	p.shown = p.now()
}

func (p *Progress) erase() {
	if p.terminal {
		io.WriteString(p.out, "\r\x1b[K")
	}
}
