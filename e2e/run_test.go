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
	onStdout := len(args) > 0 && args[0] == "-stdout"
	if onStdout {
		args = args[1:]
	}
	head, program, ok := split(args)
	if neg || !ok || len(head) < 2 {
		ts.Fatalf("usage: at [-exits N] [-stdout] RE COMMAND -- PROGRAM...")
	}
	want := 0
	for _, text := range wants {
		n, err := strconv.Atoi(text)
		ts.Check(err)
		want = n
	}
	re, err := regexp.Compile(head[0])
	ts.Check(err)
	moment := moment{line: re.MatchString, onStdout: onStdout}
	if head[1] == "kill" {
		run(ts, program, moment).mustBeKilled(ts)
		return
	}
	moment.act, err = actOf(ts, head[1:])
	ts.Check(err)
	out := run(ts, program, moment)
	if !out.came {
		ts.Fatalf("no line matched %q (%v)", head[0], out.err)
	}
	ts.Check(out.actErr)
	if got := exitCode(out.err); got != want {
		ts.Fatalf("exit code %d (%v), want %d", got, out.err, want)
	}
}

// actOf is the command of "at".
func actOf(ts *testscript.TestScript, args []string) (func(watched) error, error) {
	switch name := args[0]; {
	case name == "close":
		return func(w watched) error { return w.pipe.Close() }, nil
	case unix.SignalNum(name) != 0:
		return func(w watched) error {
			for _, signal := range args {
				if err := syscall.Kill(-w.pid, unix.SignalNum(signal)); err != nil {
					return err
				}
			}
			return nil
		}, nil
	case actions()[name] != nil:
		return func(watched) error { return actions()[name](scriptOf(ts), ts, args[1:]) }, nil
	}
	return nil, fmt.Errorf("at cannot run %q", args[0])
}

// crashloop kills a program at its first moment, then the next run at its second, and
// so on, until a run gets through. Moments are its lines, or points in time.
func crashloop(ts *testscript.TestScript, neg bool, args []string) {
	every, args := option(args, "-every")
	lines, args := option(args, "-lines")
	head, program, ok := split(args)
	if neg || !ok || len(head) != 1 || len(every)+len(lines) > 1 {
		ts.Fatalf("usage: crashloop [-every D | -lines RE] FILE -- PROGRAM...")
	}
	re := regexp.MustCompile("")
	for _, text := range lines {
		var err error
		re, err = regexp.Compile(text)
		ts.Check(err)
	}
	nth := func(n int) moment {
		seen := 0
		return moment{line: func(line string) bool {
			if re.MatchString(line) {
				seen++
			}
			return seen == n
		}}
	}
	for _, text := range every {
		step, err := time.ParseDuration(text)
		ts.Check(err)
		nth = func(n int) moment { return moment{after: time.Duration(n) * step} }
	}
	for n := 1; ; n++ {
		out := run(ts, program, nth(n))
		if !out.came || out.err == nil { // also when it was too late for the kill
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
			ts.Fatalf("%s after kill %d: %v", head[0], n, err)
		}
	}
}

// moment is when to act on a running program: at a line that it prints, or after a time.
type moment struct {
	line     func(string) bool // whether this line, without its end, is the moment; nil for a time
	onStdout bool              // the line is one of stdout, not of stderr
	after    time.Duration
	act      func(watched) error // nil: kill the program
}

// watched is a running program whose lines are read from pipe.
type watched struct {
	pid  int // of its process group, too
	pipe *os.File
}

// outcome is how a run ended.
type outcome struct {
	came   bool  // the moment did
	err    error // of the program
	actErr error
}

func (o outcome) mustBeKilled(ts *testscript.TestScript) {
	if !o.came {
		ts.Fatalf("it ended (%v) before the moment came", o.err)
	}
	var exit *exec.ExitError
	if !errors.As(o.err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		ts.Fatalf("it ended by itself (%v) before the SIGKILL came", o.err)
	}
}

// run runs a program until the moment comes, acts, and lets it end. The pipe that is
// watched holds one line only: meanwhile the program cannot run on by more than one
// further line.
func run(ts *testscript.TestScript, program []string, m moment) outcome {
	env, err := environment(ts)
	ts.Check(err)
	cmd, err := command(env, program)
	ts.Check(err)
	r, w, err := narrowPipe()
	ts.Check(err)
	defer r.Close()
	var lineByLine, other bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = ts.MkAbs("."), &other, w
	if m.onStdout {
		cmd.Stdout, cmd.Stderr = w, &other
	}
	err = cmd.Start()
	w.Close()
	ts.Check(err)

	var out outcome
	wait := sync.OnceFunc(func() { out.err = cmd.Wait() })
	kill := func() { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	overdue := time.AfterFunc(limit, kill)
	defer overdue.Stop()
	if m.line == nil {
		out.came = true
		defer time.AfterFunc(m.after, kill).Stop()
	}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if !out.came && m.line(lines.Text()) {
			out.came = true
			if m.act == nil {
				kill()
				wait() // before the next read would let it run on
			} else {
				out.actErr = m.act(watched{cmd.Process.Pid, r})
			}
		}
		fmt.Fprintln(&lineByLine, lines.Text())
	}
	wait()
	stdout, stderr := &other, &lineByLine
	if m.onStdout {
		stdout, stderr = stderr, stdout
	}
	// act may have used ts.Exec: what the program printed goes last.
	fmt.Fprint(ts.Stdout(), stdout)
	fmt.Fprint(ts.Stderr(), stderr)
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
