package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/etcd/server/v3/auth"
	"golang.org/x/crypto/bcrypt"
)

// small is users and roles with every kind of permission.
func small() state {
	return state{
		FormatVersion: formatVersion, Revision: 12,
		Users: []user{
			{Name: "reader", Roles: []string{"reader"}},
			{Name: "root", Roles: []string{"root"}},
			{Name: "snapshots", Roles: []string{"root"}},
			{Name: "two", Roles: []string{"reader", "writer"}},
		},
		Roles: []role{
			{Name: "nothing"},
			{Name: "reader", Permissions: []permission{
				{Key: []byte("/app/"), RangeEnd: []byte("/app0"), Access: "read"},
				{Key: []byte("/flag"), Access: "read"},
			}},
			{Name: "writer", Permissions: []permission{
				{Key: []byte("\x00"), RangeEnd: []byte("\x00"), Access: "readwrite"},
				{Key: []byte("/app/\xff"), RangeEnd: []byte("\x00"), Access: "write"},
			}},
		},
	}
}

func run(s any) ([]byte, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = seed(nil, bytes.NewReader(text), &out)
	return out.Bytes(), err
}

// hashOf is the bcrypt hash of a password.
func hashOf(password string, cost int) string {
	hash, err := bcrypt.GenerateFromPassword([]byte(password), cost)
	if err != nil {
		panic(err)
	}
	return string(hash)
}

// A user whose hash is given logs in with its password, and with no other one.
func TestSeedWithAPassword(t *testing.T) {
	t.Parallel()
	s := small()
	s.Users[0].PasswordHash = hashOf("secret", leastCost)
	snapshot, err := run(s)
	if err != nil {
		t.Fatal(err)
	}
	store, closed, err := openStore(snapshot, filepath.Join(t.TempDir(), "read"))
	if err != nil {
		t.Fatal(err)
	}
	defer closed()
	if _, err := store.CheckPassword("reader", "secret"); err != nil {
		t.Errorf("its password: %v", err)
	}
	if _, err := store.CheckPassword("reader", "other"); !errors.Is(err, auth.ErrAuthFailed) {
		t.Errorf("another one: %v", err)
	}
}

// The same users and roles give the same bytes, and another one other bytes.
func TestSeed(t *testing.T) {
	t.Parallel()
	first, err := run(small())
	if err != nil {
		t.Fatal(err)
	}
	again, err := run(small())
	if err != nil || !bytes.Equal(first, again) {
		t.Errorf("the second time: %d bytes and not the same %d, %v", len(again), len(first), err)
	}
	other := small()
	other.Users[0].Roles = nil
	if different, err := run(other); err != nil || bytes.Equal(first, different) {
		t.Errorf("of another state: the same bytes, %v", err)
	}
}

func TestManyUsers(t *testing.T) {
	t.Parallel()
	s := state{FormatVersion: formatVersion, Revision: 1 + 4*3000}
	for i := range 3000 {
		name := fmt.Sprintf("c%05d", i)
		s.Users = append(s.Users, user{Name: name, Roles: []string{name}})
		s.Roles = append(s.Roles, role{Name: name, Permissions: []permission{{Key: []byte("/" + name + "/"), RangeEnd: []byte("/" + name + "0"), Access: "readwrite"}}})
	}
	s.Users = append(s.Users, user{Name: "root", Roles: []string{"root"}})
	if _, err := run(s); err != nil {
		t.Error(err)
	}
}

