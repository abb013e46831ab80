package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"lockstep/bootstrap/change"
	"lockstep/certgen"
	"lockstep/cmd/lockstep/view"
	"lockstep/policies/hint"
)

func newCertsCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "certs",
		Short:   "List certificates, make them anew, revoke them and hand them over",
		Example: "  lockstep certs list\n  lockstep certs issue root --ttl 1h",
		Args:    noSubcommand,
		RunE:    g.group,
	}
	issue := &cobra.Command{
		Use:     "issue",
		Short:   "Issue a certificate",
		Example: "  lockstep certs issue root --ttl 1h",
		Args:    noSubcommand,
		RunE:    g.group,
	}
	issue.AddCommand(newIssueRootCommand(g))
	cmd.AddCommand(issue, newCertsListCommand(g), newCertsRenewCommand(g), newCertsRekeyCommand(g), newCertsRevokeCommand(g), newCertsSignCommand(g),
		newCertsRotateCACommand(g), newEncryptCACommand(g), newCertsExportCommand(g))
	return cmd
}

type issueRootOptions struct {
	*globals
	signing
	ttl time.Duration
}

// rootAtLeast is the shortest life of a root certificate on disk.
const rootAtLeast = time.Minute

func newIssueRootCommand(g *globals) *cobra.Command {
	opts := issueRootOptions{globals: g}
	cmd := &cobra.Command{
		Use:   "root",
		Short: "Write root's certificate to root/ in the PKI folder, for etcdctl",
		Long: `Write root's certificate to root/ in the PKI folder, for etcdctl. It is the key to
everything in etcd for as long as it is valid: give it an hour, and delete the folder
when you are done. lockstep itself does not need it where the client CA's key is.`,
		Example: `  lockstep certs issue root
  lockstep certs issue root --ttl 8h`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return runIssueRoot(cmd.Context(), opts) },
	}
	opts.signing.flags(cmd.Flags())
	durationVar(cmd.Flags(), &opts.ttl, "ttl", time.Hour, "how long it is valid, 1m to 720h")
	return cmd
}

func runIssueRoot(ctx context.Context, opts issueRootOptions) error {
	if opts.ttl < rootAtLeast || opts.ttl > certgen.RootLongest {
		return hint.With(fmt.Errorf("--ttl %s is too short or too long for a certificate of root", opts.ttl), fmt.Sprintf("Give between %s and %s.", rootAtLeast, certgen.RootLongest))
	}
	p, f, release, err := opts.signingFolder(ctx, opts.signing)
	if err != nil {
		return err
	}
	defer release()
	state, err := f.Observe()
	if err != nil {
		return err
	}
	plan := certgen.DiffRoot(p, opts.ttl, state, opts.now())
	if problems := slices.Concat(plan.Blocked(), plan.Waiting()); len(problems) > 0 {
		return hint.Refuse(change.KeyAdvice(plan), "issuing root's certificate: %s", problems[0])
	}
	if err := f.Apply(ctx, plan, opts.now, inFlight, func(certgen.Step) {}); err != nil {
		return err
	}
	pair, err := f.Identity(certgen.RootPath)
	if err != nil {
		return fmt.Errorf("reading back root's certificate: %w", err)
	}
	return opts.answer(view.Issued{Folder: filepath.Join(f.Path(), "root"), User: "root", NotAfter: pair.Leaf.NotAfter})
}
