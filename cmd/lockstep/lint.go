package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"lockstep/cmd/lockstep/view"
	"lockstep/policies"
	"lockstep/policies/strict"
)

type lintOptions struct {
	*globals
	strict bool
	schema bool
}

func newLintCommand(g *globals) *cobra.Command {
	opts := lintOptions{globals: g}
	cmd := &cobra.Command{
		Use:   "lint",
		Short: "Check the policy, without any cluster",
		Long: `Check the policy, without any cluster: everything that is wrong in it, each with file,
line and column, and everything that is legal but suspicious, as a warning.`,
		Example: `  lockstep lint
  lockstep lint -f policies.d --strict
  lockstep lint --schema > policy.schema.json`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error { return runLint(opts) },
	}
	cmd.Flags().BoolVar(&opts.strict, "strict", false, "a warning is an error")
	cmd.Flags().BoolVar(&opts.schema, "schema", false, "read no policy, print the JSON Schema of one")
	return cmd
}

func runLint(opts lintOptions) error {
	if opts.schema {
		_, err := opts.stdout.Write(policies.Schema())
		return err
	}
	files, err := policies.Read(opts.policy, opts.stdin)
	if err != nil {
		return err
	}
	answer := view.Lint{Files: opts.policy}
	answer.Policy, err = parsePolicy(files...)
	switch {
	case err == nil:
		answer.Problems = answer.Policy.Warnings
	case !errors.As(err, &answer.Problems):
		return err
	}
	if opts.strict {
		answer = hardened(answer)
	}
	if err := opts.answer(answer); err != nil {
		return err
	}
	if answer.Policy == nil {
		return fmt.Errorf("the policy is not valid: %s", wrong(answer.Problems))
	}
	return nil
}

// hardened is the answer with every warning turned into a problem.
func hardened(l view.Lint) view.Lint {
	problems := make(strict.Problems, len(l.Problems))
	for i, p := range l.Problems {
		p.Warning = false
		problems[i] = p
	}
	l.Problems = problems
	if len(problems) > 0 {
		l.Policy = nil
	}
	return l
}
