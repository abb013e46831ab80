package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"lockstep/certgen/folder"
	"lockstep/certgen/handover"
	"lockstep/cmd/lockstep/view"
	"lockstep/policies"
	"lockstep/policies/hint"
	"lockstep/policies/strict"
)

type exportOptions struct {
	*globals
	name         string
	format       string
	out          string
	force        bool
	passwordFile string
	place        handover.Place
}

// exportFormats is what --format takes.
var exportFormats = []string{"kubernetes", "calico", "pkcs12", "pem", "tar", "tls-setup"}

func newCertsExportCommand(g *globals) *cobra.Command {
	opts := exportOptions{globals: g}
	cmd := &cobra.Command{
		Use:   "export NAME --format FORMAT --out PATH|-",
		Short: "Hand over a certificate with its key to other software",
		Long: `Hand over a certificate with its key in the form that other software reads. NAME
is a component's name (of one with instances NAME/INSTANCE), members/NAME or
proxies/NAME.

  kubernetes  Secret and ConfigMap with the names that the preset's software
              expects
  calico      calicoctl.cfg, or a folder with Calico's files and configuration
  pkcs12      a PKCS#12 file for Java, Windows and browsers, with a password
  pem         one file: key, certificate, the CA of the members' certificates
  tar         the folder as it is copied to its host, owned by root
  tls-setup   NAME.pem, NAME-key.pem and ca.pem, the names of etcd's
              hack/tls-setup

What holds a key is written with mode 0600. A file that exists with other
contents, as after a renewal, is replaced with --force alone; a folder or a link
never is. A file that is the same is left alone. With --out - everything goes to
stdout, a folder as a tar; a terminal is refused. A key that is not in the PKI
folder cannot be handed over.`,
		Example: `  lockstep certs export calico-node --format kubernetes --out calico-node.yaml
  lockstep certs export billing --format pkcs12 --password-file pw --out b.p12
  lockstep certs export billing --format pem --out billing.pem --force
  lockstep certs export members/etcd1 --format tls-setup --out certs`,
		Args: oneIdentity,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.name = args[0]
			return runCertsExport(cmd.Context(), opts)
		},
		ValidArgsFunction: onlyFirst(g.policyNames(identityNames)),
	}
	cmd.Flags().StringVar(&opts.format, "format", "", "`FORMAT`: "+strings.Join(exportFormats, ", "))
	cmd.Flags().StringVar(&opts.out, "out", "", "`PATH` of the new file or folder, or - for stdout")
	cmd.Flags().BoolVar(&opts.force, "force", false, "replace files that exist with other contents")
	cmd.Flags().StringVar(&opts.passwordFile, "password-file", "", "`FILE` whose first line is the password of a PKCS#12 file")
	cmd.Flags().StringVar(&opts.place.Secret, "secret", "", "`NAME` of the Secret (default: the preset's)")
	cmd.Flags().StringVar(&opts.place.Namespace, "namespace", "", "`NAME` of the Secret's namespace (default: the preset's, else kubectl's)")
	return cmd
}

func oneIdentity(cmd *cobra.Command, args []string) error {
	if len(args) == 1 {
		return nil
	}
	return hint.With(fmt.Errorf("%s takes one name, found %d", cmd.CommandPath(), len(args)), "A component's name (of one with instances NAME/INSTANCE), members/NAME or proxies/NAME.")
}

// identityNames is what NAME may be.
func identityNames(p *policies.Policy) (names []string) {
	for _, m := range p.Cluster.Members {
		names = append(names, "members/"+m.Name)
	}
	for _, x := range p.Cluster.Proxies {
		names = append(names, "proxies/"+x.Name)
	}
	return append(names, holderNames(p)...)
}

// revocable is what certs revoke takes.
func revocable(p *policies.Policy) []string { return append(identityNames(p), "root") }

func runCertsExport(ctx context.Context, opts exportOptions) error {
	if err := opts.check(); err != nil {
		return err
	}
	p, err := opts.readPolicy()
	if err != nil {
		return err
	}
	if _, err := handover.Find(p, opts.name); err != nil {
		return err // before a password is typed for nothing
	}
	password, err := opts.passwordIfAny(ctx)
	if err != nil {
		return err
	}
	defer clear(password)
	id, release, err := opts.handout(ctx, p)
	if err != nil {
		return err
	}
	defer release()
	export, err := opts.export(id, string(password))
	if err != nil {
		return err
	}
	if opts.out == "-" {
		release() // a pipe may not be read for a while
		return opts.handToStdout(id, export)
	}
	files, err := placeExport(opts.out, export, placing{force: opts.force, same: func(there, content []byte) bool {
		return bytes.Equal(there, content) || opts.format == "pkcs12" && handover.SamePKCS12(id, there, string(password))
	}})
	if err != nil {
		return err
	}
	return opts.answer(view.Exported{Name: opts.name, Format: opts.format, Files: files, Notes: export.Notes})
}