// What is not exactly users and roles that etcd would take makes no snapshot.
func TestRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*state)
		want   string
	}{
		"another format":     {func(s *state) { s.FormatVersion = 2 }, "format version 2 is not 1"},
		"no revision":        {func(s *state) { s.Revision = 0 }, "authRevision 0"},
		"no root":            {func(s *state) { s.Users = s.Users[:1] }, "without user root with role root"},
		"root without role":  {func(s *state) { s.Users[1].Roles = nil }, "without user root with role root"},
		"user twice":         {func(s *state) { s.Users[1] = s.Users[0] }, `user "reader": names`},
		"user without name":  {func(s *state) { s.Users[0].Name = "" }, `user "": names`},
		"role twice":         {func(s *state) { s.Roles[1] = s.Roles[0] }, `role "nothing": names`},
		"role without name":  {func(s *state) { s.Roles[0].Name = "" }, `role "": names`},
		"unknown role":       {func(s *state) { s.Users[0].Roles = []string{"other"} }, `user "reader": there is no role "other"`},
		"role held twice":    {func(s *state) { s.Users[0].Roles = []string{"reader", "reader"} }, `user "reader": roles differ`},
		"no hash":            {func(s *state) { s.Users[0].PasswordHash = "secret" }, `user "reader": its password is no bcrypt hash of cost 10 or more`},
		"a cheap hash":       {func(s *state) { s.Users[0].PasswordHash = hashOf("secret", bcrypt.MinCost) }, `user "reader": its password is no bcrypt hash of cost 10 or more`},
		"root's password":    {func(s *state) { s.Users[1].PasswordHash = hashOf("secret", leastCost) }, `user "root": a user with role root has no password`},
		"unknown access":     {func(s *state) { s.Roles[1].Permissions[0].Access = "Read" }, `role "reader": access "Read"`},
		"permission of none": {func(s *state) { s.Roles[1].Permissions[0].Key = nil }, "empty or inverted"},
		"inverted range":     {func(s *state) { s.Roles[1].Permissions[0].RangeEnd = []byte("/a") }, "empty or inverted"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := small()
			c.change(&s)
			if out, err := run(s); len(out) > 0 || err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%d bytes, %v", len(out), err)
			}
		})
	}
	for input, want := range map[string]string{
		"":                            "EOF",
		"{":                           "unexpected EOF",
		`{"password": "x"}`:           "unknown field",
		`{"formatVersion": 1} {}`:     "more than one",
		`{"users": [{"name": "root"`:  "unexpected EOF",
		`{"formatVersion":1,"keys":}`: "invalid character",
	} {
		var out bytes.Buffer
		if err := seed(nil, strings.NewReader(input), &out); out.Len() > 0 || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %d bytes, %v", input, out.Len(), err)
		}
	}
	if err := seed([]string{"out.db"}, strings.NewReader("{}"), nil); err == nil {
		t.Error("an argument was taken")
	}
}

// A snapshot that holds anything else than the state is seen for it.
func TestReadBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*state)
		want   string
	}{
		"another revision":   {func(s *state) { s.Revision++ }, "authRevision is 13 and not 12"},
		"a role is missing":  {func(s *state) { s.Roles = s.Roles[1:] }, `role "nothing"`},
		"a role too many":    {func(s *state) { s.Roles = append(s.Roles, role{Name: "z"}) }, "the roles are"},
		"another permission": {func(s *state) { s.Roles[1].Permissions[0].Access = "readwrite" }, `role "reader" holds`},
		"another range":      {func(s *state) { s.Roles[1].Permissions[0].RangeEnd = nil }, `role "reader" holds`},
		"another order": {func(s *state) {
			p := s.Roles[1].Permissions
			p[0], p[1] = p[1], p[0]
		}, `role "reader" holds`},
		"a user is missing": {func(s *state) { s.Users = s.Users[1:] }, `user "reader"`},
		"a user too many":   {func(s *state) { s.Users = append(s.Users, user{Name: "z"}) }, "the users are"},
		"another role":      {func(s *state) { s.Users[0].Roles = []string{"writer"} }, `user "reader": it holds the roles ["writer"]`},
		"an empty password": {func(s *state) { s.Users[0].PasswordHash = hashOf("", leastCost) }, `user "reader": a login with a password is answered`},
		"a role of root's":  {func(s *state) { s.Users[0].Roles = []string{"root"} }, `user "reader": it holds the roles ["root"]`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			written := small()
			c.change(&written)
			snapshot, err := makeSnapshot(written, filepath.Join(t.TempDir(), "written"))
			if err != nil {
				t.Fatal(err)
			}
			if err := readBack(small(), snapshot, filepath.Join(t.TempDir(), "read")); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// One byte that differs, or a cut end, is seen by the hash.
func TestReadBackOfADamagedSnapshot(t *testing.T) {
	t.Parallel()
	snapshot, err := makeSnapshot(small(), filepath.Join(t.TempDir(), "written"))
	if err != nil {
		t.Fatal(err)
	}
	damaged := bytes.Clone(snapshot)
	damaged[len(damaged)/2] ^= 1
	for name, snapshot := range map[string][]byte{"one bit": damaged, "cut": snapshot[:len(snapshot)-1], "nothing": nil} {
		if err := readBack(small(), snapshot, filepath.Join(t.TempDir(), "read")); err == nil || !strings.Contains(err.Error(), "hash") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestStdoutThatTakesNothing(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(small())
	if err != nil {
		t.Fatal(err)
	}
	if err := seed(nil, bytes.NewReader(text), broken{}); err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("got %v", err)
	}
}
