package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"lockstep/bootstrap/change"
	"lockstep/certgen"
	"lockstep/certgen/folder"
	"lockstep/certgen/handover"
	"lockstep/cmd/lockstep/view"
	"lockstep/policies"
	"lockstep/policies/hint"
	"lockstep/policies/strict"
)

type signOptions struct {
	*globals
	signing
	csr       string
	component string
	out       string
}

func newCertsSignCommand(g *globals) *cobra.Command {
	opts := signOptions{globals: g}
	cmd := &cobra.Command{
		Use:   "sign --csr FILE --component NAME",
		Short: "Sign the request of a component that keeps its own key",
		Long: `Sign the certificate request of a component that keeps its own key. Only the public
key of the request is taken: user, subject, usage and lifetime are the policy's. The
request, PEM or DER, has to be signed with its key, name the component's user as its
CN and no other names, and its key may belong to no other identity.

The certificate is kept in the component's folder, without a key. A certificate that
is there goes to retired/, and a key that is there is deleted when the new certificate
replaces it. Signing gives no permission: lockstep apply adds the user.`,
		Example: `  lockstep certs sign --csr billing.csr --component billing
  lockstep certs sign --csr - --component billing --out billing.crt --yes`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return runCertsSign(cmd.Context(), opts) },
	}
	opts.signing.flags(cmd.Flags())
	cmd.Flags().StringVar(&opts.csr, "csr", "", "`FILE` of the certificate request, or - for stdin")
	cmd.Flags().StringVar(&opts.component, "component", "", "`NAME` of the component, or NAME/INSTANCE")
	cmd.Flags().StringVar(&opts.out, "out", "", "new `FILE` for a copy of the certificate")
	return cmd
}

func runCertsSign(ctx context.Context, opts signOptions) error {
	if err := opts.check(); err != nil {
		return err
	}
	p, err := opts.readPolicy()
	if err != nil {
		return err
	}
	prof, err := ownProfile(p, opts.component)
	if err != nil {
		return err
	}
	request, err := opts.request(prof)
	if err != nil {
		return err
	}
	passphrase := opts.passphraseOf(ctx, opts.signing)
	external, err := folder.ReadExternal(p, opts.caKey, passphrase)
	if err != nil {
		return err
	}
	f, release, err := opts.locked(ctx, external)
	if err != nil {
		return err
	}
	defer release()
	plan, err := opts.plan(f, p, prof, request)
	if err != nil {
		return err
	}
	if err := decrypt(f, external, passphrase); err != nil {
		return err
	}
	if err := opts.tell(view.Plan{Plan: &change.Plan{Certificates: plan}, Of: p, Verbose: opts.verbose}); err != nil {
		return err
	}
	if err := opts.confirm(ctx, doIt(len(plan.Steps))); err != nil {
		return err
	}
	if err := f.Apply(ctx, plan, opts.now, inFlight, func(certgen.Step) {}); err != nil {
		return err
	}
	return opts.signed(f, prof)
}

// check refuses flags that do not go together, before anything is read.
func (o signOptions) check() error {
	switch {
	case o.csr == "":
		return hint.With(errors.New("--csr is missing"), "Name the file of the certificate request, or - for stdin.")
	case o.component == "":
		return hint.With(errors.New("--component is missing"), "Name a component of the policy.")
	case o.csr == "-" && slices.Contains(o.policy, "-"):
		return hint.With(errors.New("--csr - and --policy - both read stdin"), "Name a file for one of the two.")
	case o.out == "":
		return nil
	}
	if _, err := os.Lstat(o.out); err == nil {
		return hint.Refuse("Move it away, or name another path with --out.", "%s exists and is not overwritten: nothing was signed", o.out)
	}
	return nil
}

// ownProfile is the certificate of the component name. One that is external is signed
// by its own issuer.
func ownProfile(p *policies.Policy, name string) (certgen.Profile, error) {
	h, found := p.Holder(name)
	if !found {
		return certgen.Profile{}, hint.With(fmt.Errorf("the policy names no component %q", name), strict.Suggest(name, holderNames(p), "It has: "))
	}
	prof := certgen.ComponentProfile(p, h)
	if prof.External != "" {
		return prof, hint.Refuse("Have its issuer sign it, or leave out certificate.file in the policy.",
			"the certificate of %s is external (%s): nothing was signed", name, prof.External)
	}
	return prof, nil
}

