package verify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"lockstep/bootstrap/world"
	"lockstep/policies"
	"lockstep/policies/hint"
	"lockstep/roles"
)

// GatherSelf collects what the holder of one component's certificate can find out alone,
// without root and without a PKI folder: each user may read itself and its roles (fact 24). It
// asks every member. The evidence is about this component only, for [SelfChecks].
func GatherSelf(ctx context.Context, w *world.World, identity *tls.Certificate, o Options) (*Evidence, error) {
	user := commonName(identity)
	i := slices.IndexFunc(w.Policy.Components, func(c policies.Component) bool { return c.User.String() == user })
	if user == "" {
		return nil, hint.With(errors.New("the certificate names no user: it has no CN"),
			"A user with a password cannot be proven by its certificate: run lockstep verify where the PKI folder is, which asks as its software does.")
	}
	if i < 0 {
		return nil, hint.With(fmt.Errorf("the policy names no component with the user %q, which the certificate names", user),
			"Give the certificate of a component by --cert and --key.")
	}
	own := *w.Policy
	own.Components, own.Accept = w.Policy.Components[i:i+1], nil
	e := &Evidence{Policy: &own, Now: w.Now(), As: As{Who: fmt.Sprintf("%q", user)}}
	questions := roles.NewExaminer(roles.Desired(w.Policy)).Questions(user, o.sample())
	members := w.Members()
	e.Proofs, e.Members = make([]Proof, len(members)), make([]Member, len(members))
	states := make([]roles.State, len(members))
	var g errgroup.Group
	for n, m := range members {
		g.Go(func() error {
			c := own.Components[0]
			e.Proofs[n] = Proof{Component: c.Name + " at " + m.Name, User: c.User, Role: c.Role.String(), Member: m.Name, NotAfter: identity.Leaf.NotAfter}
			e.Members[n] = Member{Name: m.Name, URL: m.URL}
			states[n], e.Members[n].Err = proveSelf(ctx, w, identity, m.URL, questions, &e.Proofs[n])
			return nil
		})
	}
	if err := wait(ctx, &g); err != nil {
		return nil, err
	}
	e.Auth, e.AuthErr = selfState(states, e.Members, roles.Desired(&own))
	return e, nil
}

// proveSelf asks one member what the identity is, and what it can do.
func proveSelf(ctx context.Context, w *world.World, identity *tls.Certificate, url string, questions []roles.Question, p *Proof) (roles.State, error) {
	ctx, cancel := context.WithTimeout(ctx, w.CallTimeout+time.Duration(len(questions))*10*time.Millisecond)
	defer cancel()
	client, err := w.Connect(ctx, identity, url)
	if err != nil {
		p.Err = err
		return roles.State{}, err
	}
	defer client.Close()
	state, err := client.Self(ctx, p.User.String())
	if err != nil {
		p.Err = err
		return state, nil // the member answered: the proof says what
	}
	answers, err := client.Probe(ctx, questions, perIdentity)
	p.Take(answers)
	p.Err = err
	return state, nil
}

// selfState is what the first member that answered said, with what a component cannot see as
// the policy wants it: root, that no password is set, and roles that it is not bound to.
func selfState(states []roles.State, members []Member, wanted roles.State) (*roles.State, error) {
	var errs []error
	for i, s := range states {
		if len(s.Users) == 0 {
			errs = append(errs, members[i].Err)
			continue
		}
		s.Enabled = true
		s.Users[0].Password = roles.PasswordAbsent
		root := policies.Root().String()
		if s.Users[0].Name != root {
			s.Users = append(s.Users, roles.User{Name: root, Roles: []string{root}, Password: roles.PasswordAbsent})
		}
		for _, r := range wanted.Roles {
			if !slices.ContainsFunc(s.Roles, func(own roles.Role) bool { return own.Name == r.Name }) {
				s.Roles = append(s.Roles, r)
			}
		}
		slices.SortFunc(s.Users, func(a, b roles.User) int { return strings.Compare(a.Name, b.Name) })
		slices.SortFunc(s.Roles, func(a, b roles.Role) int { return strings.Compare(a.Name, b.Name) })
		return &s, nil
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return nil, errors.New("etcd did not tell the user anything about itself")
}

// SelfChecks is the checks that a component can make about itself.
func SelfChecks() []Check {
	own := []string{"users/missing", "users/excess", "roles/missing", "roles/excess", "roles/redundant", "members/reached", "proof/denied", "proof/allowed", "proof/inconclusive"}
	return slices.DeleteFunc(Checks(), func(c Check) bool { return !slices.Contains(own, c.Code) })
}
