package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// serving is the log line with which etcd says that a member answers clients.
const serving = `ready to serve client requests`

// process is one background process of a script.
type process struct {
	name   string
	cmd    *exec.Cmd
	output *output
	done   chan struct{} // closed when it has ended and was waited for
}

// start starts members the way their etcd.env is meant to be used.
func (s *script) start(ts *testscript.TestScript, args []string, wait bool) error {
	from, program := "hosts", "etcd"
	shell := "set -a; . ./etcd.env;"
	for len(args) > 1 && args[0][0] == '-' {
		switch args[0] {
		case "-from":
			from = args[1]
		case "-program":
			program = args[1]
		case "-set":
			shell += " export '" + args[1] + "';"
		case "-unset":
			shell += " unset " + args[1] + ";"
		default:
			return fmt.Errorf("unknown option %s", args[0])
		}
		args = args[2:]
	}
	if len(args) == 0 {
		return errors.New("which member?")
	}
	for _, name := range args {
		dir := ts.MkAbs(filepath.Join(from, name))
		if err := s.spawn(ts, name, dir, "sh", "-c", shell+" exec "+program); err != nil {
			return err
		}
	}
	if !wait {
		return nil
	}
	for _, name := range args {
		if err := s.running[name].await(serving); err != nil {
			return err
		}
	}
	return nil
}

func (s *script) daemon(ts *testscript.TestScript, args []string) error {
	if len(args) < 3 {
		return errors.New("usage: daemon NAME RE PROGRAM...")
	}
	if err := s.spawn(ts, args[0], ts.MkAbs("."), args[2:]...); err != nil {
		return err
	}
	return s.running[args[0]].await(args[1])
}

func (s *script) await(_ *testscript.TestScript, args []string) error {
	if len(args) != 2 || s.running[args[0]] == nil {
		return errors.New("usage: await NAME RE, for a process that was started")
	}
	return s.running[args[0]].await(args[1])
}

// spawn runs a program in a process group of its own that dies with this process.
func (s *script) spawn(ts *testscript.TestScript, name, dir string, args ...string) error {
	if p := s.running[name]; p != nil && !p.ended() {
		return fmt.Errorf("%s runs already", name)
	}
	env, err := environment(ts)
	if err != nil {
		return err
	}
	out, err := openOutput(filepath.Join(s.vars["WORK"], "logs"), name)
	if err != nil {
		return err
	}
	cmd, err := command(env, args)
	if err != nil {
		return err
	}
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, out
	cmd.WaitDelay = 5 * time.Second // what it has started may hold its output open
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", name, err)
	}
	p := &process{name: name, cmd: cmd, output: out, done: make(chan struct{})}
	go func() {
		cmd.Wait()
		out.close()
		close(p.done)
	}()
	s.running[name] = p
	return nil
}

// command prepares a program as the script would find it, with env's PATH.
func command(env, args []string) (*exec.Cmd, error) {
	// env(1) looks the program up in the PATH that it is given.
	path, err := exec.LookPath("env")
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(path, args...)
	cmd.Env = env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	return cmd, nil
}

func eachProcess(do func(*process) error) action {
	return func(s *script, _ *testscript.TestScript, args []string) error {
		if len(args) == 0 {
			return errors.New("which process?")
		}
		for _, name := range args {
			p := s.running[name]
			if p == nil {
				return fmt.Errorf("%s was never started", name)
			}
			if err := do(p); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		return nil
	}
}

func (p *process) signal(sig syscall.Signal) error {
	if p.ended() {
		return fmt.Errorf("it has ended (%v); its last words:\n%s", p.cmd.ProcessState, p.output.tail())
	}
	return syscall.Kill(-p.cmd.Process.Pid, sig)
}

func (p *process) pause() error  { return p.signal(syscall.SIGSTOP) }
func (p *process) resume() error { return p.signal(syscall.SIGCONT) }
func (p *process) stop() error   { return p.signalAndWait(syscall.SIGTERM) }
func (p *process) kill9() error  { return p.signalAndWait(syscall.SIGKILL) }

func (p *process) signalAndWait(sig syscall.Signal) error {
	if err := p.signal(sig); err != nil {
		return err
	}
	return p.exited()
}

func (p *process) exited() error {
	select {
	case <-p.done:
		return nil
	case <-time.After(limit):
		return fmt.Errorf("still running after %v", limit)
	}
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// end is the last resort: SIGKILL reaches stopped processes, too.
func (p *process) end() {
	if !p.ended() {
		syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
		<-p.done
	}
}

func (p *process) await(pattern string) error {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return err
	}
	if !p.output.await(re) {
		return fmt.Errorf("%s did not print %q; its last words:\n%s", p.name, pattern, p.output.tail())
	}
	return nil
}

// output is what a process prints: kept, written to logs/NAME.log, and waited for.
type output struct {
	mu     sync.Mutex
	text   bytes.Buffer
	file   *os.File
	closed bool
	change chan struct{} // closed and replaced whenever text or closed changes
}

func openOutput(dir, name string) (*output, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	return &output{file: f, change: make(chan struct{})}, nil
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.Write(b)
	o.announce()
	return o.file.Write(b)
}

func (o *output) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	o.file.Close()
	o.announce()
}

func (o *output) announce() {
	close(o.change)
	o.change = make(chan struct{})
}

// await tells whether re matches the text before the process or the time is over.
func (o *output) await(re *regexp.Regexp) bool {
	over := time.After(limit)
	for {
		o.mu.Lock()
		matches, closed, change := re.Match(o.text.Bytes()), o.closed, o.change
		o.mu.Unlock()
		if matches || closed {
			return matches
		}
		select {
		case <-change:
		case <-over:
			return false
		}
	}
}

func (o *output) tail() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	lines := bytes.SplitAfter(bytes.Clone(o.text.Bytes()), []byte("\n"))
	return string(bytes.Join(slices.Clone(lines[max(0, len(lines)-15):]), nil))
}
