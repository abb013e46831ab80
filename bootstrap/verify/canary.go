package verify

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"slices"
	"strings"

	"lockstep/bootstrap/world"
	"lockstep/certgen"
	"lockstep/roles/store"
)

// canaries is the canaries that are here.
type canaries struct {
	newest map[certgen.CA]*tls.Certificate // which the CA's newest revocation list names
	next   *tls.Certificate                // which the client CA's list after that names, and no other
}

func canariesOf(w *world.World) canaries {
	all := canaries{newest: map[certgen.CA]*tls.Certificate{}}
	if w.Folder == nil {
		return all
	}
	for _, ca := range certgen.CAs() {
		if c := w.Folder.Canary(ca); c != nil && w.Now().Before(c.Leaf.NotAfter) {
			all.newest[ca] = c
		}
	}
	if c := w.Folder.NextCanary(); c != nil && w.Now().Before(c.Leaf.NotAfter) {
		all.next = c
	}
	return all
}

// showCanary is what a port of ca answers to a canary; nil is none. etcd ends the connection without
// an alert (fact 15), as it does for other reasons, too: only beside a certificate that the port
// accepts afterwards does that prove that a list is loaded.
func showCanary(ctx context.Context, w *world.World, canary *tls.Certificate, ca certgen.CA, url string) Attempt {
	if canary == nil {
		return Attempt{}
	}
	configure := w.TLS
	if ca == certgen.PeerCA {
		configure = w.PeerTLS
	}
	config, err := configure(canary)
	if err != nil {
		return Attempt{Err: err}
	}
	ctx, cancel := context.WithTimeout(ctx, w.CallTimeout)
	defer cancel()
	_, err = store.Handshake(ctx, url, config)
	switch {
	case err == nil:
		return Attempt{Outcome: Accepted}
	case store.HungUp(err):
		return Attempt{Outcome: Refused, Err: err}
	}
	return Attempt{Err: err}
}

// Loaded is whether one port of a member has loaded the newest revocation list of a CA.
type Loaded struct {
	Member string
	CA     certgen.CA
	Attempt
}

// Done reports whether the port refuses what the list revokes.
func (l Loaded) Done() bool { return l.Outcome == Refused }

// LoadedLists asks every member which of the CAs' newest lists it has loaded. The error is why
// no member could be asked.
func LoadedLists(ctx context.Context, w *world.World, cas []certgen.CA) ([]Loaded, error) {
	members, err := Survey(ctx, w, nil)
	if err != nil {
		return nil, err
	}
	var out []Loaded
	for _, m := range members {
		for _, ca := range cas {
			attempt := m.Canary
			if ca == certgen.PeerCA {
				attempt = m.PeerPort.Canary
			}
			if m.Err != nil {
				attempt.Err = m.Err
			}
			out = append(out, Loaded{Member: m.Name, CA: ca, Attempt: attempt})
		}
	}
	for _, name := range unnamedMembers(members) {
		for _, ca := range cas {
			out = append(out, Loaded{Member: name, CA: ca, Attempt: Attempt{Err: errors.New("the policy does not name it, so it was not asked")}})
		}
	}
	return out, nil
}

// unnamedMembers is the members that the cluster lists and that were not asked: what they have
// loaded is not known.
func unnamedMembers(asked []Member) (names []string) {
	i := slices.IndexFunc(asked, func(m Member) bool { return m.Peers != nil })
	if i < 0 {
		return nil // no member said which there are: each that was asked says why
	}
	for _, p := range asked[i].Peers {
		if !slices.ContainsFunc(asked, p.is) {
			names = append(names, cmp.Or(p.Name, strings.Join(p.PeerURLs, ", ")))
		}
	}
	return names
}
