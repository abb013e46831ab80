package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"lockstep/policies"
	"lockstep/policies/presets"
)

// complete gives the shell what may follow, for every command below root: names of the
// policy that -f names, presets, and files only where a file is meant.
func (g *globals) complete(root *cobra.Command) error {
	flags := map[string]cobra.CompletionFunc{
		"output":         cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp),
		"policy":         cobra.FixedCompletions([]string{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt),
		"pki":            cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs),
		"from-tls-setup": cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs),
		"certs":          cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs),
		"preset":         cobra.FixedCompletions(presets.Names(), cobra.ShellCompDirectiveNoFileComp),
		"adopt":          cobra.FixedCompletions([]string{"recreate"}, cobra.ShellCompDirectiveNoFileComp),
		"format":         cobra.FixedCompletions(exportFormats, cobra.ShellCompDirectiveNoFileComp),
		"fail-on":        cobra.FixedCompletions([]string{"critical", "error", "warning", "info"}, cobra.ShellCompDirectiveNoFileComp),
		"members":        cobra.FixedCompletions([]string{"1", "3", "5"}, cobra.ShellCompDirectiveNoFileComp),
		"component":      g.policyNames(componentNames),
		"role":           g.policyNames(roleNames),
		"user":           g.policyNames(administrators),
		"endpoints":      g.policyNames(func(p *policies.Policy) []string { return policyEndpoints(p.Cluster) }),
	}
	arguments := map[string]cobra.CompletionFunc{"remove": onlyFirst(g.policyNames(componentNames)), "apply": nil}
	var err error
	each := func(cmd *cobra.Command) func(f *pflag.Flag) {
		return func(f *pflag.Flag) {
			if complete, ok := flags[f.Name]; ok && err == nil {
				err = cmd.RegisterFlagCompletionFunc(f.Name, complete)
			}
		}
	}
	root.PersistentFlags().VisitAll(each(root))
	for _, cmd := range subcommands(root) {
		cmd.Flags().VisitAll(each(cmd))
		complete, known := arguments[cmd.Name()]
		switch {
		case known && cmd.ValidArgsFunction == nil:
			cmd.ValidArgsFunction = complete // nil: files
		case cmd.ValidArgsFunction == nil:
			cmd.ValidArgsFunction = cobra.NoFileCompletions
		}
	}
	return err
}

// subcommands is every command under root.
func subcommands(root *cobra.Command) (list []*cobra.Command) {
	for _, cmd := range root.Commands() {
		list = append(append(list, cmd), subcommands(cmd)...)
	}
	return list
}

// policyNames completes with names of the policy. A policy that is not there, on stdin or not
// valid has none: a shell's line is no place for errors.
func (g *globals) policyNames(names func(*policies.Policy) []string) cobra.CompletionFunc {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		once := slices.Compact(slices.Sorted(slices.Values(g.policy))) // cobra parses the flags twice
		files, err := policies.Read(once, strings.NewReader(""))
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		p, err := policies.Parse(files...)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return names(p), cobra.ShellCompDirectiveNoFileComp
	}
}

// onlyFirst completes one argument and nothing behind it.
func onlyFirst(complete cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return complete(cmd, args, typed)
	}
}

func roleNames(p *policies.Policy) (names []string) {
	for _, c := range p.Components {
		names = append(names, c.Role.String())
	}
	return names
}

// administrators is the users that --user may name: those with role root.
func administrators(p *policies.Policy) (names []string) {
	for _, c := range p.Components {
		if c.Administrator {
			names = append(names, c.User.String())
		}
	}
	return names
}
