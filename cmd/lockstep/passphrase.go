package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"lockstep/certgen/folder"
	"lockstep/policies/hint"
)

// mostPassphrase is the longest passphrase in bytes; openssl takes 1024.
const mostPassphrase = 1024

// passphraseOf gives the passphrase of the CA keys: from the file or the descriptor, or
// typed, and once in a run whatever it is for. A command that only reads does not ask.
func (g *globals) passphraseOf(ctx context.Context, s signing) folder.Passphrase {
	var once sync.Once
	var passphrase []byte
	var err error
	return func(what string) ([]byte, error) {
		once.Do(func() {
			switch {
			case s.given():
				passphrase, err = s.read()
			case !s.onlyReads:
				passphrase, err = g.typed(ctx, fmt.Sprintf("Passphrase of %s: ", what), "--passphrase-file")
			}
		})
		return passphrase, err
	}
}

// decrypt opens the encrypted CA keys of the folder, if there are any and this run needs them.
func decrypt(f *folder.Folder, external folder.External, passphrase folder.Passphrase) error {
	if external.Key != nil || len(f.AtRest().Encrypted) == 0 {
		return nil
	}
	secret, err := passphrase("the CA keys in " + filepath.Join(f.Path(), "ca"))
	if err != nil || secret == nil {
		return err
	}
	return f.Decrypt(secret)
}

// encryptNew makes bootstrap encrypt the keys of the CAs that it makes.
func (g *globals) encryptNew(ctx context.Context, f *folder.Folder, s signing, external bool) error {
	at := f.AtRest()
	switch {
	case external:
		return hint.Refuse("Encrypt its key where it is kept: openssl pkcs8 -topk8 -in OLD -out NEW; --ca-key takes an encrypted key.",
			"--encrypt-ca is for the CAs that lockstep makes, and the policy names one that exists")
	case len(at.Plain) > 0:
		return hint.Refuse("Encrypt it: lockstep certs encrypt-ca.", "%s.key exists and is not encrypted: --encrypt-ca is for the CAs that this run makes", at.Plain[0])
	case len(at.Encrypted) > 0: // opened by decrypt; what is still to be made gets the same passphrase
		return nil
	}
	secret, err := g.newPassphrase(ctx, s, "--passphrase-file")
	if err != nil {
		return err
	}
	return f.EncryptNew(secret)
}

// newPassphrase is from the file or the descriptor, or typed twice.
func (g *globals) newPassphrase(ctx context.Context, s signing, flag string) ([]byte, error) {
	if s.given() {
		return s.read()
	}
	first, err := g.typed(ctx, "New passphrase of the CA keys: ", flag)
	if err != nil {
		return nil, err
	}
	second, err := g.typed(ctx, "The same again: ", flag)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(first, second) {
		return nil, hint.Refuse("Run the command again.", "the two passphrases differ: nothing was changed")
	}
	return first, nil
}

// typed asks on the terminal, without echo.
func (g *globals) typed(ctx context.Context, prompt, flag string) ([]byte, error) {
	if !g.stdinTerminal {
		return nil, hint.Refuse(fmt.Sprintf("Give it by %s FILE, or by %s N from a file descriptor.", flag, descriptorFlag(flag)),
			"the passphrase of the CA keys is needed, and stdin is no terminal: nothing was changed")
	}
	text, err := g.hidden(ctx, prompt, "passphrase")
	if err != nil {
		return nil, err
	}
	return text, usable(text)
}

// hidden is what is typed behind the prompt, without echo.
func (g *globals) hidden(ctx context.Context, prompt, what string) ([]byte, error) {
	fmt.Fprint(g.stderr, prompt)
	type answer struct {
		text []byte
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		text, err := g.password()
		answers <- answer{text, err}
	}()
	select {
	case a := <-answers:
		fmt.Fprintln(g.stderr)
		if a.err != nil {
			return nil, fmt.Errorf("reading the %s: %w", what, a.err)
		}
		return a.text, nil
	case <-ctx.Done():
		fmt.Fprintln(g.stderr)
		return nil, hint.Refuse("", "interrupted before a %s was typed: nothing was changed", what)
	}
}

func descriptorFlag(fileFlag string) string { return fileFlag[:len(fileFlag)-len("file")] + "fd" }

// usable refuses an empty passphrase, and one that openssl would not take as it is.
func usable(passphrase []byte) error {
	switch {
	case len(passphrase) == 0:
		return hint.Refuse("Give one of several words.", "the passphrase is empty: nothing was changed")
	case len(passphrase) > mostPassphrase:
		return hint.Refuse("", "the passphrase is longer than %d bytes: nothing was changed", mostPassphrase)
	case bytes.ContainsAny(passphrase, "\n\r\x00"):
		return hint.Refuse("Put it on one line, alone in its file.", "the passphrase has more than one line: nothing was changed")
	}
	return nil
}

// given reports whether a flag says where the passphrase is.
func (s signing) given() bool { return s.passphraseFile != "" || s.passphraseFD != "" }

// read is the passphrase from the file or the descriptor; the end of its line is not part of it.
func (s signing) read() ([]byte, error) {
	in, err := s.open()
	if err != nil {
		return nil, fmt.Errorf("reading the passphrase: %w", err)
	}
	defer in.Close()
	text, err := io.ReadAll(io.LimitReader(in, mostPassphrase+3)) // with its end, and one byte too many
	if err != nil {
		return nil, fmt.Errorf("reading the passphrase: %w", err)
	}
	text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
	return text, usable(text)
}

func (s signing) open() (*os.File, error) {
	if s.passphraseFile != "" && s.passphraseFD != "" {
		return nil, errors.New("a file and a file descriptor are given, and one of them is enough")
	}
	if s.passphraseFD != "" {
		fd, err := strconv.ParseUint(s.passphraseFD, 10, 31)
		if err != nil {
			return nil, fmt.Errorf("%q is no number of a file descriptor", s.passphraseFD)
		}
		return os.NewFile(uintptr(fd), "file descriptor "+s.passphraseFD), nil
	}
	in, err := os.Open(s.passphraseFile)
	if err != nil {
		return nil, err
	}
	info, err := in.Stat()
	if err == nil && info.Mode().IsRegular() {
		err = folder.Guard(s.passphraseFile, info)
	}
	if err != nil {
		return nil, errors.Join(err, in.Close())
	}
	return in, nil
}
