package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	clientv3 "go.etcd.io/etcd/client/v3"

	"lockstep/policies/hint"
	"lockstep/roles"
)

// Passwords is where the passwords of users are read when they are needed. The error is
// fs.ErrNotExist for a user without one, and tells nothing of a password.
type Passwords func(user string) (string, error)

// With is api with the passwords of users: [Observe] tries them, and [Apply] gives them to users.
func With(api API, passwords Passwords) API {
	if passwords == nil {
		return api
	}
	return knowing{api, passwords}
}

// knowing is an API that knows passwords.
type knowing struct {
	API
	passwords Passwords
}

// passwordOf is the user's password, as far as api knows it.
func passwordOf(api API, user string) (string, error) {
	k, ok := api.(knowing)
	if !ok {
		return "", fs.ErrNotExist
	}
	return k.passwords(user)
}

// tryPassword finds out whether the user logs in with the password that api knows; known is false
// where it knows none, and only whether the user has a password can be asked.
func tryPassword(ctx context.Context, api API, user string) (found roles.Password, known bool, err error) {
	password, err := passwordOf(api, user)
	if err != nil || password == "" {
		return roles.PasswordUnknown, false, nil // what is wrong with the file is a finding, and Apply's error
	}
	select {
	case logins <- struct{}{}:
	case <-ctx.Done():
		return roles.PasswordUnknown, true, ctx.Err()
	}
	defer func() { <-logins }()
	switch _, err := api.Authenticate(ctx, user, password); {
	case err == nil:
		return roles.PasswordOurs, true, nil
	case isNoPassword(err):
		return roles.PasswordAbsent, true, nil
	case IsAuthFailed(err):
		return roles.PasswordOther, true, nil
	default:
		return roles.PasswordUnknown, true, fmt.Errorf("asking whether user %q logs in with the password in its folder: %w", user, err)
	}
}

// logins bounds logins in flight: etcd hashes each password, which takes it tens of milliseconds.
var logins = make(chan struct{}, loginsInFlight)

// addUser adds a user with the password that api knows, or without one. It never calls
// UserAdd(name, ""): that stores the hash of "" (fact 17).
func addUser(ctx context.Context, api API, s roles.Step) error {
	if !s.WithPassword {
		_, err := api.UserAddWithOptions(ctx, s.User, "", &clientv3.UserAddOptions{NoPassword: true})
		return err
	}
	password, err := needPassword(api, s.User)
	if err == nil {
		_, err = api.UserAdd(ctx, s.User, password)
	}
	return err
}

func changePassword(ctx context.Context, api API, user string) error {
	password, err := needPassword(api, user)
	if err == nil {
		_, err = api.UserChangePassword(ctx, user, password)
	}
	return err
}

// readPasswords fails where a password that the plan needs cannot be read: a user that is to be
// made again would be deleted, and not added.
func readPasswords(api API, plan roles.Plan) error {
	for _, s := range plan.Steps {
		if !s.WithPassword && s.Action != roles.UserChangePassword {
			continue
		}
		if _, err := needPassword(api, s.User); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

// needPassword is the password of a user that is given one. An empty one is refused.
func needPassword(api API, user string) (string, error) {
	password, err := passwordOf(api, user)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", hint.With(fmt.Errorf("the password of user %q is not in the PKI folder", user),
			"lockstep certs rekey of its component makes another one.")
	case err == nil && password == "":
		err = fmt.Errorf("the password of user %q is empty", user)
	}
	return password, err
}
