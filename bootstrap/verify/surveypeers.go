package verify

import (
	"context"
	"crypto/tls"
	"strings"
	"sync"

	"lockstep/bootstrap/world"
	"lockstep/certgen"
	"lockstep/roles/store"
)

// anyPeer is a certificate of our peer CA, for the positive control on peer ports; nil
// when there is none. One made in memory is accepted from any address; one of a member
// only from that member's.
func anyPeer(ctx context.Context, w *world.World) *tls.Certificate {
	if made, err := w.Mint(ctx, certgen.PeerProfile(w.Policy, mintTTL)); err == nil {
		return &made
	}
	for _, m := range w.Policy.Cluster.Members {
		if pair, err := w.Folder.Identity(certgen.Place{Kind: certgen.PlaceMember, Name: m.Name, Use: "peer"}.String()); err == nil {
			return &pair
		}
	}
	return nil
}

// listedPeerURL is where m listens for members by what the cluster says, where the
// policy does not, and the external CA tells what to trust there.
func listedPeerURL(w *world.World, m Member) string {
	for _, p := range m.Peers {
		if m.PeerURL == "" && w.Policy.HasExternalCA() && p.ID == m.ID && len(p.PeerURLs) > 0 && strings.HasPrefix(p.PeerURLs[0], "https:") {
			return p.PeerURLs[0]
		}
	}
	return ""
}

// surveyPeerPort tries the port for members with nothing, a certificate of the
// client CA, the canary, and one of the peer CA. Without any of the client CA (nil) the second is not
// tried. The peer's comes last: taken after the canary was refused, it proves that the port goes on.
// A port for members keeps silent before it is believed, so it alone takes that time, once.
func surveyPeerPort(ctx context.Context, w *world.World, url string, component, peer *tls.Certificate, canary canaries) PeerPort {
	var p PeerPort
	if url == "" || peer == nil {
		return p
	}
	p.Shown = peer.Leaf
	var anonymous, ofComponent, ofCanary Attempt
	var group sync.WaitGroup
	group.Go(func() { ofCanary = showCanary(ctx, w, canary.newest[certgen.PeerCA], certgen.PeerCA, url) })
	if component != nil {
		group.Go(func() { _, ofComponent = tryPeerPort(ctx, w, url, component) })
	}
	_, anonymous = tryPeerPort(ctx, w, url, nil)
	group.Wait()
	if anonymous.Outcome == Unknown { // it answers no certificate
		p.Peer = anonymous
		return p
	}
	var greeting store.Greeting
	greeting, p.Peer = tryPeerPort(ctx, w, url, peer)
	if p.Peer.Outcome == Refused && store.HungUp(p.Peer.Err) { // a member under load ends a connection, too
		greeting, p.Peer = tryPeerPort(ctx, w, url, peer)
	}
	if p.Peer.Outcome == Unknown {
		return p
	}
	p.AcceptableCAs, p.Anonymous, p.Component = greeting.AcceptableCAs, anonymous, ofComponent
	if len(greeting.Server) > 0 {
		p.Server = greeting.Server[0]
	}
	if p.Peer.Outcome == Accepted {
		p.Canary = ofCanary
	}
	return p
}

// tryPeerPort shakes hands with the port for members as identity, nil for none.
func tryPeerPort(ctx context.Context, w *world.World, url string, identity *tls.Certificate) (store.Greeting, Attempt) {
	config, err := w.PeerTLS(identity)
	if err != nil {
		return store.Greeting{}, Attempt{Err: err}
	}
	ctx, cancel := context.WithTimeout(ctx, w.CallTimeout)
	defer cancel()
	g, err := store.Handshake(ctx, url, config)
	return g, outcomeOf(err)
}
