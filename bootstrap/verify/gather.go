package verify

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"golang.org/x/sync/errgroup"

	"lockstep/bootstrap/authon"
	"lockstep/bootstrap/world"
	"lockstep/certgen"
	"lockstep/certgen/folder"
	"lockstep/roles"
)

// Options is how thorough a proof is. The zero value asks about a sample of other
// components' keys and tries only certificates that are here.
type Options struct {
	AcceptForeign []string // users outside the policy that are no finding
	Exhaustive    bool     // ask every component about every other component's ranges
	NoProxies     bool     // the policy's proxies are not there to be asked: a rehearsal has none
	Mint          bool     // make a five-minute certificate in memory for a component whose key is not here
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
	e := &Evidence{Policy: w.Policy, Now: w.Now(), AcceptForeign: o.AcceptForeign}
	state, err := w.Folder.Inspect()
	if err != nil {
		return nil, err
	}
	e.Folder, e.Passwords = &state, weakPasswords(w)
	e.Recovery = RecoveryLeft(w)

	var g errgroup.Group
	g.Go(func() error {
		as, how, err := anyAdministrator(ctx, w)
		if err == nil {
			e.As = how
			var proxies sync.WaitGroup
			if !o.NoProxies {
				proxies.Go(func() { e.Proxies = surveyProxies(ctx, w, as) })
			}
			e.Members, err = survey(ctx, w, as, nil)
			askAdvertised(ctx, w, as, e.Members)
			proxies.Wait()
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) && e.spoilt() {
			e.MembersErr, err = err, nil // what is wrong with the folder is no reason to say nothing
		}
		return err
	})
	g.Go(func() error {
		e.Auth, e.AuthCluster, e.Empty, e.AuthErr = observe(ctx, w)
		return nil
	})
	g.Go(func() error {
		e.Proofs = Prove(ctx, w, o, w.Policy.Holders())
		return nil
	})
	if err := wait(ctx, &g); err != nil {
		return nil, err
	}
	return e, nil
}

// spoilt reports whether the folder cannot be used as it is: there are findings about it.
func (e *Evidence) spoilt() bool {
	return len(e.Folder.Faults) > 0 || len(certgen.Diff(certgen.Desired(e.Policy), *e.Folder, e.Now).Blocked()) > 0
}

// GatherOffline collects what the policy and the PKI folder tell. Nothing is asked.
func GatherOffline(w *world.World, o Options) (*Evidence, error) {
	state, err := w.Folder.Inspect()
	if err != nil {
		return nil, err
	}
	return &Evidence{Policy: w.Policy, Now: w.Now(), Offline: true, AcceptForeign: o.AcceptForeign, Folder: &state, Passwords: weakPasswords(w), Recovery: RecoveryLeft(w)}, nil
}

// RecoveryLeft reports whether the PKI folder holds the file of an interrupted AuthEnable,
// readable or not.
func RecoveryLeft(w *world.World) bool {
	return authon.Left(w.Folder)
}

// observe reads etcd's users and roles, and asks for the policy's users whether they
// have a password.
func observe(ctx context.Context, w *world.World) (state *roles.State, cluster uint64, empty []string, err error) {
	c, err := w.Administrator(ctx)
	if err != nil {
		return nil, 0, nil, err
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(ctx, w.CallTimeout)
	defer cancel()
	w.Introduce(ctx, c)
	seen, err := c.Observe(ctx, UserNames(w))
	if err != nil {
		return nil, 0, nil, err
	}
	if cluster, err = c.ClusterID(ctx); err != nil {
		return nil, 0, nil, err
	}
	if seen.Enabled {
		empty, err = c.EmptyPasswords(ctx, mayLogIn(seen))
	}
	return &seen, cluster, empty, err
}

// shortestPassword is the length below which a password counts as one that can be guessed.
const shortestPassword = 16

// weakPasswords is what is wrong with the passwords that are here, by component.
func weakPasswords(w *world.World) map[string]string {
	out, of := map[string]string{}, map[string]string{} // of: whose password it is
	for _, c := range w.Policy.Components {
		if !c.Password {
			continue
		}
		password, err := w.Folder.Password(c.Name)
		switch {
		case errors.Is(err, fs.ErrNotExist): // delivered
		case errors.Is(err, folder.ErrEmptyPassword):
			out[c.Name] = "is empty"
		case err != nil:
			out[c.Name] = fmt.Sprintf("cannot be used: %v", err)
		case password == c.User.String() || password == c.Name || password == c.Role.String():
			out[c.Name] = "is a name"
		case len(password) < shortestPassword:
			out[c.Name] = fmt.Sprintf("has %d bytes", len(password))
		case of[password] != "":
			out[c.Name] = fmt.Sprintf("is also the password of component %s", of[password])
		default:
			of[password] = c.Name
		}
	}
	return out
}

// mayLogIn is the users that may have an empty password: those that are known to have one, and
// those that the policy does not name, of which that is not known.
func mayLogIn(s roles.State) (names []string) {
	for _, u := range s.Users {
		if u.Password != roles.PasswordAbsent && u.Password != roles.PasswordOurs {
			names = append(names, u.Name)
		}
	}
	return names
}

// UserNames is every user that the policy names, root included.
func UserNames(w *world.World) []string {
	var out []string
	for _, u := range roles.Desired(w.Policy).Users {
		out = append(out, u.Name)
	}
	return out
}
