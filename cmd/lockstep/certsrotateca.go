package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"lockstep/bootstrap"
	"lockstep/certgen"
	"lockstep/cmd/lockstep/view"
	"lockstep/policies"
	"lockstep/policies/hint"
)

type rotateCAOptions struct {
	*globals
	connection
	certgen.Choice
}

func newCertsRotateCACommand(g *globals) *cobra.Command {
	opts := rotateCAOptions{globals: g}
	cmd := &cobra.Command{
		Use:   "rotate-ca client|server|peer",
		Short: "Replace a CA by a new one, step by step and without an outage",
		Long: `Replace a CA by a new one, step by step and without an outage. Each run looks at the PKI
folder and at what the ports of members and proxies trust and show, does what can be
done now, says what to copy and to restart, and ends with exit code 2. Run it again
when that is done. The run that ends with 0 has finished the rotation; repeated, it
says so again, and begins another one only with --again or when the CA is older.

client: members trust both CAs (restart), components get new certificates, members
        trust the new CA alone (restart)
server: clients trust both CAs, servers get new certificates, clients trust the new
        CA alone
peer:   members trust both CAs (restart), get new certificates, and trust the new CA
        alone (restart)

Certificates are made anew for the same keys. The certificate of the old CA goes to
retired/, its key is deleted. lockstep cannot see whether components use their new
files: --confirm-clients says that they do. Of a CA that certificates.ca in the policy
names, the answer says what its owner has to do.

--compromised is for a CA whose key others may have: it is dropped at once, without a
time in which both CAs are trusted. Members and components are refused until they
have their new files.`,
		Example: `  lockstep certs rotate-ca client
  lockstep certs rotate-ca client --confirm-clients
  lockstep certs rotate-ca peer --compromised`,
		Args: oneCA,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.CA = certgen.CA(args[0])
			return runRotateCA(cmd.Context(), opts)
		},
		ValidArgsFunction: onlyFirst(cobra.FixedCompletions([]string{"client", "server", "peer"}, cobra.ShellCompDirectiveNoFileComp)),
	}
	opts.connection.signingFlags(cmd.Flags())
	cmd.Flags().BoolVar(&opts.Confirmed, "confirm-clients", false, "clients have done what the answer before told: they use their new files")
	cmd.Flags().BoolVar(&opts.Compromised, "compromised", false, "others may have the key: drop the CA at once, with an outage")
	cmd.Flags().BoolVar(&opts.Again, "again", false, "begin another rotation although the CA is new: in the first tenth of its life")
	cmd.MarkFlagsMutuallyExclusive("confirm-clients", "compromised")
	return cmd
}

// oneCA takes the name of one of the three CAs.
func oneCA(_ *cobra.Command, args []string) error {
	if len(args) == 1 {
		for _, ca := range certgen.CAs() {
			if args[0] == string(ca) {
				return nil
			}
		}
	}
	return hint.With(fmt.Errorf("it is not said which CA is meant"), "Give one of client, server and peer.")
}

func runRotateCA(ctx context.Context, opts rotateCAOptions) error {
	p, err := opts.readPolicy()
	if err != nil {
		return err
	}
	s, err := opts.enter(ctx, p, opts.connection, opts.locked)
	if err != nil {
		return err
	}
	defer s.leave()
	if p.HasExternalCA() {
		return opts.external(ctx, s)
	}
	r, err := bootstrap.Rotate(ctx, s.World, opts.Choice, func(ctx context.Context, r certgen.Rotation) error {
		s.pause()
		if err := opts.tell(view.RotationPlan{Rotation: r, Compromised: opts.Compromised}); err != nil {
			return err
		}
		return opts.confirm(ctx, doIt(len(r.Plan.Steps)))
	})
	s.pause()
	if err != nil {
		return err
	}
	answer := view.Rotated{Rotation: r, Folder: s.Folder.Path(), Holders: holdersOf(p, r)}
	if err := opts.answer(answer); err != nil {
		return err
	}
	if r.Finished {
		return nil
	}
	return hint.Pending("", "the rotation of the %s CA goes on when what is listed is done", r.CA)
}

// external says what the owner of the CA that the policy names has to do.
func (opts rotateCAOptions) external(ctx context.Context, s *session) error {
	if opts.Confirmed || opts.Compromised {
		return hint.Refuse("Leave out --confirm-clients and --compromised: the answer says what its owner does.", "the CA %s is external, nothing was changed", s.Policy.Certificates.CA.Path)
	}
	r, err := bootstrap.RotateExternal(ctx, s.World)
	s.pause()
	if err != nil {
		return err
	}
	if err := opts.answer(view.ExternalRotation(r)); err != nil {
		return err
	}
	return hint.Pending("", "lockstep changes nothing here: the CA is external")
}

// holdersOf is how each of those who wait comes to use new files.
func holdersOf(p *policies.Policy, r certgen.Rotation) []view.Holder {
	holders := []view.Holder{}
	for _, w := range r.Waits {
		holders = append(holders, view.Holder{Wait: w, Reload: reloadOf(p, w.Place)})
	}
	return holders
}
