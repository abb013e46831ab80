package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"lockstep/policies/hint"
	"lockstep/policies/presets"
)

type initOptions struct {
	*globals
	presets []string
}

func newInitCommand(g *globals) *cobra.Command {
	opts := initOptions{globals: g}
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a starter policy",
		Long: `Write a starter policy, with comments, to the file that -f names or, with -f -, to
stdout. A file that exists is never overwritten.`,
		Example: "  lockstep init --preset kubernetes/kube-apiserver,calico/node,calico/cni",
		Args:    noArguments,
		RunE:    func(*cobra.Command, []string) error { return runInit(opts) },
	}
	cmd.Flags().StringSliceVar(&opts.presets, "preset", nil, "`NAMES` of presets, each of which becomes a component (see lockstep presets)")
	return cmd
}

func runInit(opts initOptions) error {
	var chosen []presets.Preset
	for _, name := range opts.presets {
		preset, err := lookupPreset(name)
		if err != nil {
			return err
		}
		chosen = append(chosen, preset)
	}
	if len(opts.policy) != 1 {
		return hint.With(fmt.Errorf("a starter policy is one file, -f names %d", len(opts.policy)), "give -f once")
	}
	text := starter(chosen)
	if opts.policy[0] == "-" {
		_, err := io.WriteString(opts.stdout, text)
		return err
	}
	if err := writeNew(opts.policy[0], text); err != nil {
		return err
	}
	fmt.Fprintf(opts.stderr, "wrote %s\nnext: put your members' addresses into it, then: lockstep lint -f %s\n", opts.policy[0], opts.policy[0])
	return nil
}

// writeNew writes a file that was not there. What it cannot write whole it removes.
func writeNew(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return hint.Refuse("name another file with -f, or print it with -f -", "%s exists and is not overwritten", path)
	}
	if err != nil {
		return fmt.Errorf("writing the policy: %w", err)
	}
	_, err = io.WriteString(f, text)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(fmt.Errorf("writing the policy: %w", err), os.Remove(path))
	}
	return nil
}
