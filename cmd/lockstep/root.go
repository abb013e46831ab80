package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"lockstep/cmd/lockstep/view"
	"lockstep/policies/hint"
)

// newRootCommand is every command there is.
func newRootCommand(g *globals) *cobra.Command {
	var version bool
	root := &cobra.Command{
		Use:   "lockstep",
		Short: "Keep etcd's users, roles and certificates in step with one policy file",
		Long: `lockstep makes etcd's users and roles match one policy file, issues certificates
whose CN is the user, and proves that the two agree.`,
		Args: noSubcommand,
		RunE: func(cmd *cobra.Command, args []string) error {
			if version {
				return runVersion(g)
			}
			return g.group(cmd, args)
		},
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if g.timeout <= 0 {
				return hint.With(fmt.Errorf("--timeout %s: the time-out must be positive", g.timeout), "The default is 30s.")
			}
			if name, only := view.Format(g.output).OfVerify(); only && cmd.Name() != "verify" {
				return hint.With(fmt.Errorf("%s has no answer in %s's form", cmd.CommandPath(), name), fmt.Sprintf("lockstep verify -o %s has; here it is text or json.", g.output))
			}
			return nil
		},
		SilenceErrors: true, // exit.go is the one place that prints them
		SilenceUsage:  true,
	}
	g.flags(root.PersistentFlags())
	root.Flags().BoolVar(&version, "version", false, "say what this binary was built from")
	root.SetIn(g.stdin)
	root.SetOut(g.stdout)
	root.SetErr(g.stderr)
	root.SetHelpFunc(printHelp)
	root.SetUsageFunc(printUsage)
	root.SetHelpCommand(newHelpCommand())
	root.SetFlagErrorFunc(flagError)
	root.AddGroup(groups()...)
	add := func(group string, list ...*cobra.Command) {
		for _, cmd := range list {
			cmd.GroupID = group
			root.AddCommand(cmd)
		}
	}
	add(toStart, newInitCommand(g), newPresetsCommand(g), newRehearseCommand(g), newBootstrapCommand(g))
	add(toChange, newPlanCommand(g), newApplyCommand(g), newAddCommand(g), newRemoveCommand(g), newMembersCommand(g), newAuthCommand(g))
	add(toCheck, newLintCommand(g), newVerifyCommand(g), newExplainCommand(g), newWhoCanCommand(g), newCanCommand(g), newMatrixCommand(g))
	add(toSign, newCertsCommand(g))
	add("", newVersionCommand(g))
	add("", topics()...)
	root.InitDefaultCompletionCmd()
	if completion, _, err := root.Find([]string{"completion"}); err == nil {
		completion.Args, completion.RunE = noSubcommand, g.group
	}
	if err := g.complete(root); err != nil {
		panic(err) // a completion is registered twice
	}
	return root
}

// group is a command that only groups others: its help page. That is no JSON document,
// and who typed the name wants an answer: there it is an error.
func (g *globals) group(cmd *cobra.Command, _ []string) error {
	if view.Format(g.output) == view.JSON {
		return hint.With(fmt.Errorf("%s alone has no answer", cmd.CommandPath()), fmt.Sprintf("%s --help lists the commands", cmd.CommandPath()))
	}
	return cmd.Help()
}

// noSubcommand refuses words behind a command that only groups others.
func noSubcommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return hint.With(fmt.Errorf("unknown command %q for %q", args[0], cmd.CommandPath()), suggestCommand(cmd, args[0]))
}

// noArguments refuses words behind a command that takes flags only.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return hint.With(fmt.Errorf("%s takes no arguments, found %q", cmd.CommandPath(), args[0]),
		fmt.Sprintf("the policy is named with -f; %s --help lists the flags", cmd.CommandPath()))
}
