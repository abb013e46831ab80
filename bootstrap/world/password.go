package world

import (
	"fmt"
	"io/fs"
)

// Password is the password of a user to which the policy gives one, read from its component's
// folder. The error is fs.ErrNotExist for another user, and where the file is not here.
func (w *World) Password(user string) (string, error) {
	component, given := w.passwordFolders()[user]
	if !given || w.Folder == nil {
		return "", fmt.Errorf("reading the password of user %q: %w", user, fs.ErrNotExist)
	}
	return w.Folder.Password(component)
}

// passwordFolders is the components whose users have a password, by user. It is made once: of each
// user of the policy it is asked whether it has one.
func (w *World) passwordFolders() map[string]string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.passwords == nil {
		w.passwords = map[string]string{}
		for _, c := range w.Policy.Components {
			if c.Password {
				w.passwords[c.User.String()] = c.Name
			}
		}
	}
	return w.passwords
}
