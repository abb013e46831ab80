package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"go.etcd.io/etcd/api/v3/authpb"
	"golang.org/x/crypto/bcrypt"
)

// state is what a seed holds: etcd's users and roles with auth on, and no keys. lockstep writes the
// same JSON (bootstrap/seed).
type state struct {
	FormatVersion int    `json:"formatVersion"`
	Revision      uint64 `json:"revision"` // authRevision
	Users         []user `json:"users"`    // sorted by name
	Roles         []role `json:"roles"`    // sorted by name
}

type user struct {
	Name  string   `json:"name"`
	Roles []string `json:"roles"` // sorted
	// PasswordHash is the bcrypt hash of the user's password, as etcd stores it; "" for a user
	// without a password. The password itself is never given to this program.
	PasswordHash string `json:"passwordHash,omitempty"`
}

type role struct {
	Name        string       `json:"name"`
	Permissions []permission `json:"permissions"` // in etcd's own order
}

// permission is etcd's wire form; keys are bytes, base64 in JSON.
type permission struct {
	Key      []byte `json:"key"`
	RangeEnd []byte `json:"rangeEnd"`
	Access   string `json:"access"` // read, write or readwrite
}

const (
	formatVersion = 1
	rootName      = "root" // the user and the role that AuthEnable demands
)

// seed reads a state from in and writes to out a snapshot that holds it. Nothing is written
// unless etcd's own auth store has read the same state from the snapshot.
func seed(args []string, in io.Reader, out io.Writer) (err error) {
	if len(args) > 0 {
		return fmt.Errorf("seed takes no arguments, and is given %q: it reads stdin and writes stdout", args)
	}
	s, err := readState(in)
	if err != nil {
		return fmt.Errorf("reading users and roles from stdin: %w", err)
	}
	dir, err := os.MkdirTemp("", "lockstep-seed-") // mode 0700
	if err != nil {
		return fmt.Errorf("making a folder for the database: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	snapshot, err := makeSnapshot(s, filepath.Join(dir, "written"))
	if err != nil {
		return fmt.Errorf("writing the database: %w", err)
	}
	if err := readBack(s, snapshot, filepath.Join(dir, "read")); err != nil {
		return fmt.Errorf("etcd's auth store does not read from the snapshot what was written, no snapshot was made: %w", err)
	}
	if _, err := out.Write(snapshot); err != nil {
		return fmt.Errorf("writing the snapshot to stdout: %w", err)
	}
	return nil
}

// readState is strict: what is not understood is not left out.
func readState(in io.Reader) (state, error) {
	var s state
	d := json.NewDecoder(in)
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return s, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return s, errors.New("there is more than one JSON document")
	}
	return s, s.check()
}

// check refuses what etcd's own calls refuse, or would take for something else.
func (s state) check() error {
	switch {
	case s.FormatVersion != formatVersion:
		return fmt.Errorf("format version %d is not %d: lockstep and lockstep-etcd are of different releases", s.FormatVersion, formatVersion)
	case s.Revision == 0:
		return errors.New("authRevision 0 is the one of a request without a user")
	}
	held := map[string]bool{rootName: true} // etcd needs no entry for this role
	for i, r := range s.Roles {
		if r.Name == "" || i > 0 && s.Roles[i-1].Name >= r.Name {
			return fmt.Errorf("role %q: names are not empty, differ and are sorted", r.Name)
		}
		held[r.Name] = true
		for _, p := range r.Permissions {
			if err := p.check(); err != nil {
				return fmt.Errorf("role %q: %w", r.Name, err)
			}
		}
	}
	return s.checkUsers(held)
}

func (s state) checkUsers(roles map[string]bool) error {
	superuser := false
	for i, u := range s.Users {
		if u.Name == "" || i > 0 && s.Users[i-1].Name >= u.Name {
			return fmt.Errorf("user %q: names are not empty, differ and are sorted", u.Name)
		}
		if err := u.checkPassword(); err != nil {
			return err
		}
		for j, r := range u.Roles {
			if !roles[r] {
				return fmt.Errorf("user %q: there is no role %q", u.Name, r)
			}
			if j > 0 && u.Roles[j-1] >= r {
				return fmt.Errorf("user %q: roles differ and are sorted", u.Name)
			}
		}
		superuser = superuser || u.Name == rootName && slices.Contains(u.Roles, rootName)
	}
	if !superuser {
		return errors.New("auth cannot be on without user root with role root")
	}
	return nil
}

// leastCost is etcd's own cost of a bcrypt hash (--bcrypt-cost).
const leastCost = 10

// checkPassword refuses what etcd could not compare with a password, and a superuser with one.
func (u user) checkPassword() error {
	if u.PasswordHash == "" {
		return nil
	}
	if slices.Contains(u.Roles, rootName) {
		return fmt.Errorf("user %q: a user with role root has no password", u.Name)
	}
	cost, err := bcrypt.Cost([]byte(u.PasswordHash))
	if err != nil || cost < leastCost {
		return fmt.Errorf("user %q: its password is no bcrypt hash of cost %d or more", u.Name, leastCost)
	}
	return nil
}

// check is etcd's isValidPermissionRange.
func (p permission) check() error {
	if _, ok := accesses()[p.Access]; !ok {
		return fmt.Errorf("access %q is not read, write or readwrite", p.Access)
	}
	if len(p.Key) == 0 || len(p.RangeEnd) > 0 && string(p.RangeEnd) != "\x00" && string(p.Key) >= string(p.RangeEnd) {
		return fmt.Errorf("the range from %q to %q is empty or inverted", p.Key, p.RangeEnd)
	}
	return nil
}

func accesses() map[string]authpb.Permission_Type {
	return map[string]authpb.Permission_Type{"read": authpb.READ, "write": authpb.WRITE, "readwrite": authpb.READWRITE}
}
