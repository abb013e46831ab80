package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"lockstep/bootstrap/change"
	"lockstep/certgen"
	"lockstep/certgen/folder"
	"lockstep/cmd/lockstep/view"
	"lockstep/policies"
	"lockstep/policies/count"
	"lockstep/policies/hint"
	"lockstep/policies/pending"
)

type renewOptions struct {
	*globals
	signing
	names  []string
	due    string
	all    bool
	rekey  bool
	revoke bool
	hook
}

func newCertsRenewCommand(g *globals) *cobra.Command {
	opts := renewOptions{globals: g}
	cmd := &cobra.Command{
		Use:   "renew NAME...|--due WHEN|--all",
		Short: "Make certificates anew for the same keys",
		Long: `Make certificates anew for the same keys, with new dates and serial numbers. No private
key is needed: it may have been delivered long ago. The old certificates go to retired/.
NAME is a component's name, NAME/INSTANCE, members/NAME or proxies/NAME. The answer says
what to copy where, and what rereads its files by itself. lockstep apply renews what is due by the
policy (certificates.renewAt).

With --exec a program is run for each new certificate, without a shell: CMD is split at
blanks. Its environment is PATH and LOCKSTEP_ACTION, LOCKSTEP_NAME, LOCKSTEP_FOLDER,
LOCKSTEP_CERT, LOCKSTEP_KEY (empty when the key is not here), LOCKSTEP_SERIAL (hex) and
LOCKSTEP_NOT_AFTER (RFC 3339). If one fails, the others are still run, and the exit code
is 2.`,
		Example: `  lockstep certs renew calico-node
  lockstep certs renew --due 30d --yes
  lockstep certs renew members/etcd1 --exec "/usr/local/bin/push-to-host"`,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.names = args
			return runRenew(cmd.Context(), opts)
		},
		ValidArgsFunction: g.policyNames(identityNames),
	}
	opts.renewFlags(cmd)
	return cmd
}

func newCertsRekeyCommand(g *globals) *cobra.Command {
	opts := renewOptions{globals: g, rekey: true}
	cmd := &cobra.Command{
		Use:   "rekey NAME...|--due WHEN|--all",
		Short: "Make certificates anew with new keys",
		Long: `Make certificates anew with new keys. The old certificates go to retired/ and stay valid
until they expire or are revoked; the old keys are deleted. NAME is a component's name,
NAME/INSTANCE, members/NAME or proxies/NAME. A component that keeps its own key gets a
certificate by lockstep certs sign. The answer says what to copy where and what that costs:
between the copy of a key and the copy of its certificate, etcd refuses new connections.
Of a component with identity: password the password is replaced, too, and counts once
lockstep apply has set it in etcd. --exec works as with lockstep certs renew.

With --revoke the certificates of the former keys come on the revocation lists, and the
answer names the files to copy. Server certificates cannot be revoked: no client of etcd
reads a list.`,
		Example: `  lockstep certs rekey calico-node
  lockstep certs rekey members/etcd1 --revoke
  lockstep certs rekey --all --yes`,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.names = args
			return runRenew(cmd.Context(), opts)
		},
		ValidArgsFunction: g.policyNames(identityNames),
	}
	opts.renewFlags(cmd)
	cmd.Flags().BoolVar(&opts.revoke, "revoke", false, "revoke the certificates of the former keys")
	return cmd
}

func (opts *renewOptions) renewFlags(cmd *cobra.Command) {
	opts.signing.flags(cmd.Flags())
	opts.hook.flags(cmd.Flags())
	cmd.Flags().StringVar(&opts.due, "due", "", "all certificates that are due `WHEN`: 33% of their life or 30d left, or that have expired")
	cmd.Flags().BoolVar(&opts.all, "all", false, "all certificates of members, proxies and components")
}

// check refuses a choice of certificates that is none, or two.
func (opts renewOptions) check() error {
	chosen := 0
	for _, is := range []bool{len(opts.names) > 0, opts.due != "", opts.all} {
		if is {
			chosen++
		}
	}
	if chosen != 1 {
		return hint.With(fmt.Errorf("it is not said which certificates are meant"), "Give names, --due WHEN or --all, and only one of the three.")
	}
	return nil
}

func runRenew(ctx context.Context, opts renewOptions) error {
	if err := opts.check(); err != nil {
		return err
	}
	p, f, release, err := opts.signingFolder(ctx, opts.signing)
	if err != nil {
		return err
	}
	defer release()
	state, err := f.ObserveCertificates()
	if err != nil {
		return err
	}
	renewal, err := opts.choose(p, state)
	if err != nil {
		return err
	}
	plan := certgen.DiffRenewal(p, renewal, state, opts.now())
	if err := opts.refuse(plan); err != nil {
		return err
	}
	if err := opts.refuseForgotten(ctx, p, f, plan); err != nil {
		return err
	}
	if len(plan.Steps) > 0 {
		if err := opts.tell(view.CertificateSteps(plan.Steps)); err != nil {
			return err
		}
		if err := opts.confirm(ctx, doIt(len(plan.Steps))); err != nil {
			return err
		}
	}
	answer := renewedSteps{policy: p, folder: f, state: state, passwords: map[certgen.Place]string{}}
	if err := f.Apply(ctx, plan, opts.now, inFlight, answer.done); err != nil {
		return err
	}
	return opts.conclude(ctx, answer.all(plan))
}

// conclude runs the program of --exec, and answers.
func (opts renewOptions) conclude(ctx context.Context, answer view.Renewed) error {
	failed := opts.hook.run(ctx, opts.globals, answer.Certificates)
	if err := opts.answer(answer); err != nil {
		return err
	}
	switch {
	case failed > 0:
		return hint.Pending("Its error is above. Run it by hand, or renew again.", "%s of %d failed", count.Of(failed, "command"), len(answer.Certificates))
	case len(answer.Left) > 0:
		return hint.Pending("", "%s left as they are", count.Of(len(answer.Left), "certificate"))
	}
	return nil
}

