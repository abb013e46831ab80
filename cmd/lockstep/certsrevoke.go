package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"lockstep/bootstrap"
	"lockstep/certgen"
	"lockstep/cmd/lockstep/view"
	"lockstep/policies/count"
	"lockstep/policies/hint"
)

type revokeOptions struct {
	*globals
	connection
	name, serial, certificate string
	again                     bool
}

func newCertsRevokeCommand(g *globals) *cobra.Command {
	opts := revokeOptions{globals: g}
	cmd := &cobra.Command{
		Use:   "revoke NAME",
		Short: "Revoke certificates whose keys others may have",
		Long: `Revoke the certificates of a component: first its binding and user in etcd go, then all its
certificates that have not expired come on the revocation list (client.crl), and the
present one goes to retired/. Of one instance (NAME/INSTANCE) only its certificate is
revoked: the user is that of the other instances. Of members/NAME, proxies/NAME and root,
which have to go on working, every certificate is revoked but the present one: make that
one first by lockstep certs rekey or lockstep certs issue root.

Each member is then asked whether it has loaded the list: a throw-away certificate that
the list names, the canary, has to be refused. Until every member does, the exit code is 2
and the answer says which file to copy where. The same command then goes on. lockstep apply
gives a component of the policy a new key, certificate and user, once every member refuses
the former certificates; after that, only --again revokes the new certificate, too.

Each revoked certificate is recorded in retired/. Without the CA's key the list waits:
lockstep apply signs it once the key is there.

A revocation list does not end connections that are open, nor their watches.`,
		Example: `  lockstep certs revoke grafana
  lockstep certs revoke calico-node/node-a
  lockstep certs revoke grafana --serial 5e1f0c
  lockstep certs revoke grafana --certificate found.crt`,
		Args:              oneComponent,
		ValidArgsFunction: onlyFirst(g.policyNames(revocable)),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.name = args[0]
			for name, value := range map[string]string{"serial": opts.serial, "certificate": opts.certificate} {
				if cmd.Flags().Changed(name) && value == "" {
					return hint.With(fmt.Errorf("--%s is empty", name), "Leave it out to revoke all certificates of the component and its user; lockstep certs list --retired shows the serial numbers.")
				}
			}
			return runRevoke(cmd.Context(), opts)
		},
	}
	opts.connection.signingFlags(cmd.Flags())
	cmd.Flags().StringVar(&opts.serial, "serial", "", "only the certificate with the serial number `HEX`; the user stays")
	cmd.Flags().StringVar(&opts.certificate, "certificate", "", "only the certificate in `FILE` (PEM), which the folder need not know; the user stays")
	cmd.Flags().BoolVar(&opts.again, "again", false, "also what was made after an earlier revocation")
	cmd.MarkFlagsMutuallyExclusive("serial", "certificate", "again")
	return cmd
}

func runRevoke(ctx context.Context, opts revokeOptions) error {
	r := certgen.Revocation{Name: strings.TrimSuffix(opts.name, "/"), Again: opts.again}
	var err error
	if r.Serial, err = parseSerial(opts.serial); err != nil {
		return err
	}
	if opts.certificate != "" {
		if r.Cert, err = readCertificate(opts.certificate); err != nil {
			return err
		}
	}
	p, err := opts.readPolicy()
	if err != nil {
		return err
	}
	s, err := opts.enter(ctx, p, opts.connection, opts.locked)
	if err != nil {
		return err
	}
	defer s.leave()
	done, err := bootstrap.Revoke(ctx, s.World, r, terminal{opts.globals, s})
	s.pause()
	if err != nil {
		return err
	}
	answer := view.Revoked{Name: r.Name, Revoked: done, Folder: s.Folder.Path(), Policy: p}
	if err := opts.answer(answer); err != nil {
		return err
	}
	return unfinishedRevocation(done)
}

// unfinishedRevocation says what the operator has to do before the revocation counts everywhere.
func unfinishedRevocation(done bootstrap.Revoked) error {
	var left []string
	missing := map[string]bool{}
	for _, l := range done.Ports {
		if !l.Done() {
			missing[l.Member] = true
		}
	}
	left = append(left, done.Waiting...)
	if len(missing) > 0 {
		left = append(left, fmt.Sprintf("%s not known to have loaded the list", count.Of(len(missing), "member")))
	}
	if done.Unasked != nil {
		left = append(left, fmt.Sprintf("no member was asked whether it has loaded the list: %v", done.Unasked))
	}
	if len(done.Kept) > 0 {
		left = append(left, fmt.Sprintf("user %s stays, because lockstep did not make it", count.Quoted(done.Kept)))
	}
	advice := "Do what the answer says, then run the same command again."
	if len(done.Since) > 0 {
		if len(left) == 0 {
			advice = "The earlier revocation is finished. Repeat with --again to revoke these, too."
		}
		left = append(left, fmt.Sprintf("%s made after the earlier revocation and still valid", count.Of(len(done.Since), "certificate")))
	}
	if len(left) == 0 {
		return nil
	}
	return hint.Pending(advice, "%s", strings.Join(left, "; "))
}

// readCertificate reads a certificate in PEM form from outside the PKI folder.
func readCertificate(path string) (*x509.Certificate, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate: %w", err)
	}
	cert, err := certgen.ParseLeaf(content)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate %s: %w", path, err)
	}
	return cert, nil
}

// parseSerial reads a serial number in hexadecimal, as openssl and lockstep certs list print
// it; colons between bytes are taken, too.
func parseSerial(text string) (*big.Int, error) {
	if text == "" {
		return nil, nil
	}
	digits := strings.TrimPrefix(strings.ToLower(strings.ReplaceAll(text, ":", "")), "0x")
	serial, ok := new(big.Int).SetString(digits, 16)
	if !ok || serial.Sign() <= 0 {
		return nil, hint.With(errors.New("--serial is no serial number in hexadecimal"), "lockstep certs list --retired shows the serial numbers.")
	}
	return serial, nil
}
