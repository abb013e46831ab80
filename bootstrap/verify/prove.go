package verify

import (
	"context"
	"crypto/tls"
	"errors"
	"io/fs"
	"time"

	"golang.org/x/sync/errgroup"

	"lockstep/bootstrap/world"
	"lockstep/certgen"
	"lockstep/policies"
	"lockstep/roles"
)

// mintTTL is how long a certificate made for a proof is valid; it is never written.
const mintTTL = 5 * time.Minute

// sampleOthers is how many ranges of other components each component is asked about
// unless the proof is exhaustive.
const sampleOthers = 8

// perIdentity is how many of one identity's questions are under way together: a member that is far
// away takes three or four round trips for all of them, and one that serves clients has no more than a
// few hundred at a time.
const perIdentity = 8

// perConnection is how many calls a connection counts for: with its shaking hands and its
// buffers, a quarter of a megabyte, it is more than one call under way.
const perConnection = 2

// Prove asks etcd, as each of the holders with its own certificate, about every range
// it was given and about what lies beside it (fact 23). Members take turns; a user with a password
// asks all of them, because each has an HTTP gateway of its own. Nothing is written.
func Prove(ctx context.Context, w *world.World, o Options, holders []policies.Holder) []Proof {
	examiner := roles.NewExaminer(roles.Desired(w.Policy))
	proofs := make([]Proof, len(holders))
	for i, c := range holders {
		proofs[i] = Proof{Component: c.ID(), User: c.User, Role: c.Role.String()}
	}
	voters, err := w.Voters(ctx)
	if err != nil {
		for i := range proofs {
			proofs[i].Err = err
		}
		return proofs
	}
	done := w.Counter("proof", len(proofs))
	var g errgroup.Group
	g.SetLimit(max(w.InFlight/perConnection, 1))
	for i, c := range holders {
		g.Go(func() error {
			p := &proofs[i]
			url := voters[i%len(voters)]
			p.Member = w.MemberAt(url)
			urls := []string{url}
			if c.Password {
				urls = voters
			}
			proveOne(ctx, w, o, c, urls, examiner.Questions(c.User.String(), o.sample()), p)
			done("proved " + c.ID())
			return nil
		})
	}
	_ = g.Wait() // every error is in its proof
	return proofs
}

// keyDelivered is why a component whose key was delivered is not proven live.
const keyDelivered = "its key is not here"

func proveOne(ctx context.Context, w *world.World, o Options, c policies.Holder, urls []string, questions []roles.Question, p *Proof) {
	identity, minted, err := ComponentIdentity(ctx, w, c, o.Mint)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p.NotLive = keyDelivered
		return
	case err != nil:
		p.NotLive = err.Error()
		return
	}
	p.NotAfter, p.Minted = identity.Leaf.NotAfter, minted
	if c.Password {
		proveThroughGateways(ctx, w, c, identity, urls, questions, p)
		return
	}
	client, err := w.Connect(ctx, identity, urls...)
	if err != nil {
		p.Err = err
		return
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, w.CallTimeout+time.Duration(len(questions))*10*time.Millisecond)
	defer cancel()
	answers, err := client.Probe(ctx, questions, perIdentity)
	p.Take(answers)
	p.Err = err
}

// ComponentIdentity is the certificate in the folder of the component, or of its instance. With mint and without
// a key there, it is one made in memory; minted tells. Without either the error is
// fs.ErrNotExist.
func ComponentIdentity(ctx context.Context, w *world.World, c policies.Holder, mint bool) (identity *tls.Certificate, minted bool, err error) {
	profile := certgen.ComponentProfile(w.Policy, c)
	var found tls.Certificate
	err = fs.ErrNotExist // a policy names no key outside the folder
	if profile.External == "" {
		found, err = w.Folder.Identity(profile.Path)
	}
	if errors.Is(err, fs.ErrNotExist) && mint {
		profile.Lifetime = mintTTL
		found, err = w.Mint(ctx, profile)
		minted = err == nil
	}
	if err != nil {
		return nil, false, err
	}
	return &found, minted, nil
}
