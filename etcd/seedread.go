package main

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"go.etcd.io/etcd/api/v3/authpb"
	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/server/v3/auth"
)

// readBack lets etcd's own auth store read the snapshot, and is an error unless it holds exactly
// s and decides as s says. The database is copied to path.
func readBack(s state, snapshot []byte, path string) error {
	store, closed, err := openStore(snapshot, path)
	if err != nil {
		return err
	}
	defer closed()
	switch {
	case !store.IsAuthEnabled():
		return errors.New("auth is off")
	case store.Revision() != s.Revision:
		return fmt.Errorf("authRevision is %d and not %d", store.Revision(), s.Revision)
	}
	if err := store.IsRangePermitted(&auth.AuthInfo{}, []byte("/"), nil); !errors.Is(err, auth.ErrUserEmpty) {
		return fmt.Errorf("a request without a user is answered %v", err)
	}
	if err := readRoles(store, s); err != nil {
		return err
	}
	return readUsers(store, s)
}

func readRoles(store auth.AuthStore, s state) error {
	list, err := store.RoleList(&etcdserverpb.AuthRoleListRequest{})
	if err != nil {
		return err
	}
	var names []string
	for _, want := range s.Roles {
		names = append(names, want.Name)
		have, err := store.RoleGet(&etcdserverpb.AuthRoleGetRequest{Role: want.Name})
		if err != nil {
			return fmt.Errorf("role %q: %w", want.Name, err)
		}
		if !slices.EqualFunc(have.Perm, want.Permissions, same) {
			return fmt.Errorf("role %q holds %v", want.Name, have.Perm)
		}
	}
	if slices.Sort(list.Roles); !slices.Equal(list.Roles, names) {
		return fmt.Errorf("the roles are %q", list.Roles)
	}
	return nil
}

func same(have *authpb.Permission, want permission) bool {
	return have.PermType == accesses()[want.Access] && bytes.Equal(have.Key, want.Key) && bytes.Equal(have.RangeEnd, want.RangeEnd)
}

func readUsers(store auth.AuthStore, s state) error {
	list, err := store.UserList(&etcdserverpb.AuthUserListRequest{})
	if err != nil {
		return err
	}
	permissions := map[string][]permission{}
	for _, r := range s.Roles {
		permissions[r.Name] = r.Permissions
	}
	var names []string
	for _, want := range s.Users {
		names = append(names, want.Name)
		if err := readUser(store, want, permissions); err != nil {
			return fmt.Errorf("user %q: %w", want.Name, err)
		}
	}
	if slices.Sort(list.Users); !slices.Equal(list.Users, names) {
		return fmt.Errorf("the users are %q", list.Users)
	}
	return nil
}

// readUser asks for the user as every etcd call does: what it holds, that no password opens it,
// and what it may do.
func readUser(store auth.AuthStore, want user, permissions map[string][]permission) error {
	have, err := store.UserGet(&etcdserverpb.AuthUserGetRequest{Name: want.Name})
	if err != nil {
		return err
	}
	if !slices.Equal(have.Roles, want.Roles) {
		return fmt.Errorf("it holds the roles %q", have.Roles)
	}
	refused := auth.ErrNoPasswordUser
	if want.PasswordHash != "" {
		refused = auth.ErrAuthFailed // it has one, and not the empty one
	}
	if _, err := store.CheckPassword(want.Name, ""); !errors.Is(err, refused) {
		return fmt.Errorf("a login with a password is answered %v", err)
	}
	as := &auth.AuthInfo{Username: want.Name, Revision: store.Revision()}
	superuser := slices.Contains(want.Roles, rootName)
	if err := store.IsAdminPermitted(as); (err == nil) != superuser {
		return fmt.Errorf("a call that only role root may make is answered %v", err)
	}
	for _, r := range want.Roles {
		for _, p := range permissions[r] {
			if p.Access != "write" {
				err = store.IsRangePermitted(as, p.Key, p.RangeEnd)
			}
			if p.Access != "read" {
				err = errors.Join(err, store.IsDeleteRangePermitted(as, p.Key, p.RangeEnd))
			}
			if err != nil {
				return fmt.Errorf("%s from %q to %q is answered %w", p.Access, p.Key, p.RangeEnd, err)
			}
		}
	}
	return nil
}
