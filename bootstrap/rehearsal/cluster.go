package rehearsal

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"lockstep/policies/hint"
)

// startScript is what the README asks an operator to type on each member's host.
const startScript = `set -a; . ./etcd.env; exec "$0"`

// Cluster is a set of running members. Its zero value has none; use Start.
type Cluster struct {
	mu      sync.Mutex
	members []*process
}

type process struct {
	name string
	cmd  *exec.Cmd
	log  string
	done chan struct{} // closed when the process has ended
}

// Start starts one member in its folder with the given etcd program and writes what
// it says to log. It does not wait until the member answers.
func (c *Cluster) Start(etcd, folder, log string) error {
	name := filepath.Base(folder)
	p := &process{name: name, log: log, done: make(chan struct{})}
	out, err := os.OpenFile(p.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("starting member %s: %w", name, err)
	}
	defer out.Close()
	p.cmd = exec.Command("sh", "-c", startScript, etcd)
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = folder, out, out
	p.cmd.Env = withoutEtcd(os.Environ())
	p.cmd.SysProcAttr = processGroup()
	if err := p.run(); err != nil {
		return fmt.Errorf("starting member %s: %w", name, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.members = append(c.members, p)
	return nil
}

// run starts the process and waits for its end in the background. The parent-death
// signal goes out when the thread that started the child ends (prctl(2), golang/go#27505),
// so that thread is kept for the child's life.
func (p *process) run() error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(p.done)
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait() // how it ended is in its log
		}
	}()
	return <-started
}

// withoutEtcd drops variables that would configure the members beside their files.
func withoutEtcd(env []string) []string {
	var out []string
	for _, v := range env {
		if !strings.HasPrefix(v, "ETCD_") {
			out = append(out, v)
		}
	}
	return out
}

// Watch returns when ctx ends, or with an error as soon as a member has ended
// by itself; the error ends with the member's last line.
func (c *Cluster) Watch(ctx context.Context) error {
	c.mu.Lock()
	members := c.members
	c.mu.Unlock()
	ended := make(chan *process, len(members))
	for _, p := range members {
		go func() {
			select {
			case <-p.done:
				ended <- p
			case <-ctx.Done():
			}
		}()
	}
	select {
	case p := <-ended:
		return hint.With(fmt.Errorf("member %s ended by itself; %s", p.name, lastLine(p.log)), "It is started with its etcd.env; --etcd names another etcd to start.")
	case <-ctx.Done():
		return nil
	}
}

// lastLine is the last line of a log, cut to a readable length, in a sentence: the log
// itself is deleted.
func lastLine(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	text = bytes.TrimSpace(text)
	if i := bytes.LastIndexByte(text, '\n'); i >= 0 {
		text = text[i+1:]
	}
	if len(text) > 500 {
		text = append(text[:500:500], "..."...)
	}
	if len(text) == 0 {
		return "it wrote nothing"
	}
	return "its last line: " + string(text)
}

// Stop kills every member. Their data is deleted, so a clean end has no use.
func (c *Cluster) Stop() {
	c.mu.Lock()
	members := c.members
	c.members = nil
	c.mu.Unlock()
	for _, p := range members {
		kill(p.cmd.Process)
	}
	for _, p := range members {
		<-p.done
	}
}
