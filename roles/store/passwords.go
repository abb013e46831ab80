package store

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
)

// loginsInFlight bounds logins: etcd hashes each password, which takes it tens of milliseconds.
const loginsInFlight = 4

// EmptyPasswords is those of the users that log in with an empty password, sorted (fact 17). A
// user that is not there, or has no password, is not among them.
func (c *Client) EmptyPasswords(ctx context.Context, users []string) ([]string, error) {
	var mu sync.Mutex
	var empty []string
	g, inner := errgroup.WithContext(ctx)
	g.SetLimit(loginsInFlight)
	for _, name := range users {
		g.Go(func() error {
			_, err := c.etcd.Authenticate(inner, name, "")
			switch {
			case err == nil:
				mu.Lock()
				defer mu.Unlock()
				empty = append(empty, name)
			case isNoPassword(err), IsAuthFailed(err), isUserNotFound(err):
			default:
				return fmt.Errorf("asking whether user %q has an empty password: %w", name, err)
			}
			return nil
		})
	}
	err := g.Wait()
	slices.Sort(empty)
	return empty, c.explain(ctx, err)
}
