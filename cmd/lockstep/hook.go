package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"lockstep/cmd/lockstep/view"
)

// hook is a program that is run for each new certificate.
type hook struct {
	command string // split at blanks; "" for none
	timeout time.Duration
}

func (h *hook) flags(fs *pflag.FlagSet) {
	fs.StringVar(&h.command, "exec", "", "`CMD` to run for each new certificate, without a shell")
	durationVar(fs, &h.timeout, "exec-timeout", hookTime, "how long one run of it may take")
}

// run runs the program for each certificate, one after the other, shows its output on stderr,
// and returns how many failed.
func (h hook) run(ctx context.Context, g *globals, certificates []view.NewCertificate) (failed int) {
	words := strings.Fields(h.command)
	if len(words) == 0 {
		return 0
	}
	for _, c := range certificates {
		output, err := h.runProgram(ctx, g, words, c)
		if err != nil {
			failed++
		}
		_ = g.tell(view.HookRun{Program: words[0], Certificate: c.Name, Output: output, Err: err}) // a closed stderr stops nothing
	}
	return failed
}

func (h hook) runProgram(ctx context.Context, g *globals, words []string, c view.NewCertificate) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, h.timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	output := &beginning{}
	cmd.Stdout, cmd.Stderr = output, output
	cmd.WaitDelay = time.Second // a child of it that keeps its output open does not hold lockstep up
	path, _ := g.env("PATH")
	cmd.Env = append([]string{"PATH=" + path}, environmentOf(c)...)
	err := cmd.Run()
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = fmt.Errorf("it was ended after %s: %w", h.timeout, context.DeadlineExceeded)
	}
	return output.text.String(), err
}

// beginning keeps the first 64 KiB of what is written to it.
type beginning struct{ text strings.Builder }

// Write implements io.Writer.
func (b *beginning) Write(text []byte) (int, error) {
	const most = 64 << 10
	b.text.Write(text[:min(len(text), most-b.text.Len())])
	return len(text), nil
}

// environmentOf is what a program learns about a new certificate.
func environmentOf(c view.NewCertificate) []string {
	pair := filepath.Join(c.Folder, filepath.FromSlash(c.Path))
	if whole, err := filepath.Abs(pair); err == nil { // else the path as it was given
		pair = whole
	}
	key := ""
	if c.HasKey {
		key = pair + ".key"
	}
	return []string{
		"LOCKSTEP_ACTION=" + c.Action(), "LOCKSTEP_NAME=" + c.Name, "LOCKSTEP_FOLDER=" + filepath.Dir(pair),
		"LOCKSTEP_CERT=" + pair + ".crt", "LOCKSTEP_KEY=" + key,
		fmt.Sprintf("LOCKSTEP_SERIAL=%x", c.Leaf.SerialNumber), "LOCKSTEP_NOT_AFTER=" + c.Leaf.NotAfter.UTC().Format(time.RFC3339),
	}
}
