package folder

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"lockstep/certgen"
	"lockstep/policies/hint"
)

func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	p := edge(t, "a")
	first := settled(t, edge(t))
	second := open(t, first.Path())
	plan := diff(t, second, p)
	before := snapshot(t, first.Path())

	unlock, err := first.Lock(context.Background(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := first.Lock(context.Background(), 0); err == nil {
		t.Error("locked twice")
	}
	err = second.Apply(context.Background(), plan, clock, 1, nil)
	if hint.Of(err) != hint.Refused || !strings.Contains(err.Error(), "is being changed by ") {
		t.Error(err)
	}
	if got := len(snapshot(t, first.Path())); got != len(before) {
		t.Error("the lock made a file, or nothing was refused")
	}
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := second.Lock(gone, time.Minute); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}

	waited := make(chan error)
	go func() {
		unlock, err := second.Lock(context.Background(), time.Minute)
		if err == nil {
			defer unlock()
			err = second.Apply(context.Background(), plan, clock, 1, nil)
		}
		waited <- err
	}()
	unlock()
	unlock() // harmless
	if err := <-waited; err != nil {
		t.Error(err)
	}
	inStep(t, second, p)
	again, err := first.Lock(context.Background(), 0)
	if err != nil {
		t.Fatal(err)
	}
	again()
}

const childVariable = "LOCKSTEP_TEST_APPLY"

func childPolicy() []string {
	var names []string
	for i := range 30 {
		names = append(names, fmt.Sprintf("c%d", i))
	}
	return names
}

// TestMain is also the process that TestKilled kills.
func TestMain(m *testing.M) {
	dir := os.Getenv(childVariable)
	if dir == "" {
		os.Exit(m.Run())
	}
	if err := child(dir); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func child(dir string) error {
	f, err := Create(dir, External{})
	if err != nil {
		return err
	}
	state, err := f.Observe()
	if err != nil {
		return err
	}
	plan := certgen.Diff(certgen.Desired(edge(&testing.T{}, childPolicy()...)), state, clock())
	return f.Apply(context.Background(), plan, clock, 4, func(s certgen.Step) { fmt.Println("done", s) })
}

// TestKilled kills a real process after some of its steps; the next run finishes.
func TestKilled(t *testing.T) {
	t.Parallel()
	p := edge(t, childPolicy()...)
	for _, after := range []int{1, 3, 7, 20, 50} {
		t.Run(fmt.Sprint(after), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir() + "/pki"
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), childVariable+"="+dir)
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			steps, lines := 0, bufio.NewScanner(out)
			for steps < after && lines.Scan() {
				if !strings.HasPrefix(lines.Text(), "done ") {
					t.Error(lines.Text())
				}
				steps++
			}
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err == nil || steps != after {
				t.Fatalf("killed after %d steps: %v", steps, err)
			}
			state := snapshot(t, dir)
			whole(t, nil, state)
			f := open(t, dir)
			apply(t, f, diff(t, f, p))
			inStep(t, f, p)
			whole(t, state, snapshot(t, dir))
		})
	}
}

// TestFirstRunsAtOneInstant: in whatever order they come, each run has the folder, one after the
// other, and it is ignored by git before anything is in it.
func TestFirstRunsAtOneInstant(t *testing.T) {
	t.Parallel()
	p := edge(t, "a")
	for range 6 {
		dir := filepath.Join(t.TempDir(), "pki")
		var runs errgroup.Group
		for range 8 {
			runs.Go(func() error {
				f, err := Create(dir, External{})
				if err != nil {
					return err
				}
				defer f.Close()
				unlock, err := f.Lock(t.Context(), time.Minute)
				if err != nil {
					return err
				}
				defer unlock()
				if there, err := f.exists(certgen.IgnoreFile); err != nil || !there {
					return fmt.Errorf(".gitignore: %v, %v", there, err)
				}
				state, err := f.Observe()
				if err != nil {
					return err
				}
				return f.Apply(t.Context(), certgen.Diff(certgen.Desired(p), state, clock()), clock, 2, nil)
			})
		}
		if err := runs.Wait(); err != nil {
			t.Fatal(err)
		}
	}
}

// A folder that the first run has left empty is gone: who waited for it is told.
func TestAFolderThatIsRemovedMeanwhile(t *testing.T) {
	t.Parallel()
	f := create(t)
	if err := open(t, f.Path()).RemoveIfBorn(); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Lock(t.Context(), 0); err == nil {
		t.Error("a folder that is not there was locked")
	}
	again, err := Create(f.Path(), External{})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if _, err := f.Lock(t.Context(), 0); hint.Of(err) != hint.Refused {
		t.Errorf("got %v", err)
	}
}
