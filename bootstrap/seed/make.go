package seed

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"lockstep/policies/hint"
	"lockstep/roles"
)

// writer is the program that writes databases.
const writer = "lockstep-etcd"

// state is what `lockstep-etcd seed` reads (etcd/seed.go).
type state struct {
	FormatVersion int    `json:"formatVersion"`
	Revision      uint64 `json:"revision"`
	Users         []user `json:"users"`
	Roles         []role `json:"roles"`
}

type user struct {
	Name         string   `json:"name"`
	Roles        []string `json:"roles"`
	PasswordHash string   `json:"passwordHash,omitempty"`
}

type role struct {
	Name        string       `json:"name"`
	Permissions []permission `json:"permissions"`
}

type permission struct {
	Key      []byte `json:"key"`
	RangeEnd []byte `json:"rangeEnd"`
	Access   string `json:"access"`
}

// Find is the path of lockstep-etcd: beside lockstep itself, else on PATH.
func Find() (string, error) {
	if found, err := Beside(); err == nil {
		return found, nil
	}
	found, err := exec.LookPath(writer)
	if err != nil {
		return "", hint.With(errors.New("looking for lockstep-etcd, which writes the seed: it is neither beside lockstep nor on PATH"),
			"`make build` builds lockstep-etcd beside lockstep.")
	}
	return filepath.Abs(found)
}

// Beside is the path of the lockstep-etcd in the folder of lockstep itself.
func Beside() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	return exec.LookPath(filepath.Join(filepath.Dir(self), writer))
}

// Make is a snapshot of an etcd that holds the users and roles of s, auth on and no key, as
// `etcdctl snapshot save` would write it: `etcdutl snapshot restore` checks the hash at its end.
// The program has read it back by etcd's own auth store. The same state gives the same bytes.
// hashes has the bcrypt hash of the password of each user that has one.
func Make(ctx context.Context, program string, s roles.State, hashes map[string]string) ([]byte, error) {
	text, err := encode(s, hashes)
	if err != nil {
		return nil, err
	}
	command := exec.CommandContext(ctx, program, "seed")
	var out, said bytes.Buffer
	command.Stdin, command.Stdout, command.Stderr = bytes.NewReader(text), &out, &said
	if err := command.Run(); err != nil {
		if line := strings.TrimSpace(said.String()); line != "" {
			err = fmt.Errorf("%w: %q", err, line)
		}
		return nil, hint.With(fmt.Errorf("making the seed with %s: %w", program, err), "lockstep and lockstep-etcd have to be of one release: `make build` builds both.")
	}
	if !whole(out.Bytes()) {
		return nil, fmt.Errorf("making the seed with %s: what it wrote does not end with its own hash", program)
	}
	return out.Bytes(), nil
}

func encode(s roles.State, hashes map[string]string) ([]byte, error) {
	document := state{FormatVersion: 1, Revision: s.Revision}
	for _, u := range s.Users {
		hash := hashes[u.Name]
		switch {
		case u.Password == roles.PasswordOurs && hash == "":
			return nil, fmt.Errorf("making the seed: the password of user %q is not known", u.Name)
		case u.Password != roles.PasswordOurs && (u.Password != roles.PasswordAbsent || hash != ""):
			return nil, fmt.Errorf("making the seed: user %q is not one without a password", u.Name)
		}
		document.Users = append(document.Users, user{u.Name, u.Roles, hash})
	}
	for _, r := range s.Roles {
		entry := role{Name: r.Name}
		for _, p := range r.Permissions {
			entry.Permissions = append(entry.Permissions, permission{[]byte(p.Key), []byte(p.RangeEnd), string(p.Access)})
		}
		document.Roles = append(document.Roles, entry)
	}
	return json.Marshal(document)
}

// whole reports whether a snapshot ends with the SHA-256 of what comes before.
func whole(snapshot []byte) bool {
	end := len(snapshot) - sha256.Size
	if end <= 0 {
		return false
	}
	sum := sha256.Sum256(snapshot[:end])
	return bytes.Equal(sum[:], snapshot[end:])
}
