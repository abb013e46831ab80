package roles

import "lockstep/policies/keyrange"

// State is etcd's users and roles, as wanted or as found. Users and Roles are sorted by name.
type State struct {
	Enabled  bool   // auth is on
	Revision uint64 // authRevision
	Users    []User
	Roles    []Role
}

// User is one etcd user. Names are strings here, not policies.UserName: etcd may hold any.
type User struct {
	Name     string
	Roles    []string // sorted
	Password Password
}

// Password tells whether a user can log in with a password. The zero value is not knowing.
type Password int

const (
	PasswordUnknown Password = iota // not asked, or cannot be asked while auth is off (fact 18)
	PasswordAbsent                  // certificate only
	PasswordPresent                 // it has one, and none was tried
	PasswordOurs                    // it logs in with the password in its component's folder
	PasswordOther                   // it has another one than the password in its component's folder
)

// Exists reports whether the user is known to have a password, whichever.
func (p Password) Exists() bool {
	return p == PasswordPresent || p == PasswordOurs || p == PasswordOther
}

// Role is one etcd role. Permissions are in etcd's own order, duplicates included:
// what a grant does depends on both (fact 20).
type Role struct {
	Name        string
	Permissions []keyrange.Permission
}
