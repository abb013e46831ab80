package main

import (
	"io"
	"sync"
	"time"
)

// readersPatience is how long a write waits for a reader that does not read (a pager, a
// terminal after Ctrl-S). Work then goes on, and what it says is kept for the reader.
const readersPatience = 20 * time.Second

// outlet is stdout or stderr. Output that cannot be written, because its reader is gone or
// the disk is full, stops no work: it is dropped, and the exit code says so at the end.
// Output that is not read holds up work for readersPatience, once.
type outlet struct {
	out      io.Writer
	patience time.Duration // 0 for readersPatience

	mu     sync.Mutex
	queue  []byte        // accepted, and not given to out yet
	empty  chan struct{} // closed when out has taken all; nil while nothing is under way
	behind bool          // a write has waited in vain, and no other one waits
	err    error         // the first one; nothing is written after it
}

// Write never fails.
func (o *outlet) Write(text []byte) (int, error) {
	o.mu.Lock()
	if o.err == nil {
		o.queue = append(o.queue, text...)
		if o.empty == nil {
			o.empty = make(chan struct{})
			go o.drain(o.empty)
		}
	}
	empty, wait := o.empty, !o.behind
	o.mu.Unlock()
	if empty != nil && wait {
		o.wait(empty)
	}
	return len(text), nil
}

// wait returns when all is written, or when the reader's time is over.
func (o *outlet) wait(empty chan struct{}) {
	patience := o.patience
	if patience == 0 {
		patience = readersPatience
	}
	over := time.NewTimer(patience)
	defer over.Stop()
	select {
	case <-empty:
	case <-over.C:
		o.mu.Lock()
		o.behind = true
		o.mu.Unlock()
	}
}

// drain writes what is queued, and closes empty when nothing is left.
func (o *outlet) drain(empty chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.queue) > 0 && o.err == nil {
		text := o.queue
		o.queue = nil
		o.mu.Unlock()
		_, err := o.out.Write(text)
		o.mu.Lock()
		o.err = err
	}
	o.queue, o.empty, o.behind = nil, nil, false
	close(empty)
}

// lost waits until all is written, and returns why output was dropped; nil when none was.
func (o *outlet) lost() error {
	if o == nil {
		return nil
	}
	o.mu.Lock()
	empty := o.empty
	o.mu.Unlock()
	if empty != nil {
		<-empty
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}