// choose is the certificates that are meant, as places in the PKI folder.
func (opts renewOptions) choose(p *policies.Policy, s certgen.State) (certgen.Renewal, error) {
	r := certgen.Renewal{Rekey: opts.rekey, Revoke: opts.revoke}
	due, err := dueOf(opts.due, p)
	if err != nil {
		return r, err
	}
	inventory := certgen.Inventory
	if opts.all { // what does not do for its place is renewed, or left, as DiffRenewal says
		inventory = certgen.Unjudged
	}
	entries, err := entriesNamed(inventory(p, s, due, opts.now()), opts.names)
	if err != nil {
		return r, err
	}
	for _, e := range entries {
		switch {
		case len(opts.names) > 0:
			if e.Path == "" {
				return r, hint.With(fmt.Errorf("%s is no certificate of a member, proxy or component that the policy names", e.Name),
					"Name a component, members/NAME or proxies/NAME. lockstep certs issue root makes root's certificate anew.")
			}
		case e.Path == "", e.Health == certgen.HealthExternal, e.Health == certgen.HealthAbsent:
			continue
		case opts.due != "" && e.Health != certgen.HealthDue && e.Health != certgen.HealthExpired:
			continue
		case opts.due != "" && strings.HasPrefix(e.Note, "ends with its CA"):
			continue // a new one ends at the same time
		}
		if e.Health == certgen.HealthRevoked && !opts.rekey {
			return r, hint.Refuse("lockstep certs rekey makes a new key.", "the certificate of %s is revoked: its key must not be used any more; nothing was changed", e.Name)
		}
		r.Paths = append(r.Paths, e.Path)
	}
	return r, nil
}

// refuse ends a renewal of which something named cannot be done. With --due and --all the rest
// is done.
func (opts renewOptions) refuse(plan certgen.Plan) error {
	if left := leftOf(plan); len(left) > 0 && (len(opts.names) > 0 || len(plan.Steps) == 0) {
		advice := "lockstep apply issues what is missing, and lockstep certs rekey makes a new key where renewing is not enough."
		if slices.ContainsFunc(plan.Pending, func(c certgen.Pending) bool { return c.Step.Action == certgen.Repair }) { // its sentence says what to do
			advice = ""
		}
		return hint.Refuse(advice,
			"nothing was changed: %s", strings.Join(left, "; "))
	}
	if waiting := plan.Waiting(); len(waiting) > 0 {
		return hint.Refuse(change.KeyAdvice(plan), "%s; nothing was changed", strings.Join(waiting, "; "))
	}
	if external := plan.Unfit(); len(external) > 0 && len(opts.names) > 0 {
		return hint.Refuse("Its issuer renews it.", "%s is an external certificate; nothing was changed", external[0].Step.Profile.External)
	}
	return nil
}

// refuseForgotten asks the members before it signs a revocation list, the one thing of a renewal that
// a PKI folder from an old copy would do wrong.
func (opts renewOptions) refuseForgotten(ctx context.Context, p *policies.Policy, f *folder.Folder, plan certgen.Plan) error {
	w, finish, err := opts.openWorld(p, f, target{})
	if err != nil {
		return err
	}
	defer finish()
	return change.RefuseForgotten(ctx, w, plan.Steps, "nothing was changed")
}

// leftOf is what the operator has to mend first, in sentences.
func leftOf(plan certgen.Plan) (left []string) {
	for _, c := range pending.Needing(plan.Pending, pending.Operator) {
		text := c.Reason
		if c.Step.Action != certgen.Repair {
			text = certgen.NameOf(c.Step.Path()) + ": " + text
		}
		left = append(left, text)
	}
	return left
}

// renewedSteps says of each certificate that was made what to do with it.
type renewedSteps struct {
	policy *policies.Policy
	folder *folder.Folder
	state  certgen.State // as the folder was before
	answer view.Renewed

	passwords map[certgen.Place]string // the new passwords' files, by the folder of their certificates
}

// done notes a step that is on the disk.
func (r *renewedSteps) done(s certgen.Step) {
	switch {
	case s.List != nil:
		r.answer.Lists = append(r.answer.Lists, filepath.Join(r.folder.Path(), filepath.FromSlash(s.File)))
	case s.Action == certgen.MakePassword:
		r.passwords[s.Place().Folder()] = filepath.Join(r.folder.Path(), filepath.FromSlash(s.File))
	case s.Signed != nil:
		rekeyed := s.Action == certgen.Reissue
		r.answer.Certificates = append(r.answer.Certificates, view.NewCertificate{
			Name: certgen.NameOf(s.Path()), Rekeyed: rekeyed, Path: s.Path(), Leaf: s.Signed,
			HasKey: rekeyed || r.state.Pair(s.Profile).Key != certgen.KeyAbsent,
			Place:  s.Place(), Folder: r.folder.Path(), Reload: reloadOf(r.policy, s.Place()),
		})
	}
}

// all is the answer when plan has been carried out.
func (r *renewedSteps) all(plan certgen.Plan) view.Renewed {
	answer := r.answer
	answer.Left = leftOf(plan)
	for i, c := range answer.Certificates {
		answer.Certificates[i].Password = r.passwords[c.Place.Folder()]
	}
	slices.SortFunc(answer.Certificates, func(a, b view.NewCertificate) int { return strings.Compare(a.Name, b.Name) })
	return answer
}

// hookTime is how long a program of --exec may run unless --exec-timeout says otherwise.
const hookTime = time.Minute
