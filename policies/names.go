package policies

import (
	"errors"
	"fmt"
	"strings"

	"lockstep/policies/hint"
)

// UserName is the name of an etcd user and, being the same thing, the CN of a client
// certificate. It is made by parsing only; the zero value is no user.
type UserName struct{ name string }

// RoleName is the name of an etcd role, made by parsing only; the zero value is no role.
type RoleName struct{ name string }

// Root is etcd's superuser.
func Root() UserName { return UserName{"root"} }

// RootRole is the role that may do everything. etcd needs no entry for it.
func RootRole() RoleName { return RoleName{"root"} }

func (u UserName) String() string { return u.name }

// MarshalText is the name; there is no way back but parsing.
func (u UserName) MarshalText() ([]byte, error) { return []byte(u.name), nil }

// IsZero reports whether u is no user.
func (u UserName) IsZero() bool { return u.name == "" }

func (r RoleName) String() string { return r.name }

// MarshalText is the name; there is no way back but parsing.
func (r RoleName) MarshalText() ([]byte, error) { return []byte(r.name), nil }

// IsZero reports whether r is no role.
func (r RoleName) IsZero() bool { return r.name == "" }

// ParseUserName reads the name of a component's user.
func ParseUserName(s string) (UserName, error) {
	if err := checkName(s, true); err != nil {
		return UserName{}, err
	}
	return UserName{s}, nil
}

// ParseRoleName reads the name of a component's role.
func ParseRoleName(s string) (RoleName, error) {
	if err := checkName(s, true); err != nil {
		return RoleName{}, err
	}
	return RoleName{s}, nil
}

// Patterns of names, for the schema; checkName is the rule.
const (
	namePattern      = `^[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?$`
	upperNamePattern = `^[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$`
)

// checkName holds the rules for every name in a policy. Names end up in a CN (X.520
// and OpenSSL stop at 64 bytes), as a folder, and in shells.
func checkName(s string, upper bool) error {
	switch {
	case s == "":
		return errors.New("the name is empty")
	case len(s) > 64:
		return fmt.Errorf("the name has %d bytes, the limit is 64 (X.520 common name)", len(s))
	}
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.', r == '_', r == '-', upper && r >= 'A' && r <= 'Z':
		case r >= 'A' && r <= 'Z':
			return hint.With(fmt.Errorf("%q may not be in this name", r), "it names a folder: write "+strings.ToLower(s))
		default:
			return hint.With(fmt.Errorf("%q may not be in a name", r), "letters, digits, dots, hyphens and underscores may")
		}
	}
	if !alphanumeric(s[0]) || !alphanumeric(s[len(s)-1]) {
		return errors.New("a name begins and ends with a letter or digit")
	}
	return checkReserved(strings.ToLower(s))
}

func alphanumeric(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9'
}

// checkReserved refuses etcd's superuser, our own names, and device names that no
// folder may have on Windows.
func checkReserved(lower string) error {
	base, _, _ := strings.Cut(lower, ".")
	switch {
	case lower == "root":
		return hint.With(errors.New("root is etcd's superuser and never a component"), "for a component that may do everything write administrator: true")
	case strings.HasPrefix(lower, "lockstep-"):
		return errors.New("names that begin with lockstep- are lockstep's own")
	case base == "con", base == "prn", base == "aux", base == "nul",
		len(base) == 4 && (base[:3] == "com" || base[:3] == "lpt") && base[3] >= '0' && base[3] <= '9':
		return fmt.Errorf("%q is a device name on Windows", base)
	}
	return nil
}
