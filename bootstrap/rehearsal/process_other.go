//go:build !linux

package rehearsal

import (
	"os"
	"syscall"
)

// processGroup: only Linux can tie a child's life to its parent's.
func processGroup() *syscall.SysProcAttr { return nil }

func kill(p *os.Process) { _ = p.Kill() }
