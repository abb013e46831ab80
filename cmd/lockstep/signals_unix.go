//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// ignoreStops keeps a terminal from stopping the process (Ctrl-Z), until takeStops.
// SIGTTIN is not one of these signals: no critical work reads from the terminal.
func ignoreStops() { signal.Ignore(syscall.SIGTSTP, syscall.SIGTTOU) }

func takeStops() { signal.Reset(syscall.SIGTSTP, syscall.SIGTTOU) }

// die ends the process as the signal would have ended it, but for SIGQUIT: Go's runtime
// answers it with the registers and stacks of the process, which may hold a key.
func die(sig os.Signal) {
	if sig == syscall.SIGQUIT {
		sig = syscall.SIGTERM
	}
	signal.Reset(sig)
	_ = syscall.Kill(os.Getpid(), sig.(syscall.Signal)) // our own process is always there
}
