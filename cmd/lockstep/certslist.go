package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"lockstep/certgen"
	"lockstep/certgen/folder"
	"lockstep/cmd/lockstep/view"
	"lockstep/policies"
	"lockstep/policies/count"
	"lockstep/policies/hint"
	"lockstep/policies/strict"
)

type certsListOptions struct {
	*globals
	due     string
	retired bool
}

func newCertsListCommand(g *globals) *cobra.Command {
	opts := certsListOptions{globals: g}
	cmd := &cobra.Command{
		Use:   "list [NAME...]",
		Short: "List certificates, CAs and revocation lists with their state",
		Long: `List every certificate, CA and revocation list that the policy or the PKI folder knows,
by its end. NAME is a component's name, NAME/INSTANCE, members/NAME, proxies/NAME, ca or root. The
exit code is 2 when something is due, expired, broken, missing, or revoked and still in
its place.`,
		Example: `  lockstep certs list
  lockstep certs list calico-node members/etcd1
  lockstep certs list --due 30d --retired`,
		ValidArgsFunction: g.policyNames(identityNames),
		RunE:              func(_ *cobra.Command, args []string) error { return runCertsList(opts, args) },
	}
	cmd.Flags().StringVar(&opts.due, "due", "", "`WHEN` a certificate is due: 33% of its life or 30d left (default: the policy's)")
	cmd.Flags().BoolVar(&opts.retired, "retired", false, "list retired certificates, too")
	return cmd
}

func runCertsList(opts certsListOptions, names []string) error {
	p, err := opts.readPolicy()
	if err != nil {
		return err
	}
	due, err := dueOf(opts.due, p)
	if err != nil {
		return err
	}
	external, err := folder.ReadExternal(p, "", nil)
	if err != nil {
		return err
	}
	f, err := opts.readFolder(external)
	if err != nil {
		return err
	}
	defer f.Close()
	state, err := f.Look()
	if err != nil {
		return err
	}
	entries := certgen.Inventory(p, state, due, opts.now())
	if opts.retired {
		entries = certgen.WithRetired(entries, state)
	} else { // of a CA's former generation that lies in ca/
		entries = slices.DeleteFunc(entries, func(e certgen.Entry) bool { return e.Health == certgen.HealthRetired })
	}
	if entries, err = entriesNamed(entries, names); err != nil {
		return err
	}
	list := view.Certificates{Entries: entries, Now: opts.now()}
	if err := opts.answer(list); err != nil {
		return err
	}
	if n := list.Attention(); n > 0 {
		return hint.Pending("lockstep certs renew and certs rekey make certificates anew; lockstep verify names what each one needs.",
			"%d of %s need attention", n, count.Of(len(entries), "certificate"))
	}
	return nil
}

// dueOf is what --due says, else the policy.
func dueOf(flag string, p *policies.Policy) (policies.Due, error) {
	if flag == "" {
		return p.Certificates.RenewAt, nil
	}
	due, err := policies.ParseDue(flag)
	if err != nil {
		return due, fmt.Errorf("reading --due: %w", err)
	}
	return due, nil
}

// entriesNamed keeps the entries of these names: of a name itself, or of what lies below it.
func entriesNamed(entries []certgen.Entry, names []string) ([]certgen.Entry, error) {
	if len(names) == 0 {
		return entries, nil
	}
	var out []certgen.Entry
	used := map[string]bool{}
	for _, e := range entries {
		for _, name := range names {
			if name = strings.TrimSuffix(name, "/"); e.Name == name || strings.HasPrefix(e.Name, name+"/") {
				out, used[name] = append(out, e), true
				break
			}
		}
	}
	for _, name := range names {
		if !used[strings.TrimSuffix(name, "/")] {
			return nil, unknownCertificate(name, entries)
		}
	}
	return out, nil
}

// unknownCertificate says which name was meant.
func unknownCertificate(name string, entries []certgen.Entry) error {
	var known []string
	for _, e := range entries {
		known = append(known, e.Name)
	}
	advice := "lockstep certs list shows all names."
	if near := strict.Suggest(name, known, ""); near != "" {
		advice = near
	}
	return hint.With(fmt.Errorf("neither the policy nor the PKI folder has a certificate %q", name), advice)
}
