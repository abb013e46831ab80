package main

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"lockstep/certgen"
	"lockstep/cmd/lockstep/view"
	"lockstep/policies"
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
		Example: `  lockstep presets
  lockstep presets show calico/node`,
		Args: noSubcommand,
		RunE: func(*cobra.Command, []string) error { return g.answer(view.Presets(presets.List())) },
	}
	cmd.AddCommand(newPresetsShowCommand(g), newPresetsCallsCommand(g))
	return cmd
}

type showOptions struct {
	*globals
	component string // the only one to show the configuration of; "" for all
	dir       string // where its folder lies on its host; "" for below cluster.install
	asked     bool   // a flag says that the policy is wanted: without it a preset is shown as it is
}

func newPresetsShowCommand(g *globals) *cobra.Command {
	opts := showOptions{globals: g}
	cmd := &cobra.Command{
		Use:   "show NAME",
		Short: "Show one preset: permissions, configuration, notes, sources",
		Long: `Show one preset: permissions, parameters, what the software itself is
configured with, notes for the operator and sources. NAME may also be one of the
policy's own presets.

Where there is a policy (-f, or lockstep.yaml), the configuration is filled in
for each of its components with that preset: its endpoints, parameters and the
paths of certificate, key and CA. They are those of pki/components/NAME, copied
to the component's host as cluster.install/NAME (/etc/etcd/NAME), or to --dir.`,
		Example: `  lockstep presets show coredns
  lockstep presets show calico/node -f lockstep.yaml
  lockstep presets show vault --component vault-b --dir /etc/vault.d/etcd`,
		Args: oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, name := range []string{"policy", "component", "dir"} {
				opts.asked = opts.asked || cmd.Flags().Changed(name)
			}
			return runPresetsShow(opts, args[0])
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return presets.Names(), cobra.ShellCompDirectiveNoFileComp
		},
	}
	cmd.Flags().StringVar(&opts.component, "component", "", "`NAME` of the only component to configure")
	cmd.Flags().StringVar(&opts.dir, "dir", "", "`DIR` of certificate, key and CA on the component's host")
	return cmd
}

func runPresetsShow(opts showOptions, name string) error {
	policy, err := opts.readPolicyIfAny()
	if err != nil {
		return err
	}
	if policy == nil {
		preset, err := lookupPreset(name)
		if err != nil {
			return err
		}
		return opts.answer(view.Preset{Preset: preset})
	}
	preset, ok := policy.FindPreset(name)
	if !ok {
		_, err := lookupPreset(name)
		return err
	}
	configured, err := opts.configure(policy, preset)
	if err != nil {
		return err
	}
	return opts.answer(view.Preset{Preset: preset, Configured: configured})
}

// readPolicyIfAny reads the policy if a flag asks for it or the default one is there. Only
// the first has to succeed: presets are looked up while a policy is being written.
func (o showOptions) readPolicyIfAny() (*policies.Policy, error) {
	if !o.asked {
		if _, err := os.Stat(defaultPolicy); err != nil {
			return nil, nil
		}
	}
	policy, err := o.readPolicy()
	if err != nil && !o.asked {
		return nil, o.tell(view.Say(func(s *view.Sheet) {
			s.Line("%s is not right yet, so the configuration is not filled in: lockstep lint says why", defaultPolicy)
		}))
	}
	return policy, err
}

// configure fills in preset's configuration for the policy's components that use it.
func (o showOptions) configure(policy *policies.Policy, preset presets.Preset) ([]view.Configured, error) {
	var out []view.Configured
	for _, c := range policy.Components {
		if c.Preset != preset.Name || o.component != "" && c.Name != o.component {
			continue
		}
		dir, site, unknown, err := o.site(policy, c)
		if err != nil {
			return nil, err
		}
		text, left := preset.Configure(c.Name, c.With, site)
		for _, placeholder := range slices.Sorted(maps.Keys(unknown)) {
			if strings.Contains(text, placeholder) {
				left = append(left, placeholder+" is "+unknown[placeholder])
			}
		}
		out = append(out, view.Configured{Component: c.Name, From: "pki/" + sourceOf(c), Dir: dir, Text: text, Left: left})
	}
	if o.component != "" && len(out) == 0 {
		advice := "leave out --component to see those that have it"
		if near := strict.Suggest(o.component, componentNames(policy), ""); near != "" && !slices.Contains(componentNames(policy), o.component) {
			advice = near
		}
		return nil, hint.With(fmt.Errorf("no component %q has preset %s", o.component, preset.Name), advice)
	}
	return out, nil
}

// site is where the cluster is and where c's files are on its host. dir is where its
// folder has to be copied; "" where its certificate is not lockstep's. unknown says what a
// placeholder stands for that the policy does not tell.
func (o showOptions) site(policy *policies.Policy, c policies.Component) (dir string, site presets.Site, unknown map[string]string, err error) {
	switch {
	case o.dir != "":
		dir = o.dir
	case policy.Cluster.Install != ".":
		dir = filepath.Join(cmp.Or(policy.Cluster.Install, "/etc/etcd"), c.Name)
	default: // everything is on this machine
		if dir, err = filepath.Abs(filepath.Join(o.pkiFolder(), filepath.FromSlash(sourceOf(c)))); err != nil {
			return "", site, nil, fmt.Errorf("finding the PKI folder: %w", err)
		}
	}
	site = presets.Site{
		Endpoints: policy.ClientURLs(),
		CA:        filepath.Join(dir, "ca.crt"), Cert: filepath.Join(dir, "client.crt"), Key: filepath.Join(dir, "client.key"),
		User: c.User.String(),
	}
	unknown = map[string]string{"{password-file}": "the password of a user that has one: " + c.Name + " has a certificate"}
	if c.Password {
		site.Password = filepath.Join(dir, certgen.PasswordFile)
	}
	external := !c.Certificate.IsZero()
	if external {
		dir, site.Cert, site.Key = "", c.Certificate.Resolve(), ""
		unknown["{key}"] = "the key of " + c.Certificate.Path + ": a policy never names it"
	}
	switch {
	case len(policy.Cluster.Endpoints) > 0 && !policy.HasExternalCA():
		site.CA = ""
		unknown["{ca}"] = "the CA of the endpoints' certificates: lockstep does not make them"
	case external && policy.HasExternalCA():
		site.CA = policy.Certificates.CA.Resolve()
	case external:
		site.CA = ""
		unknown["{ca}"] = "a copy of " + filepath.Join(o.pkiFolder(), "ca", "server.crt")
	}
	return dir, site, unknown, nil
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

// sourceOf is the folder of c's certificate below the PKI folder; each instance has one.
func sourceOf(c policies.Component) string {
	place := certgen.Place{Kind: certgen.PlaceComponent, Name: c.Name}
	if len(c.Instances) > 0 {
		place.Instance = "INSTANCE"
	}
	return place.String()
}
