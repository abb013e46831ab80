package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// timed is how one process went.
type timed struct {
	seconds float64
	cpu     float64 // of user and system, seconds
	rss     float64 // peak memory, MiB
	exit    int
	stdout  []byte
}

// runTimed runs a program to its end, env beside the environment that is not etcd's,
// and calls line for each line on stderr, with the time since the start. Peak memory is the process's own: this one is small, and Linux
// hands a parent's peak on to a child that it starts by vfork.
func runTimed(ctx context.Context, dir string, env []string, line func(at float64, text string), args ...string) (timed, error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	var stdout, words bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout = dir, append(withoutEtcd(os.Environ()), env...), &stdout
	bound(cmd)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return timed{}, err
	}
	runtime.LockOSThread() // the child dies with the thread that started it
	defer runtime.UnlockOSThread()
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return timed{}, err
	}
	lines := bufio.NewScanner(io.TeeReader(stderr, &words))
	for lines.Scan() {
		if line != nil {
			line(time.Since(start).Seconds(), lines.Text())
		}
	}
	err = cmd.Wait()
	t := timed{seconds: time.Since(start).Seconds(), exit: cmd.ProcessState.ExitCode(), stdout: stdout.Bytes()}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		t.rss = float64(usage.Maxrss) / 1024
		t.cpu = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	}
	var exit *exec.ExitError
	if err = errors.Join(ctx.Err(), lines.Err(), err); errors.As(err, &exit) && ctx.Err() == nil && exit.Exited() {
		return t, &exitError{args: args, code: t.exit, words: tail(words.Bytes()) + tail(stdout.Bytes())}
	}
	return t, err
}

// exitError is a program that ended by itself with a code other than 0.
type exitError struct {
	args  []string
	code  int
	words string
}

func (e *exitError) Error() string {
	return fmt.Sprintf("%q: exit code %d, its last words:\n%s", e.args[1:], e.code, e.words)
}

func tail(text []byte) string {
	const most = 1500
	if len(text) > most {
		text = text[len(text)-most:]
	}
	return string(text)
}

// bound makes the process a group of its own that is killed as one, and dies with us.
func bound(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
}

// withoutEtcd drops variables that would lead etcd's programs, and lockstep, elsewhere.
func withoutEtcd(env []string) []string {
	var out []string
	for _, v := range env {
		if !strings.HasPrefix(v, "ETCD") {
			out = append(out, v)
		}
	}
	return out
}
