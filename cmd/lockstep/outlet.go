package main

import (
	"io"
	"sync"
)

// outlet is stdout or stderr. Output that cannot be written, because its reader is gone or
// the disk is full, stops no work: it is dropped, and the exit code says so at the end.
type outlet struct {
	mu  sync.Mutex
	out io.Writer
	err error // the first one; nothing is written after it
}

// Write never fails.
func (o *outlet) Write(text []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		_, o.err = o.out.Write(text)
	}
	return len(text), nil
}

// lost is why output was dropped; nil when all was written.
func (o *outlet) lost() error {
	if o == nil {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}
