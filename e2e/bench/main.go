package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// options is what one run of the benchmark measures, and with what.
type options struct {
	binaries string // folder of lockstep, lockstep-etcd, etcdctl, etcdutl
	tools    string // folder of cfssl and cfssljson
	sizes    []int
	rounds   int
	out      string
	limit    time.Duration // of one contender's run
	only     []string      // contenders; all where it is empty
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) > 0 && args[0] == floorArg {
		return runFloor(ctx, args[1:])
	}
	o, err := parseOptions(args)
	if err != nil {
		return err
	}
	b, err := newBench(o)
	if err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	report, err := b.measure(ctx)
	if err != nil {
		return err
	}
	fmt.Print(report.tables())
	return report.write(o.out)
}

func parseOptions(args []string) (options, error) {
	var o options
	var sizes string
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	fs.StringVar(&o.binaries, "binaries", "../.build", "folder of lockstep, lockstep-etcd, etcdctl and etcdutl")
	fs.StringVar(&o.tools, "tools", "../.build/bench", "folder of cfssl and cfssljson")
	fs.StringVar(&sizes, "sizes", "100 1000 3000", "how many components, several numbers")
	fs.IntVar(&o.rounds, "rounds", 3, "how often everything is measured")
	fs.StringVar(&o.out, "out", "../docs/benchmarks.md", "file to write")
	fs.Func("only", "contender to measure: floor, lockstep, shell or seed; may be repeated (all)", func(name string) error {
		o.only = append(o.only, name)
		return nil
	})
	fs.DurationVar(&o.limit, "limit", 15*time.Minute, "how long one run of one contender may take")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	for _, field := range strings.FieldsFunc(sizes, func(r rune) bool { return r == ' ' || r == ',' }) {
		n, err := strconv.Atoi(field)
		if err != nil || n < 10 { // the questions about others are constant in number from ten on
			return o, fmt.Errorf("size %q is no number from 10 on", field)
		}
		o.sizes = append(o.sizes, n)
	}
	if len(o.sizes) == 0 || o.rounds < 1 || fs.NArg() > 0 {
		return o, errors.New("at least one size and one round, and no arguments")
	}
	return o, nil
}

// bench is one run of the benchmark.
type bench struct {
	options
	dir  string // everything is made in here
	self string // this program, which is the floor as well
}

// newBench copies the programs that are measured: a build meanwhile must not exchange them.
func newBench(o options) (*bench, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "lockstep-bench-")
	if err != nil {
		return nil, err
	}
	b := &bench{options: o, dir: dir, self: self}
	for _, program := range []string{"lockstep", "lockstep-etcd", "etcdctl", "etcdutl"} {
		if err := copyProgram(filepath.Join(o.binaries, program), b.program(program)); err != nil {
			return nil, errors.Join(fmt.Errorf("taking %s: %w", program, err), os.RemoveAll(dir))
		}
	}
	if b.tools, err = filepath.Abs(o.tools); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return b, nil
}

func (b *bench) program(name string) string { return filepath.Join(b.dir, "bin", name) }

// copyProgram never holds the program in memory: what this process once held, Linux
// counts as the peak of those that it starts.
func copyProgram(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
