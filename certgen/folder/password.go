package folder

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"lockstep/certgen"
)

// passwordBytes is how many random bytes are in a password that lockstep makes. In base64 these
// are 43 of the 72 bytes that bcrypt, with which etcd hashes a password, looks at.
const passwordBytes = 32

// mostPassword is the longest password that bcrypt takes.
const mostPassword = 72

// stagePassword writes a new password under .new.
func (f *Folder) stagePassword(file string) error {
	if certgen.Locate(file).Purpose != certgen.ForPassword {
		return fmt.Errorf("%q is not the place of a password", file)
	}
	raw := make([]byte, passwordBytes)
	if _, err := rand.Read(raw); err != nil {
		return fmt.Errorf("making a password: %w", err)
	}
	defer clear(raw)
	content := append(base64.RawURLEncoding.AppendEncode(nil, raw), '\n')
	defer clear(content)
	return f.stage(file, content, 0o600)
}

// ErrEmptyPassword is the error for a password file without a password.
var ErrEmptyPassword = errors.New("it is empty, and no user gets an empty password")

// Password is the password of the component's user, which lies in its folder. The error is
// fs.ErrNotExist where it is not there, and never tells what is in the file.
func (f *Folder) Password(component string) (string, error) {
	name := certgen.PasswordPath(component)
	content, _, err := f.read(name)
	if err != nil {
		return "", fmt.Errorf("reading %s: %w", name, err)
	}
	defer clear(content)
	text := strings.TrimSuffix(strings.TrimSuffix(string(content), "\n"), "\r")
	switch {
	case text == "":
		return "", fmt.Errorf("reading %s: %w", name, ErrEmptyPassword)
	case len(text) > mostPassword || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
		return "", fmt.Errorf("reading %s: it is not one line of UTF-8 text of at most %d bytes", name, mostPassword)
	}
	return text, nil
}
