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

// ParseUserName reads the name of a component's user: what etcd and a CN take, as long as
// it can be read without doubt.
func ParseUserName(s string) (UserName, error) {
	if err := checkPrincipal(s); err != nil {
		return UserName{}, err
	}
	return UserName{s}, nil
}

// ParseRoleName reads the name of a component's role, by the rules of a user's.
func ParseRoleName(s string) (RoleName, error) {
	if err := checkPrincipal(s); err != nil {
		return RoleName{}, err
	}
	return RoleName{s}, nil
}

// Patterns of names, for the schema; CheckName and checkPrincipal are the rules.
const (
	namePattern      = `^[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?$`
	principalPattern = `^[!-}]([ -}]{0,62}[!-}])?$`
)

// CheckName holds the rules for every name in a policy but users' and roles': it goes into
// certificates and shells, and names a folder.
func CheckName(s string) error {
	if err := checkLength(s); err != nil {
		return err
	}
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
		case r >= 'A' && r <= 'Z':
			return hint.With(fmt.Errorf("%q may not be in this name", r), "it names a folder: write "+strings.ToLower(s))
		default:
			return hint.With(fmt.Errorf("%q may not be in a name", r), "letters, digits, dots, hyphens and underscores may")
		}
	}
	if !alphanumeric(s[0]) || !alphanumeric(s[len(s)-1]) {
		return errors.New("a name begins and ends with a letter or digit")
	}
	if base, _, _ := strings.Cut(s, "."); device(base) {
		return fmt.Errorf("%q is a device name on Windows", base)
	}
	return checkReserved(s)
}

// checkPrincipal holds the rules for users and roles, which name no file: system:master, an
// e-mail address and a SPIFFE ID are fine. What looks like another character, or like none,
// is refused: a reviewer has to see who gets a right. The tilde marks temporary roles.
func checkPrincipal(s string) error {
	if err := checkLength(s); err != nil {
		return err
	}
	for _, r := range s {
		if r < ' ' || r > '}' {
			return hint.With(fmt.Errorf("%q may not be in a name", r), "printable ASCII may, but for the tilde")
		}
	}
	if strings.TrimSpace(s) != s {
		return errors.New("a name neither begins nor ends with a blank")
	}
	return checkReserved(strings.ToLower(s))
}

// checkLength holds what X.520 and OpenSSL allow in a CN.
func checkLength(s string) error {
	switch {
	case s == "":
		return errors.New("the name is empty")
	case len(s) > 64:
		return fmt.Errorf("the name has %d bytes, the limit is 64 (X.520 common name)", len(s))
	}
	return nil
}

// SafeName is the name of a component for a user of that name: the user's in lower case,
// with a hyphen for everything that may not be in it.
func SafeName(user string) string {
	safe := strings.Map(func(r rune) rune {
		if CheckName(string(r)) == nil || r == '.' || r == '_' {
			return r
		}
		return '-'
	}, strings.ToLower(user))
	safe = strings.Trim(safe[:min(len(safe), 64)], "._-")
	if CheckName(safe) != nil {
		safe = "user-" + safe[:min(len(safe), 59)]
	}
	return strings.TrimRight(safe, "._-")
}

func alphanumeric(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9'
}

// device reports whether no folder may have that name on Windows.
func device(base string) bool {
	switch base {
	case "con", "prn", "aux", "nul":
		return true
	}
	return len(base) == 4 && (base[:3] == "com" || base[:3] == "lpt") && base[3] >= '0' && base[3] <= '9'
}

// checkReserved refuses etcd's superuser and our own names.
func checkReserved(lower string) error {
	switch {
	case lower == "root":
		return hint.With(errors.New("root is etcd's superuser and never a component"), "for a component that may do everything write administrator: true")
	case strings.HasPrefix(lower, "lockstep-"):
		return errors.New("names that begin with lockstep- are lockstep's own")
	}
	return nil
}