// handout reads what is handed over. Until release no other run changes the PKI folder, nor
// writes the same files.
func (o exportOptions) handout(ctx context.Context, p *policies.Policy) (handover.Identity, func(), error) {
	external, err := folder.ReadExternal(p, "", nil)
	if err != nil {
		return handover.Identity{}, nil, err
	}
	f, release, err := o.locked(ctx, external)
	if err != nil {
		return handover.Identity{}, nil, err
	}
	id, err := f.Handout(p, o.name, o.now())
	if err != nil {
		release()
		return handover.Identity{}, nil, err
	}
	return id, release, nil
}

// check refuses flags that do not go together, before anything is read.
func (o exportOptions) check() error {
	switch {
	case o.format == "":
		return hint.With(errors.New("--format is missing"), "One of "+strings.Join(exportFormats, ", ")+".")
	case !slices.Contains(exportFormats, o.format):
		return hint.With(fmt.Errorf("unknown format %q", o.format), strict.Suggest(o.format, exportFormats, "One of "))
	case o.out == "":
		return hint.With(errors.New("--out is missing"), "Name a new file or folder, or - for stdout.")
	case o.passwordFile != "" && o.format != "pkcs12":
		return hint.With(errors.New("--password-file is about pkcs12"), "Leave it out.")
	case o.place != (handover.Place{}) && o.format != "kubernetes":
		return hint.With(errors.New("--secret and --namespace are about kubernetes"), "Leave them out.")
	case o.out == "-" && o.force:
		return hint.With(errors.New("--force replaces files, and --out - writes none"), "Leave out one of the two.")
	case o.out == "-" && view.Format(o.output) == view.JSON:
		return hint.With(errors.New("--out - prints what is handed over, and -o json one document of JSON"), "Leave out one of the two.")
	case o.out == "-" && o.stdoutTerminal:
		return hint.Refuse("Name a file with --out, or pipe it to the program that reads it.", "stdout is a terminal, and a private key does not belong there: nothing was written")
	case o.out == "-":
		return nil
	}
	return o.outside()
}

// outside refuses a target in the PKI folder: there it would belong to nothing.
func (o exportOptions) outside() error {
	pki, err := filepath.Abs(o.pkiFolder())
	if err != nil {
		return fmt.Errorf("finding the PKI folder: %w", err)
	}
	target, err := filepath.Abs(o.out)
	if err != nil {
		return fmt.Errorf("finding %s: %w", o.out, err)
	}
	if inside, err := filepath.Rel(pki, target); err == nil && filepath.IsLocal(inside) {
		return hint.Refuse("Name a place outside of it with --out.", "%s is in the PKI folder, which holds only what lockstep keeps there: nothing was written", o.out)
	}
	return nil
}

func (o exportOptions) export(id handover.Identity, password string) (handover.Export, error) {
	switch o.format {
	case "kubernetes":
		return handover.Kubernetes(id, o.place)
	case "calico":
		return handover.Calico(id)
	case "pkcs12":
		return handover.PKCS12(id, password)
	case "pem":
		return handover.PEM(id)
	case "tar":
		return handover.Tar(id)
	}
	return handover.TLSSetup(id)
}

// handToStdout writes the export to stdout and what there is to know to stderr.
func (o exportOptions) handToStdout(id handover.Identity, export handover.Export) error {
	content := export.Files[0].Content
	if export.Folder {
		var err error
		if content, err = export.Archive(id); err != nil {
			return err
		}
	}
	if _, err := o.stdout.Write(content); err != nil {
		return fmt.Errorf("writing to stdout: %w", err)
	}
	return o.tell(view.ExportNotes(export.Notes))
}

// passwordIfAny is the password of a PKCS#12 file: from the file, else typed twice.
func (o exportOptions) passwordIfAny(ctx context.Context) ([]byte, error) {
	switch {
	case o.format != "pkcs12":
		return nil, nil
	case o.passwordFile != "":
		return readPassword(o.passwordFile)
	case !o.stdinTerminal:
		return nil, hint.Refuse("Name a file that holds it: --password-file.", "a PKCS#12 file has a password, and stdin is no terminal to type it on: nothing was written")
	}
	first, err := o.hidden(ctx, "Password of the PKCS#12 file: ", "password")
	if err != nil {
		return nil, err
	}
	second, err := o.hidden(ctx, "The same again: ", "password")
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(first, second) {
		return nil, hint.Refuse("Run the command again.", "the two passwords differ: nothing was written")
	}
	return first, notEmpty(first)
}

// readPassword is the first line of a file, which no other user may read.
func readPassword(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the password: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err == nil && info.Mode().IsRegular() { // a pipe has no mode that says anything
		err = folder.Guard(path, info)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the password: %w", err)
	}
	lines := bufio.NewScanner(file)
	lines.Scan()
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("reading the password from %s: %w", path, err)
	}
	password := bytes.TrimSuffix(lines.Bytes(), []byte("\r"))
	return password, notEmpty(password)
}

// notEmpty refuses the password that leaves the key open to every reader.
func notEmpty(password []byte) error {
	if len(password) > 0 {
		return nil
	}
	return hint.Refuse("Give one of several words.", "the password of the PKCS#12 file is empty: nothing was written")
}
