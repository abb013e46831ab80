package main

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// ending is the signals by which a terminal or a service manager asks a program to end.
var ending = []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT}

// signals is how this process takes signals. The first one that asks it to end cancels
// the context, so that work ends where it leaves nothing behind; a second one that a person
// sends (not SIGHUP) ends it at once. Neither ends critical work (hold). There a stop
// would leave a superuser in etcd for as long as it lasts: the terminal's stop signals are
// ignored meanwhile. A terminal that closes (SIGHUP) asks to end only until a change has
// begun: its operator does not come back to finish it. A pipe without a reader (SIGPIPE)
// is an error of the write.
type signals struct {
	mu     sync.Mutex
	held   int       // pieces of critical work under way
	second os.Signal // that came while held; nil for none
}

// listen begins to take signals. Those that this process was started to ignore (nohup)
// stay ignored. done ends it.
func listen(parent context.Context) (ctx context.Context, s *signals, done func()) {
	s = &signals{}
	ctx, cancel := context.WithCancel(parent)
	asked := make(chan os.Signal, len(ending))
	for _, sig := range ending {
		if !signal.Ignored(sig) {
			signal.Notify(asked, sig)
		}
	}
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) // caught, and so no end (os/signal, "SIGPIPE")
	go func() {
		<-asked
		cancel()
		for sig := range asked {
			if sig != syscall.SIGHUP { // the kernel sends one, and the shell another
				s.end(sig)
			}
		}
	}()
	return ctx, s, func() {
		signal.Stop(asked)
		cancel()
	}
}

// end ends the process by sig, after the critical work that is under way.
func (s *signals) end(sig os.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held > 0 {
		s.second = sig
		return
	}
	die(sig)
}

// begun tells that a change was confirmed.
func (s *signals) begun() { signal.Ignore(syscall.SIGHUP) }

// hold begins critical work, which ends with release.
func (s *signals) hold() (release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held++; s.held == 1 {
		ignoreStops()
	}
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.held--; s.held > 0 {
			return
		}
		takeStops()
		if s.second != nil {
			die(s.second)
		}
	})
}
