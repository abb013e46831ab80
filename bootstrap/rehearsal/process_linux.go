package rehearsal

import (
	"os"
	"syscall"
)

// processGroup puts a member into a group of its own, so that a Ctrl-C reaches
// lockstep alone, and has the kernel kill it when lockstep dies.
func processGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

func kill(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }
