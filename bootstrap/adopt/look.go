package adopt

import (
	"context"
	"fmt"
	"slices"
	"time"

	"lockstep/policies/keyrange"
	"lockstep/policies/presets"
	"lockstep/roles"
	"lockstep/roles/store"
)

// Etcd is what a look needs; *store.Client has it.
type Etcd interface {
	Observe(ctx context.Context, probe []string) (roles.State, error)
	Members(ctx context.Context) ([]store.Member, error)
	HoldsKey(ctx context.Context, p keyrange.Permission) (bool, error)
}

// Look reads a cluster as root, each call bounded by timeout. While auth is on it also
// finds out which users have a password, which etcd logs (fact 18). Endpoints, Folder
// and Certificates of the facts are the caller's to add.
func Look(ctx context.Context, etcd Etcd, timeout time.Duration) (roles.State, Facts, error) {
	l := looker{etcd: etcd, timeout: timeout}
	state, err := l.observe(ctx)
	if err != nil {
		return state, Facts{}, fmt.Errorf("reading etcd's users and roles: %w", err)
	}
	var f Facts
	err = l.call(ctx, func(ctx context.Context) (err error) {
		f.Members, err = etcd.Members(ctx)
		return err
	})
	if err != nil {
		return state, Facts{}, fmt.Errorf("listing etcd's members: %w", err)
	}
	if unused(state) {
		f.Held, err = l.held(ctx)
	}
	if err != nil {
		return state, Facts{}, fmt.Errorf("looking for the keys of known software: %w", err)
	}
	return state, f, nil
}

// unused reports whether etcd knows no user but root.
func unused(s roles.State) bool {
	for _, u := range s.Users {
		if u.Name != root {
			return false
		}
	}
	return true
}

type looker struct {
	etcd    Etcd
	timeout time.Duration
}

func (l looker) call(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	return f(ctx)
}

// observe looks twice when auth is on: the first look tells which users to ask about passwords.
func (l looker) observe(ctx context.Context) (state roles.State, err error) {
	look := func(probe []string) func(context.Context) error {
		return func(ctx context.Context) (err error) {
			state, err = l.etcd.Observe(ctx, probe)
			return err
		}
	}
	if err := l.call(ctx, look(nil)); err != nil || !state.Enabled {
		return state, err
	}
	var names []string
	for _, u := range state.Users {
		names = append(names, u.Name)
	}
	return state, l.call(ctx, look(names))
}

// held asks for one key at each place where a preset may write or read. Presets that
// have no place of their own (administrators, a parameter without default) are not found.
func (l looker) held(ctx context.Context) ([]Held, error) {
	known := map[keyrange.Range]bool{}
	holds := func(p keyrange.Permission) (found bool, err error) {
		if found, asked := known[p.Range()]; asked {
			return found, nil
		}
		err = l.call(ctx, func(ctx context.Context) (err error) {
			found, err = l.etcd.HoldsKey(ctx, p)
			return err
		})
		known[p.Range()] = found
		return found, err
	}
	var out []Held
	for _, preset := range presets.List() {
		permissions, _, _ := preset.Expand(ComponentName(preset.Name), nil)
		for _, p := range permissions {
			found, err := holds(p)
			if err != nil {
				return nil, err
			}
			if found {
				out = append(out, Held{Preset: preset.Name, Where: p})
				break
			}
		}
	}
	return slices.DeleteFunc(out, func(h Held) bool { return byPassword(h.Preset) && likelier(out, h) }), nil
}

// byPassword reports whether the preset is of software behind the HTTP gateway.
func byPassword(preset string) bool {
	p, _ := presets.Lookup(preset)
	return p.Identity == presets.ByPassword
}

// likelier reports whether software with a certificate keeps its keys in the same place.
func likelier(all []Held, h Held) bool {
	return slices.ContainsFunc(all, func(other Held) bool { return !byPassword(other.Preset) && other.Where.Range() == h.Where.Range() })
}
