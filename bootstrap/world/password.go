package world

import (
	"fmt"
	"io/fs"
)

// Password is the password of a user to which the policy gives one, read from its component's
// folder. The error is fs.ErrNotExist for another user, and where the file is not here.
func (w *World) Password(user string) (string, error) {
	c, found := w.Policy.WithPassword(user)
	if !found || w.Folder == nil {
		return "", fmt.Errorf("reading the password of user %q: %w", user, fs.ErrNotExist)
	}
	return w.Folder.Password(c.Name)
}
