package seed_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"lockstep/bootstrap/seed"
	"lockstep/policies/hint"
	"lockstep/policies/keyrange"
	"lockstep/roles"
)

func state() roles.State {
	return roles.State{
		Enabled: true, Revision: 6,
		Users: []roles.User{
			{Name: "app", Roles: []string{"app"}, Password: roles.PasswordAbsent},
			{Name: "root", Roles: []string{"root"}, Password: roles.PasswordAbsent},
		},
		Roles: []roles.Role{{Name: "app", Permissions: []keyrange.Permission{
			keyrange.Prefix("/app/", keyrange.ReadWrite), keyrange.FromKey("/z\xff", keyrange.Read),
		}}},
	}
}

// lockstep-etcd takes what is sent to it, and the same users and roles are the same bytes.
func TestMake(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "lockstep-etcd")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-C", filepath.Join("..", "..", "etcd"), "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("building lockstep-etcd: %v\n%s", err, out)
	}
	first, err := seed.Make(t.Context(), program, state(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := seed.Make(t.Context(), program, state(), nil); err != nil || string(again) != string(first) {
		t.Errorf("the second time: other bytes, %v", err)
	}
	given := state()
	given.Users[0].Password = roles.PasswordOurs
	hash, err := seed.Hash("a-password-of-a-component", nil)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := seed.Make(t.Context(), program, given, map[string]string{"app": hash}); err != nil || !strings.Contains(string(out), hash) {
		t.Errorf("with a password: %v", err)
	}
	if _, err := seed.Make(t.Context(), program, given, nil); err == nil || !strings.Contains(err.Error(), `the password of user "app" is not known`) {
		t.Errorf("with a password that is not known: %v", err)
	}
	without := state()
	without.Users = without.Users[:1]
	if _, err := seed.Make(t.Context(), program, without, nil); err == nil || !strings.Contains(err.Error(), "without user root") || hint.Text(err) == "" {
		t.Errorf("without root: %v", err)
	}
}

// What is not a whole snapshot is none, and no user with a password is sent.
func TestMakeRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ program, want string }{
		"writes nothing":  {"#!/bin/sh\ncat > /dev/null\n", "does not end with its own hash"},
		"is cut off":      {"#!/bin/sh\ncat > /dev/null\nhead -c 5000 /dev/zero\n", "does not end with its own hash"},
		"fails":           {"#!/bin/sh\ncat > /dev/null\necho no space >&2\nexit 1\n", `exit status 1: "no space"`},
		"is killed":       {"#!/bin/sh\nkill -9 $$\n", "killed"},
		"is another etcd": {"#!/bin/sh\necho \"'seed' is not a valid command\" >&2\nexit 2\n", "not a valid command"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			program := filepath.Join(t.TempDir(), "program")
			if err := os.WriteFile(program, []byte(c.program), 0o700); err != nil {
				t.Fatal(err)
			}
			if out, err := seed.Make(t.Context(), program, state(), nil); out != nil || err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%d bytes, %v", len(out), err)
			}
		})
	}
	for _, password := range []roles.Password{roles.PasswordUnknown, roles.PasswordPresent} {
		s := state()
		s.Users[0].Password = password
		if _, err := seed.Make(t.Context(), "/bin/true", s, nil); err == nil || !strings.Contains(err.Error(), `user "app" is not one without a password`) {
			t.Errorf("password %d: %v", password, err)
		}
	}
}
