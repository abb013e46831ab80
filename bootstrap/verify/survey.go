package verify

import (
	"context"
	"crypto/tls"
	"errors"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"lockstep/bootstrap/world"
	"lockstep/certgen"
	"lockstep/roles/store"
)

// Identity is a certificate to try on every member, under the name of its component.
type Identity struct {
	Name        string
	Certificate tls.Certificate
}

// Survey asks every member of the policy, all at the same time, what it shows from
// outside, and whether it takes root's certificate and those of identities. A member
// that cannot be asked is in the answer with the reason; Survey itself fails only
// when root's certificate or the server CA are not here. Gather alone can do with another
// administrator: what changes etcd must know whether root gets in.
func Survey(ctx context.Context, w *world.World, identities []Identity) ([]Member, error) {
	root, err := w.Root(ctx)
	if err != nil {
		return nil, err
	}
	return survey(ctx, w, asker{identity: root}, identities)
}

// SurveyAs is Survey with root's certificate where it is here, else as the administrator that the
// operator named. As says which it was.
func SurveyAs(ctx context.Context, w *world.World) ([]Member, As, error) {
	as, how, err := anyAdministrator(ctx, w)
	if err != nil {
		return nil, how, err
	}
	members, err := survey(ctx, w, as, nil)
	return members, how, err
}

// survey asks as the given administrator.
func survey(ctx context.Context, w *world.World, as asker, identities []Identity) ([]Member, error) {
	if as.identity != nil {
		identities = append([]Identity{{Name: as.shows(), Certificate: *as.identity}}, identities...)
	}
	peer, canary := anyPeer(ctx, w), canariesOf(w)
	members := make([]Member, len(w.Members()))
	var g errgroup.Group
	for i, m := range w.Members() {
		g.Go(func() error {
			members[i] = surveyMember(ctx, w, m, as, identities, peer, canary)
			return nil
		})
	}
	return members, wait(ctx, &g)
}

// wait returns when all of g is done. After an interruption its error is that of ctx alone:
// what the calls answered by then is half an evidence, and would read like findings.
func wait(ctx context.Context, g *errgroup.Group) error {
	err := g.Wait()
	if interrupted := ctx.Err(); interrupted != nil {
		return interrupted
	}
	return err
}

// surveyMember asks both ports at once: the one for members keeps silent for a while.
func surveyMember(ctx context.Context, w *world.World, at world.Member, as asker, identities []Identity, peer *tls.Certificate, canary canaries) Member {
	var component *tls.Certificate
	if len(identities) > 0 {
		component = &identities[len(identities)-1].Certificate
	}
	var peerPort PeerPort
	var group sync.WaitGroup
	group.Go(func() {
		peerPort = surveyPeerPort(ctx, w, at.PeerURL, component, peer, canary)
	})
	m := surveyClientPort(ctx, w, at, as, identities, canary)
	group.Wait()
	m.PeerPort = peerPort
	if url := listedPeerURL(w, m); url != "" {
		m.PeerPort = surveyPeerPort(ctx, w, url, component, peer, canary)
	}
	return m
}

// surveyClientPort shakes hands as all identities at once: each handshake takes a member that is
// far away three round trips.
func surveyClientPort(ctx context.Context, w *world.World, at world.Member, as asker, identities []Identity, canary canaries) Member {
	m := Member{Name: at.Name, URL: at.URL, PeerURL: at.PeerURL}
	var newest, next Attempt
	var refused []Refusal
	var untold error
	var group sync.WaitGroup
	group.Go(func() { newest = showCanary(ctx, w, canary.newest[certgen.ClientCA], certgen.ClientCA, at.URL) })
	group.Go(func() { next = showCanary(ctx, w, canary.next, certgen.ClientCA, at.URL) })
	group.Go(func() { refused, untold = refusals(ctx, w, at.URL, identities) })
	greeting, err := w.Handshake(ctx, at.URL, nil)
	group.Wait()
	m.Anonymous, m.AcceptableCAs = outcomeOf(err), greeting.AcceptableCAs
	if len(greeting.Server) > 0 {
		m.Server = greeting.Server[0]
	}
	if m.Anonymous.Outcome == Unknown {
		m.Err = err
		return m
	}
	m.Refusals, m.Err = refused, untold
	if m.Err == nil && len(identities) > len(m.Refusals) {
		m.Canary, m.NextCanary = newest, next
	}
	if m.Err == nil && !m.refuses(as.shows()) {
		pages := make(chan Pages, 1)
		go func() { pages <- askPages(ctx, w, at.Pages(), as.identity) }()
		m.Err = askMember(ctx, w, &m, as)
		m.Pages = <-pages
		if m.Learner {
			m.Started = askStart(ctx, w, at.Pages(), as.identity)
		}
	}
	m.Plain = plainURLs(ctx, m)
	return m
}

// plainURLs is the client URLs of m that answer http without TLS: its own port, and each
// other one that the cluster lists for it without TLS.
func plainURLs(ctx context.Context, m Member) []string {
	urls := []string{m.URL}
	for _, p := range m.Peers {
		if p.ID == m.ID {
			urls = append(urls, p.ClientURLs...)
		}
	}
	var plain []string
	for i, url := range urls {
		address, without := strings.CutPrefix(url, "http://")
		if i > 0 && !without || slices.Contains(plain, url) || slices.Contains(plain, "https://"+address) {
			continue
		}
		if without {
			url = "https://" + address
		}
		if store.SpeaksPlain(ctx, url) {
			plain = append(plain, url)
		}
	}
	for i := range plain {
		plain[i] = "http" + strings.TrimPrefix(plain[i], "https")
	}
	return plain
}

// refuses reports whether the component's certificate is not accepted.
func (m Member) refuses(component string) bool {
	return slices.ContainsFunc(m.Refusals, func(r Refusal) bool { return r.Component == component })
}

// outcomeOf reads the outcome of a handshake: only an alert of the server is a refusal, and
// none that it sends because its own certificate is of no use.
func outcomeOf(err error) Attempt {
	var refused *store.HandshakeError
	switch {
	case err == nil:
		return Attempt{Outcome: Accepted}
	case errors.As(err, &refused) && refused.ByServer() && !refused.CannotServe():
		return Attempt{Outcome: Refused, Err: err}
	}
	return Attempt{Err: err}
}

// refusals tries every identity on one port. The error is that the port does not
// answer in a way that tells.
func refusals(ctx context.Context, w *world.World, url string, identities []Identity) ([]Refusal, error) {
	errs := make([]error, len(identities))
	g, inner := errgroup.WithContext(ctx)
	g.SetLimit(max(w.InFlight/len(w.Members()), 1)) // the other members are asked at the same time
	for i := range identities {
		g.Go(func() error {
			_, err := w.Handshake(inner, url, &identities[i].Certificate)
			if outcomeOf(err).Outcome == Unknown {
				return err
			}
			errs[i] = err
			return nil
		})
	}
	err := g.Wait()
	var out []Refusal
	for i := range identities {
		if errs[i] != nil {
			out = append(out, Refusal{Component: identities[i].Name, Shown: identities[i].Certificate.Leaf, Err: errs[i]})
		}
	}
	return out, err
}
