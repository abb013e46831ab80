package folder

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"lockstep/policies/hint"
)

// Lock keeps other runs of lockstep from changing the folder until unlock is called.
// It waits up to wait for them, and then refuses, naming the holder where that can be
// known. It locks the folder itself and makes no file; a crash lets go of it. A
// second Lock by the same Folder is an error.
func (f *Folder) Lock(ctx context.Context, wait time.Duration) (unlock func(), err error) {
	if !f.held.CompareAndSwap(false, true) {
		return nil, fmt.Errorf("locking the PKI folder %s: this run holds the lock already", f.path)
	}
	lock := f.flock()
	if err := f.acquire(ctx, lock, wait); err != nil {
		f.held.Store(false)
		return nil, errors.Join(err, lock.Close())
	}
	var once sync.Once
	return func() {
		once.Do(func() {
			_ = lock.Close() // closing cannot fail in a way that keeps the lock
			f.held.Store(false)
			f.seen.Store(nil)
		})
	}, nil
}

// flock is the lock on the folder itself, not taken yet.
func (f *Folder) flock() *flock.Flock { return flock.New(f.path, flock.SetFlag(os.O_RDONLY)) }

// there refuses a folder that another run has removed while this one waited for it.
func (f *Folder) there() error {
	ours, err := f.root.Stat(".")
	if err != nil {
		return err
	}
	if now, err := os.Stat(f.path); err != nil || !os.SameFile(ours, now) {
		return hint.Refuse("Run this command again.", "another run has removed the empty PKI folder %s", f.path)
	}
	return nil
}

func (f *Folder) acquire(ctx context.Context, lock *flock.Flock, wait time.Duration) error {
	locked, err := lock.TryLock()
	if err == nil && !locked && wait > 0 {
		waiting, cancel := context.WithTimeout(ctx, wait)
		defer cancel()
		locked, err = lock.TryLockContext(waiting, 50*time.Millisecond)
	}
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("locking the PKI folder %s: %w", f.path, ctx.Err())
	case err != nil && !errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("locking the PKI folder %s: %w", f.path, err)
	case !locked:
		return hint.Refuse("Wait until it has finished, and run this command again.",
			"the PKI folder %s is being changed by %s", f.path, holder(f.path))
	}
	return f.there()
}