// mostRequest is the size above which a file is no certificate request.
const mostRequest = 1 << 20

// request reads the certificate request and judges it.
func (o signOptions) request(prof certgen.Profile) (*x509.CertificateRequest, error) {
	in, name := o.stdin, "stdin"
	if o.csr != "-" {
		file, err := os.Open(o.csr)
		if err != nil {
			return nil, fmt.Errorf("reading the certificate request: %w", err)
		}
		defer file.Close()
		in, name = file, o.csr
	}
	content, err := io.ReadAll(io.LimitReader(in, mostRequest))
	if err != nil {
		return nil, fmt.Errorf("reading the certificate request %s: %w", name, err)
	}
	defer clear(content) // it may hold a key by mistake
	request, err := certgen.ParseRequest(content)
	if err != nil {
		return nil, hint.With(fmt.Errorf("reading the certificate request %s: %w", name, err), o.makeRequest(prof))
	}
	if text := certgen.RequestDefect(request, prof); text != "" {
		return nil, hint.Refuse(o.makeRequest(prof), "the certificate request %s %s: nothing was signed", name, text)
	}
	return request, nil
}

// makeRequest is how a component makes a request that is signed.
func (o signOptions) makeRequest(prof certgen.Profile) string {
	return "Make the request on the component's host: openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout client.key -out client.csr -subj " +
		hint.Word("/CN="+strings.NewReplacer("/", `\/`, "+", `\+`).Replace(prof.User.String()))
}

// plan is what signing changes in the folder.
func (o signOptions) plan(f *folder.Folder, p *policies.Policy, prof certgen.Profile, request *x509.CertificateRequest) (certgen.Plan, error) {
	state, err := f.Observe()
	if err != nil {
		return certgen.Plan{}, err
	}
	if use := state.KeyUse(request.PublicKey, prof); use != "" {
		return certgen.Plan{}, hint.Refuse("Make a new key, and a request with it: a key belongs to one identity.",
			"the key of the certificate request is already that of %s: nothing was signed", use)
	}
	plan := certgen.DiffSign(p, prof, request.PublicKey, state, o.now())
	if problems := slices.Concat(plan.Blocked(), plan.Waiting()); len(problems) > 0 {
		return plan, hint.Refuse(change.KeyAdvice(plan), "signing the certificate of %s: %s", o.component, problems[0])
	}
	return plan, nil
}

// signed reads the certificate back, writes the copy that was asked for, and answers.
func (o signOptions) signed(f *folder.Folder, prof certgen.Profile) error {
	state, err := f.Observe()
	if err != nil {
		return fmt.Errorf("reading back the certificate: %w", err)
	}
	leaf := state.Pairs[prof.Path].Leaf
	if leaf == nil {
		return fmt.Errorf("reading back the certificate: %s.crt is not there", prof.Path)
	}
	dir := prof.Place().Folder()
	answer := view.Signed{Name: o.component, User: prof.User.String(), Folder: filepath.Join(f.Path(), filepath.FromSlash(dir.String())),
		Serial: fmt.Sprintf("%x", leaf.SerialNumber), NotAfter: leaf.NotAfter, Copy: []string{"client.crt"}, Out: o.out}
	for _, file := range []string{"ca.crt", "etcdctl.env"} {
		if _, found := state.Files[dir.In(file).String()]; found {
			answer.Copy = append(answer.Copy, file)
		}
	}
	if o.out != "" {
		export := handover.Export{Files: []handover.File{{Name: filepath.Base(o.out), Mode: 0o644, Content: certgen.EncodeCertificate(leaf)}}}
		if _, err := placeExport(o.out, export, placing{same: bytes.Equal}); err != nil {
			return hint.With(fmt.Errorf("the certificate is signed and lies in %s: %w", answer.Folder, err), "Copy it from there.")
		}
	}
	return o.answer(answer)
}
