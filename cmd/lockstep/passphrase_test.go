package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lockstep/policies/hint"
)

// typist is a globals whose terminal types these passphrases, one after the other.
func typist(typed ...string) (*globals, *outside) {
	o := &outside{terminal: true}
	a := o.app()
	a.password = func() ([]byte, error) {
		if len(typed) == 0 {
			return nil, errors.New("the terminal is closed")
		}
		next := typed[0]
		typed = typed[1:]
		return []byte(next), nil
	}
	return &globals{app: a}, o
}

func TestANewPassphraseIsTypedTwice(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typed     []string
		want, err string
		exit      hint.Exit
	}{
		{typed: []string{"two words", "two words"}, want: "two words"},
		{typed: []string{" blanks stay ", " blanks stay "}, want: " blanks stay "},
		{typed: []string{"a", "b"}, err: "the two passphrases differ: nothing was changed", exit: hint.Refused},
		{typed: []string{""}, err: "the passphrase is empty: nothing was changed", exit: hint.Refused},
		{typed: []string{strings.Repeat("x", 1025)}, err: "the passphrase is longer than 1024 bytes: nothing was changed", exit: hint.Refused},
		{typed: []string{"a"}, err: "reading the passphrase: the terminal is closed", exit: hint.Failed},
	} {
		g, o := typist(c.typed...)
		got, err := g.newPassphrase(context.Background(), signing{}, "--passphrase-file")
		if hint.Of(err) != c.exit || c.exit == hint.Done && string(got) != c.want || err != nil && err.Error() != c.err {
			t.Errorf("%q: %q, %v", c.typed, got, err)
		}
		if text := o.stderr.String(); !strings.HasPrefix(text, "New passphrase of the CA keys: ") || c.want != "" && strings.Contains(text, c.want) {
			t.Errorf("%q: the terminal shows %q", c.typed, text)
		}
	}
}

func TestAPassphraseIsAskedForOnceInARun(t *testing.T) {
	t.Parallel()
	g, o := typist("once")
	passphrase := g.passphraseOf(context.Background(), signing{})
	for range 3 {
		if got, err := passphrase("the CA keys"); err != nil || string(got) != "once" {
			t.Errorf("%q, %v", got, err)
		}
	}
	if got := o.stderr.String(); got != "Passphrase of the CA keys: \n" {
		t.Errorf("%q", got)
	}
}

func TestACommandThatReadsDoesNotAsk(t *testing.T) {
	t.Parallel()
	g, o := typist("never")
	got, err := g.passphraseOf(context.Background(), signing{onlyReads: true})("the CA keys")
	if got != nil || err != nil || o.stderr.Len() > 0 {
		t.Errorf("%q, %v, %q", got, err, o.stderr.String())
	}
}

func TestWithoutATerminalAFlagIsNamed(t *testing.T) {
	t.Parallel()
	for flag, fd := range map[string]string{"--passphrase-file": "--passphrase-fd N", "--new-passphrase-file": "--new-passphrase-fd N"} {
		var o outside
		g := &globals{app: o.app()}
		_, err := g.newPassphrase(context.Background(), signing{}, flag)
		if hint.Of(err) != hint.Refused || !strings.Contains(hint.Text(err), flag+" FILE") || !strings.Contains(hint.Text(err), fd) {
			t.Errorf("%v: %s", err, hint.Text(err))
		}
	}
}

func TestAnInterruptedQuestionChangesNothing(t *testing.T) {
	t.Parallel()
	g, _ := typist()
	forever := make(chan struct{})
	defer close(forever)
	g.password = func() ([]byte, error) { <-forever; return nil, nil }
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := g.typed(ctx, "?", "--passphrase-file"); hint.Of(err) != hint.Refused || err.Error() != "interrupted before a passphrase was typed: nothing was changed" {
		t.Error(err)
	}
}

func TestAPassphraseFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, c := range []struct{ name, text, want, err string }{
		{"a line", "two words\n", "two words", ""},
		{"no end of line", "two words", "two words", ""},
		{"of DOS", "two words\r\n", "two words", ""},
		{"blanks", " x \n", " x ", ""},
		{"the longest", strings.Repeat("x", 1024) + "\r\n", strings.Repeat("x", 1024), ""},
		{"empty", "", "", "the passphrase is empty: nothing was changed"},
		{"an empty line", "\n", "", "the passphrase is empty: nothing was changed"},
		{"too long", strings.Repeat("x", 1025), "", "the passphrase is longer than 1024 bytes: nothing was changed"},
		{"a large file", strings.Repeat("x", 1<<20), "", "the passphrase is longer than 1024 bytes: nothing was changed"},
		{"two lines", "one\ntwo\n", "", "the passphrase has more than one line: nothing was changed"},
		{"a zero byte", "one\x00", "", "the passphrase has more than one line: nothing was changed"},
	} {
		file := filepath.Join(dir, c.name)
		if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := signing{passphraseFile: file}.read()
		if err == nil && string(got) != c.want || (err == nil) != (c.err == "") || err != nil && err.Error() != c.err {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
	}
	lax := filepath.Join(dir, "a line")
	if err := os.Chmod(lax, 0o640); err != nil {
		t.Fatal(err)
	}
	for what, s := range map[string]signing{
		"others may read it": {passphraseFile: lax}, "no file": {passphraseFile: filepath.Join(dir, "missing")}, "a folder": {passphraseFile: dir},
		"both": {passphraseFile: lax, passphraseFD: "0"}, "no descriptor": {passphraseFD: "900000"}, "no number": {passphraseFD: "stdin"}, "below zero": {passphraseFD: "-1"},
	} {
		if got, err := s.read(); err == nil {
			t.Errorf("%s: %q", what, got)
		}
	}
}
