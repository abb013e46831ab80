package verify

import (
	"context"
	"crypto/tls"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"

	"lockstep/bootstrap/world"
	"lockstep/policies"
	"lockstep/roles"
	"lockstep/roles/store"
)

// GatewayLogin is how one member's HTTP gateway took a component with a password.
type GatewayLogin struct {
	Member string
	Err    error // why it was not asked; nil: it was
}

// passwordAway is why a component whose password was delivered is not proven live.
const passwordAway = "its password is not here"

// proveThroughGateways asks every member as the component's software does: over HTTP, with a
// certificate without a CN, logged in by the password in its folder.
func proveThroughGateways(ctx context.Context, w *world.World, c policies.Holder, identity *tls.Certificate, urls []string, questions []roles.Question, p *Proof) {
	password, err := w.Password(c.User.String())
	if errors.Is(err, fs.ErrNotExist) {
		p.NotLive = passwordAway
		return
	}
	if err != nil {
		p.Err = err
		return
	}
	proofs := make([]Proof, len(urls))
	p.Gateways = make([]GatewayLogin, len(urls))
	var group sync.WaitGroup
	for i, url := range urls {
		group.Go(func() {
			p.Gateways[i] = GatewayLogin{Member: w.MemberAt(url), Err: proveThrough(ctx, w, c, identity, url, password, questions, &proofs[i])}
		})
	}
	group.Wait()
	var names []string
	for i, at := range p.Gateways {
		names = append(names, at.Member)
		p.Allowed, p.Refused = p.Allowed+proofs[i].Allowed, p.Refused+proofs[i].Refused
		for _, a := range proofs[i].Failed {
			a.About += ", through the HTTP gateway of " + at.Member + ","
			p.Failed = append(p.Failed, a)
		}
	}
	p.Member = strings.Join(names, ", ")
	if i := slices.IndexFunc(p.Gateways, func(g GatewayLogin) bool { return g.Err != nil }); i >= 0 {
		p.Err = p.Gateways[i].Err
	}
}

// proveThrough asks one member.
func proveThrough(ctx context.Context, w *world.World, c policies.Holder, identity *tls.Certificate, url, password string, questions []roles.Question, p *Proof) error {
	config, err := w.TLS(identity)
	if err != nil {
		return err
	}
	gateway := store.OpenGateway(url, config, w.CallTimeout)
	defer gateway.Close()
	ctx, cancel := context.WithTimeout(ctx, w.CallTimeout+time.Duration(len(questions))*10*time.Millisecond)
	defer cancel()
	if err := gateway.Login(ctx, c.User.String(), password); err != nil {
		return err
	}
	answers, err := gateway.Probe(ctx, questions, perIdentity)
	p.Take(answers)
	return err
}
