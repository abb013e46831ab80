package verify

import (
	"context"
	"crypto/tls"
	"sync"
	"time"

	"lockstep/bootstrap/world"
	"lockstep/policies/keyrange"
	"lockstep/roles"
	"lockstep/roles/store"
)

// askPages asks a member for what it tells over HTTP: its clock, because gRPC tells none,
// whether it answers the HTTP gateway, and the flags that it was started with.
func askPages(ctx context.Context, w *world.World, from store.Pages, identity *tls.Certificate) Pages {
	config, err := w.TLS(identity)
	if err != nil {
		return Pages{ClockErr: err}
	}
	ctx, cancel := context.WithTimeout(ctx, w.CallTimeout)
	defer cancel()
	var p Pages
	var group sync.WaitGroup
	group.Go(func() {
		clock, err := store.Clock(ctx, from, config)
		p.Clock, p.ClockErr = clock.Sub(w.Now()), err
	})
	group.Go(func() {
		switch serves, err := store.ServesGateway(ctx, from, config); {
		case err != nil: // not known
		case serves:
			p.Gateway = Accepted
		default:
			p.Gateway = Refused
		}
	})
	if w.Policy.Gateway() && commonName(identity) != "" {
		group.Go(func() { p.GatewayCN = askGateway(ctx, w, from.Client, config) })
	}
	group.Go(func() { p.Command, _ = store.CommandLine(ctx, from, config) }) // not every member tells it
	group.Wait()
	return p
}

// askGateway asks through the HTTP gateway with a certificate that has a CN, and without a login.
func askGateway(ctx context.Context, w *world.World, url string, config *tls.Config) Attempt {
	gateway := store.OpenGateway(url, config, w.CallTimeout)
	defer gateway.Close()
	switch err := gateway.Asks(ctx, anyKey()); {
	case err == nil:
		return Attempt{Outcome: Accepted}
	case store.RefusesCN(err):
		return Attempt{Outcome: Refused, Err: err}
	default:
		return Attempt{Err: err}
	}
}

// anyKey is a question about the first key.
func anyKey() roles.Question {
	return roles.Question{Access: keyrange.Read, Range: keyrange.Single(keyrange.FromKeyEnd), Want: roles.Denied}
}

// askStart asks a member when its process started; zero where it does not tell.
func askStart(ctx context.Context, w *world.World, from store.Pages, identity *tls.Certificate) time.Time {
	config, err := w.TLS(identity)
	if err != nil {
		return time.Time{}
	}
	ctx, cancel := context.WithTimeout(ctx, w.CallTimeout)
	defer cancel()
	counted, _ := store.CountRequests(ctx, from, config)
	return counted.Started
}
