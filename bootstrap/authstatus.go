package bootstrap

import (
	"context"
	"slices"

	"lockstep/bootstrap/verify"
	"lockstep/bootstrap/world"
	"lockstep/policies"
	"lockstep/roles"
)

// AuthState is what the members say of auth.
type AuthState struct {
	As         verify.As       // with whose certificate they were asked
	Members    []verify.Member // in the policy's order
	Superusers []Superuser     // by name
	Unread     error           // why Superusers is not known
}

// Superuser is a user that holds role root.
type Superuser struct {
	Name      string
	Component string // that the policy makes an administrator with this user; "" for none
	Root      bool   // user root, whose certificate lockstep uses
	Password  roles.Password
}

// AuthStatus asks every member whether auth is on and whether root, or the administrator that the
// operator named, gets in by the CN of the certificate, and reads which users hold role root. It
// changes nothing.
func AuthStatus(ctx context.Context, w *world.World) (AuthState, error) {
	members, as, err := verify.SurveyAs(ctx, w)
	if err != nil {
		return AuthState{}, err
	}
	out := AuthState{As: as, Members: members}
	observed, err := UsersAndRoles(ctx, w)
	if err != nil {
		out.Unread = err
	} else {
		out.Superusers = superusers(w.Policy, observed)
	}
	return out, ctx.Err()
}

// superusers is the users that hold role root, by name.
func superusers(p *policies.Policy, s roles.State) []Superuser {
	var out []Superuser
	for _, u := range s.Users {
		if !u.Holds(policies.RootRole().String()) {
			continue
		}
		super := Superuser{Name: u.Name, Root: u.Name == policies.Root().String(), Password: u.Password}
		for _, c := range p.Components {
			if c.Administrator && c.User.String() == u.Name {
				super.Component = c.Name
			}
		}
		out = append(out, super)
	}
	return out
}

// Settled reports whether auth is on and the certificate gets in by its CN, on every member.
func (s AuthState) Settled() bool {
	return len(s.Members) > 0 && !slices.ContainsFunc(s.Members, func(m verify.Member) bool {
		return m.Err != nil || m.Learner || !m.AuthOn || m.Root.Outcome != verify.Accepted
	})
}

// On reports whether a member answers that auth is on. Learners do not tell (fact 30).
func (s AuthState) On() bool {
	return slices.ContainsFunc(s.Members, func(m verify.Member) bool { return m.Err == nil && !m.Learner && m.AuthOn })
}
