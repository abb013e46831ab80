package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"lockstep/policies/hint"
	"lockstep/policies/strict"
)

// usualWords is what people type who know other tools, and what does it here.
func usualWords() map[string]string {
	return map[string]string{
		"check":        "lockstep lint checks the policy, lockstep verify the cluster",
		"create":       "lockstep add NAME adds a component, lockstep bootstrap makes everything",
		"delete":       "lockstep remove NAME removes a component",
		"diff":         "lockstep plan shows what would change",
		"dry-run":      "lockstep plan shows what would change",
		"import":       "lockstep init --from-cluster writes the policy of a living cluster",
		"init-cluster": "lockstep bootstrap makes everything, in order",
		"issue":        "lockstep certs issue root writes root's certificate; lockstep apply issues those of components",
		"list":         "lockstep verify lists the components, lockstep presets the presets",
		"new":          "lockstep init writes a starter policy",
		"prove":        "lockstep verify proves it on the cluster, lockstep rehearse on a throw-away one",
		"renew":        "lockstep certs renew makes certificates anew; lockstep apply renews what is due",
		"rm":           "lockstep remove NAME removes a component",
		"setup":        "lockstep bootstrap makes everything, in order",
		"show":         "lockstep plan shows what would change, lockstep presets show NAME a preset",
		"status":       "lockstep verify says whether everything is in step, lockstep plan what would change",
		"sync":         "lockstep apply makes etcd and the PKI folder equal to the policy",
		"test":         "lockstep rehearse proves the policy on a throw-away local etcd",
		"validate":     "lockstep lint checks the policy",
		"whocan":       "lockstep who-can read KEY names the users that can read it",
	}
}

// usualFlags is the same for flags.
func usualFlags() map[string]string {
	return map[string]string{
		"dry-run":  "lockstep plan shows what would change, and changes nothing",
		"json":     "did you mean -o json?",
		"y":        "did you mean --yes?",
		"force":    "a guard cannot be forced; --yes answers the question before a change",
		"config":   "did you mean --policy (-f)?",
		"file":     "did you mean --policy (-f)?",
		"quiet":    "progress goes to stderr: 2>/dev/null drops it",
		"username": "did you mean --user?",
		"ca-file":  "did you mean --cacert?",
		"ca-cert":  "did you mean --cacert?",
	}
}

// suggestCommand is the advice for a word that is no command below cmd.
func suggestCommand(cmd *cobra.Command, word string) string {
	cmd.SuggestionsMinimumDistance = 2
	near := cmd.SuggestionsFor(word)
	usual, known := usualWords()[strings.ToLower(word)]
	switch {
	case known:
		return usual
	case len(near) > 0:
		return fmt.Sprintf("did you mean %s?", strings.Join(near, " or "))
	}
	return fmt.Sprintf("%s --help lists the commands", cmd.CommandPath())
}

// flagError adds to an error of a flag what may have been meant.
func flagError(cmd *cobra.Command, err error) error {
	advice := fmt.Sprintf("%s --help lists the flags", cmd.CommandPath())
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) {
		var known []string
		add := func(f *pflag.Flag) { known = append(known, f.Name) }
		cmd.LocalFlags().VisitAll(add)
		cmd.InheritedFlags().VisitAll(add)
		if usual, ok := usualFlags()[unknown.GetSpecifiedName()]; ok {
			advice = usual
		} else if near := strict.Suggest(unknown.GetSpecifiedName(), known, ""); near != "" {
			advice = strings.Replace(strings.Replace(near, `"`, "--", 1), `"`, "", 1)
		}
	}
	return hint.With(err, advice)
}
