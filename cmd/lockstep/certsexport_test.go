package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"lockstep/policies/hint"
)

func TestPasswordOfAPKCS12File(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, test := range []struct {
		name string
		o    outside
		file string
		want string
		err  string
	}{
		{"typed", outside{terminal: true, typed: "secret"}, "", "secret", ""},
		{"nothing typed", outside{terminal: true}, "", "", "reading the password: nothing was typed"},
		{"no terminal", outside{}, "", "", "a PKCS#12 file has a password, and stdin is no terminal to type it on: nothing was written"},
		{"the first line of a file", outside{}, file("two", "correct horse \r\nother\n", 0o600), "correct horse ", ""},
		{"a file without an end of line", outside{}, file("bare", "secret", 0o400), "secret", ""},
		{"an empty line", outside{}, file("empty", "\nsecret\n", 0o600), "", "the password of the PKCS#12 file is empty: nothing was written"},
	} {
		opts := exportOptions{globals: &globals{app: test.o.app()}, format: "pkcs12", passwordFile: test.file}
		got, err := opts.passwordIfAny(context.Background())
		message := ""
		if err != nil {
			message = err.Error()
		}
		if string(got) != test.want || message != test.err {
			t.Errorf("%s: got %q, %q, want %q, %q", test.name, got, message, test.want, test.err)
		}
	}
	opts := exportOptions{globals: &globals{}, format: "pkcs12", passwordFile: file("open", "secret\n", 0o640)}
	if _, err := opts.passwordIfAny(context.Background()); hint.Of(err) != hint.Refused {
		t.Errorf("a file that others may read: %v", err)
	}
}

// An interrupt is not the password, and does not wait for one.
func TestAPasswordCanBeInterrupted(t *testing.T) {
	t.Parallel()
	var o outside
	a := o.app()
	a.stdinTerminal = true
	forever := make(chan struct{})
	t.Cleanup(func() { close(forever) })
	a.password = func() ([]byte, error) { <-forever; return []byte("late"), nil }
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	opts := exportOptions{globals: &globals{app: a}, format: "pkcs12"}
	if _, err := opts.passwordIfAny(ctx); hint.Of(err) != hint.Refused || err.Error() != "interrupted before a password was typed: nothing was changed" {
		t.Errorf("got %v", err)
	}
}
