package verify

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/sync/errgroup"

	"lockstep/bootstrap/world"
	"lockstep/roles"
)

// Options is how thorough a proof is. The zero value asks about a sample of other
// components' keys and tries only certificates that are here.
type Options struct {
	Exhaustive bool // ask every component about every other component's ranges
	Mint       bool // make a five-minute certificate in memory for a component whose key is not here
}

func (o Options) sample() int {
	if o.Exhaustive {
		return -1
	}
	return sampleOthers
}

// Gather collects all evidence; what depends on nothing else is asked at the same
// time. It fails only where nothing can be asked at all.
func Gather(ctx context.Context, w *world.World, o Options) (*Evidence, error) {
	e := &Evidence{Policy: w.Policy, Now: w.Now()}
	folder, err := w.Folder.Observe()
	if err != nil {
		return nil, fmt.Errorf("reading the PKI folder: %w", err)
	}
	e.Folder = &folder
	_, err = w.Folder.ReadSecret("recovery")
	e.Recovery = !errors.Is(err, fs.ErrNotExist)

	var g errgroup.Group
	g.Go(func() (err error) {
		e.Members, err = Survey(ctx, w, nil)
		return err
	})
	g.Go(func() error {
		e.Auth, e.AuthErr = observe(ctx, w)
		return nil
	})
	g.Go(func() error {
		e.Proofs = Prove(ctx, w, o, w.Policy.Components)
		return nil
	})
	return e, g.Wait()
}

// observe reads etcd's users and roles, and asks for the policy's users whether they
// have a password.
func observe(ctx context.Context, w *world.World) (*roles.State, error) {
	c, err := w.Administrator(ctx)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(ctx, w.CallTimeout)
	defer cancel()
	w.Introduce(ctx, c)
	state, err := c.Observe(ctx, UserNames(w))
	if err != nil {
		return nil, err
	}
	return &state, nil
}

// UserNames is every user that the policy names, root included.
func UserNames(w *world.World) []string {
	var out []string
	for _, u := range roles.Desired(w.Policy).Users {
		out = append(out, u.Name)
	}
	return out
}
