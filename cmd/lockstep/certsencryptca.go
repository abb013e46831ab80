package main

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"lockstep/certgen"
	"lockstep/certgen/folder"
	"lockstep/cmd/lockstep/view"
	"lockstep/policies/hint"
)

type encryptCAOptions struct {
	*globals
	signing
	next signing // where the new passphrase is
}

func newEncryptCACommand(g *globals) *cobra.Command {
	opts := encryptCAOptions{globals: g}
	cmd := &cobra.Command{
		Use:   "encrypt-ca",
		Short: "Encrypt the CA keys with a passphrase, or change it",
		Long: `Encrypt the keys in ca/ of the PKI folder with a passphrase: PKCS#8 (PBES2, AES-256), which
openssl reads. All of them get the same one. Keys that are encrypted get a new passphrase.
Each file is replaced when what was written has been read back and decrypted. Commands that
sign then ask for the passphrase once in a run; commands that only read never do.
Copies of the plain keys elsewhere, in backups too, stay what they are.`,
		Example: `  lockstep certs encrypt-ca
  lockstep certs encrypt-ca --passphrase-file ca.pass --yes
  lockstep certs encrypt-ca --passphrase-file old --new-passphrase-file new`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return runEncryptCA(cmd.Context(), opts) },
	}
	opts.signing.passphraseFlags(cmd.Flags())
	opts.newFlags(cmd.Flags())
	return cmd
}

func (opts *encryptCAOptions) newFlags(fs *pflag.FlagSet) {
	fs.StringVar(&opts.next.passphraseFile, "new-passphrase-file", "", "`FILE` that holds the new passphrase of keys that are encrypted already")
	fs.StringVar(&opts.next.passphraseFD, "new-passphrase-fd", "", "the same, read from file descriptor `N`")
}

func runEncryptCA(ctx context.Context, opts encryptCAOptions) error {
	f, release, err := opts.locked(ctx, folder.External{})
	if err != nil {
		return err
	}
	defer release()
	at := f.AtRest()
	if len(at.Plain)+len(at.Encrypted) == 0 {
		return hint.With(fmt.Errorf("no CA key is in %s: %w", filepath.Join(f.Path(), "ca"), fs.ErrNotExist),
			"Run it where the CA keys are; the key of a CA that the policy names is encrypted by openssl pkcs8 -topk8.")
	}
	if err := f.Replaceable(at); err != nil {
		return err
	}
	before, after, err := opts.passphrases(ctx, at)
	if err != nil {
		return err
	}
	if err := opts.confirm(ctx, fmt.Sprintf("Encrypt the CA keys in %s? Without the passphrase no certificate can be signed any more.", filepath.Join(f.Path(), "ca"))); err != nil {
		return err
	}
	answer := view.Encrypted{Folder: filepath.Join(f.Path(), "ca"), CAs: []string{}}
	if err := f.EncryptCAs(ctx, before, after, func(ca certgen.Place) { answer.CAs = append(answer.CAs, ca.Use) }); err != nil {
		return err
	}
	return opts.answer(answer)
}

// passphrases is the one that opens the keys that are encrypted, and the one that all keys
// get. Without a flag for a new one, and without a terminal, both are the same: what a
// run that was cut off has left is then encrypted, too.
func (opts *encryptCAOptions) passphrases(ctx context.Context, at folder.AtRest) (before, after []byte, err error) {
	if len(at.Encrypted) == 0 {
		if opts.next.given() {
			return nil, nil, hint.With(fmt.Errorf("--new-passphrase-file and --new-passphrase-fd are for keys that are encrypted already, and none is"), "Give the passphrase by --passphrase-file or --passphrase-fd.")
		}
		after, err = opts.newPassphrase(ctx, opts.signing, "--passphrase-file")
		return nil, after, err
	}
	if before, err = opts.passphraseOf(ctx, opts.signing)("the CA keys in use"); err != nil {
		return nil, nil, err
	}
	if opts.signing.given() && !opts.next.given() {
		return before, before, nil
	}
	after, err = opts.newPassphrase(ctx, opts.next, "--new-passphrase-file")
	return before, after, err
}
