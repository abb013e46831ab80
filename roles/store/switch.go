package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
)

// retryPause is the time between two tries of a call whose answer was lost.
const retryPause = 200 * time.Millisecond

// EnableAuth turns auth on. Its answer may be lost; the call is idempotent and
// repeated until etcd answers or ctx ends (fact 29). A repeat that is refused for want
// of root says that auth is on, too: while it is off no user is refused. Whether root
// gets in is another question (CheckRoot).
func (c *Client) EnableAuth(ctx context.Context) error {
	return c.untilAnswered(ctx, "turning auth on", func(ctx context.Context) error {
		_, err := c.etcd.AuthEnable(ctx)
		if refusedByAuth(err) {
			return nil
		}
		return err
	})
}

// DisableAuth turns auth off, repeated like EnableAuth. That auth is off already is success.
func (c *Client) DisableAuth(ctx context.Context) error {
	return c.untilAnswered(ctx, "turning auth off", func(ctx context.Context) error {
		_, err := c.etcd.AuthDisable(ctx)
		if IsAuthOff(err) {
			return nil
		}
		return err
	})
}

// AddRecoveryUser adds a user with a password and role root. It is the only superuser with
// a password that lockstep ever makes, and it does not live longer than turning auth on.
func (c *Client) AddRecoveryUser(ctx context.Context, user, password string) error {
	if _, err := c.etcd.UserAdd(ctx, user, password); err != nil {
		return fmt.Errorf("adding the temporary superuser: %w", c.explainSilence(ctx, err))
	}
	if _, err := c.etcd.UserGrantRole(ctx, user, "root"); err != nil {
		return fmt.Errorf("giving the temporary superuser role root: %w", c.explainSilence(ctx, err))
	}
	return nil
}

// DeleteRecoveryUser deletes the user and looks that it is gone; that it was gone
// already is success.
func (c *Client) DeleteRecoveryUser(ctx context.Context, user string) error {
	return c.untilAnswered(ctx, "deleting the temporary superuser", func(ctx context.Context) error {
		if _, err := c.etcd.UserDelete(ctx, user); err != nil && !isUserNotFound(err) {
			return err
		}
		_, err := c.etcd.UserGet(ctx, user)
		switch {
		case isUserNotFound(err):
			return nil
		case err == nil:
			return fmt.Errorf("user %q is still there", user)
		}
		return err
	})
}

// unanswered is a call that was repeated until its time was up.
type unanswered struct {
	doing string
	err   error
}

func (u unanswered) Error() string {
	return u.doing + ": no conclusive answer before the deadline"
}
func (u unanswered) Unwrap() error { return u.err }

// untilAnswered repeats call while its outcome is unknown.
func (c *Client) untilAnswered(ctx context.Context, doing string, call func(context.Context) error) error {
	for {
		err := c.once(ctx, call)
		if err == nil {
			return nil
		}
		switch {
		case errors.Is(ctx.Err(), context.DeadlineExceeded):
			return unanswered{doing, err}
		case !outcomeUnknown(err), code(err) == codes.Canceled:
			return fmt.Errorf("%s: %w", doing, err)
		}
		select {
		case <-ctx.Done():
			return unanswered{doing, err}
		case <-time.After(retryPause):
		}
	}
}

// once gives a try its own time, so that one member that lost the answer does not use up
// the time for asking another.
func (c *Client) once(ctx context.Context, call func(context.Context) error) error {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	return call(ctx)
}
