//go:build !unix

package main

import "os"

// There are no signals that stop a process here.
func ignoreStops() {}

func takeStops() {}

// die ends the process with the exit code of an interrupted one.
func die(os.Signal) { os.Exit(130) }
