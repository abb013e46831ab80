package e2e

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// exits runs a program that must end with exactly this exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	within, args := option(args, "-within")
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits [-within D] N PROGRAM...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	allowed := limit
	for _, text := range within {
		allowed, err = time.ParseDuration(text)
		ts.Check(err)
	}
	seconds := strconv.FormatFloat(allowed.Seconds(), 'f', -1, 64)
	err = ts.Exec("timeout", append([]string{"-k", "5", seconds}, args[1:]...)...)
	if got := exitCode(err); got == 124 {
		ts.Fatalf("still running after %v", allowed)
	} else if got != want {
		ts.Fatalf("exit code %d (%v), want %d", got, err, want)
	}
}

func exitCode(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	if err != nil {
		return -1
	}
	return 0
}

// at runs a program and acts when it prints a line that matches.
func at(ts *testscript.TestScript, neg bool, args []string) {
	wants, args := option(args, "-exits")
	head, program, ok := split(args)
	if neg || !ok || len(head) < 2 {
		ts.Fatalf("usage: at [-exits N] RE COMMAND -- PROGRAM...")
	}
	want := 0
	for _, text := range wants {
		n, err := strconv.Atoi(text)
		ts.Check(err)
		want = n
	}
	re, err := regexp.Compile(head[0])
	ts.Check(err)
	if head[1] == "kill" {
		run(ts, program, re.MatchString, nil).mustBeKilled(ts)
		return
	}
	act, ok := actions()[head[1]]
	if !ok {
		ts.Fatalf("at cannot run %q", head[1])
	}
	out := run(ts, program, re.MatchString, func() error { return act(scriptOf(ts), ts, head[2:]) })
	if !out.matched {
		ts.Fatalf("no line on stderr matched %q (%v)", head[0], out.err)
	}
	ts.Check(out.actErr)
	if got := exitCode(out.err); got != want {
		ts.Fatalf("exit code %d (%v), want %d", got, out.err, want)
	}
}

// crashloop kills a program at its first line, then the next run at its second, and so
// on, until a run gets through.
func crashloop(ts *testscript.TestScript, neg bool, args []string) {
	head, program, ok := split(args)
	if neg || !ok || len(head) != 1 {
		ts.Fatalf("usage: crashloop FILE -- PROGRAM...")
	}
	for n := 1; ; n++ {
		lines := 0
		out := run(ts, program, func(string) bool { lines++; return lines == n }, nil)
		if !out.matched || out.err == nil { // also when its last line was too late for the kill
			if n == 1 {
				ts.Fatalf("there was no moment to kill it at")
			}
			if out.err != nil {
				ts.Fatalf("the run that was let through: %v", out.err)
			}
			fmt.Fprintf(ts.Stdout(), "killed %d times\n", n-1)
			return
		}
		out.mustBeKilled(ts)
		if err := ts.Exec("sh", "-eu", ts.MkAbs(head[0])); err != nil {
			ts.Fatalf("%s after the kill at line %d: %v", head[0], n, err)
		}
	}
}

// outcome is how a run ended.
type outcome struct {
	matched bool
	err     error // of the program
	actErr  error
}

func (o outcome) mustBeKilled(ts *testscript.TestScript) {
	if !o.matched {
		ts.Fatalf("it ended (%v) before a line on stderr matched", o.err)
	}
	var exit *exec.ExitError
	if !errors.As(o.err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		ts.Fatalf("it ended by itself (%v) before the SIGKILL came", o.err)
	}
}

// run runs a program and calls act, or kills the program when act is nil, at the first
// line of stderr that matches. The pipe holds one line only: the program cannot run on
// by more than one further line meanwhile.
func run(ts *testscript.TestScript, program []string, matches func(string) bool, act func() error) outcome {
	env, err := environment(ts)
	ts.Check(err)
	cmd, err := command(env, program)
	ts.Check(err)
	r, w, err := narrowPipe()
	ts.Check(err)
	defer r.Close()
	var stdout, stderr bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = ts.MkAbs("."), &stdout, w
	err = cmd.Start()
	w.Close()
	ts.Check(err)
	var out outcome
	wait := sync.OnceFunc(func() { out.err = cmd.Wait() })
	kill := func() { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	overdue := time.AfterFunc(limit, kill)
	defer overdue.Stop()

	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if !out.matched && matches(lines.Text()) {
			out.matched = true
			if act == nil {
				kill()
				wait() // before the next read would let it run on
			} else {
				out.actErr = act()
			}
		}
		fmt.Fprintln(&stderr, lines.Text())
	}
	wait()
	// act may have used ts.Exec: what the program printed goes last.
	fmt.Fprint(ts.Stdout(), stdout.String())
	fmt.Fprint(ts.Stderr(), stderr.String())
	return out
}

// narrowPipe is a pipe with room for one write: in packet mode each write takes a page
// of its own, and there is one page.
func narrowPipe() (r, w *os.File, err error) {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_DIRECT|unix.O_CLOEXEC); err != nil {
		return nil, nil, fmt.Errorf("making a pipe: %w", err)
	}
	r, w = os.NewFile(uintptr(fds[0]), "pipe"), os.NewFile(uintptr(fds[1]), "pipe")
	if _, err := unix.FcntlInt(uintptr(fds[1]), unix.F_SETPIPE_SZ, os.Getpagesize()); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("narrowing a pipe: %w", err), r.Close(), w.Close())
	}
	return r, w, nil
}
