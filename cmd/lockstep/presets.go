package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"lockstep/cmd/lockstep/view"
	"lockstep/policies/hint"
	"lockstep/policies/presets"
	"lockstep/policies/strict"
)

func newPresetsCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "presets",
		Short: "List the presets that come with lockstep",
		Long: `List the presets that come with lockstep: the permissions that known software needs
in etcd, with their sources. A policy uses one by its name: {name: cni, preset: calico/cni}.`,
		Args: noSubcommand,
		RunE: func(*cobra.Command, []string) error { return g.answer(view.Presets(presets.List())) },
	}
	cmd.AddCommand(&cobra.Command{
		Use:   "show NAME",
		Short: "Show one preset: permissions, parameters, notes for the operator, sources",
		Args:  oneName,
		RunE:  func(_ *cobra.Command, args []string) error { return runPresetsShow(g, args[0]) },
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return presets.Names(), cobra.ShellCompDirectiveNoFileComp
		},
	})
	return cmd
}

func runPresetsShow(g *globals, name string) error {
	preset, err := lookupPreset(name)
	if err != nil {
		return err
	}
	return g.answer(view.Preset(preset))
}

func lookupPreset(name string) (presets.Preset, error) {
	preset, ok := presets.Lookup(name)
	if !ok {
		return presets.Preset{}, hint.With(fmt.Errorf("unknown preset %q", name), strict.Suggest(name, presets.Names(), "known: "))
	}
	return preset, nil
}

func oneName(cmd *cobra.Command, args []string) error {
	if len(args) == 1 {
		return nil
	}
	return hint.With(fmt.Errorf("%s takes one name, found %d", cmd.CommandPath(), len(args)), "lockstep presets lists the names")
}
