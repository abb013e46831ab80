package verify

import (
	"context"
	"crypto/tls"
	"strings"

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
// client CA, and one of the peer CA. Without any of the client CA (nil) the second is not
// tried.
func surveyPeerPort(ctx context.Context, w *world.World, url string, component, peer *tls.Certificate, canary canaries) PeerPort {
	var p PeerPort
	if url == "" || peer == nil {
		return p
	}
	try := func(identity *tls.Certificate) (store.Greeting, Attempt) {
		config, err := w.PeerTLS(identity)
		if err != nil {
			return store.Greeting{}, Attempt{Err: err}
		}
		ctx, cancel := context.WithTimeout(ctx, w.CallTimeout)
		defer cancel()
		g, err := store.Handshake(ctx, url, config)
		return g, outcomeOf(err)
	}
	p.Shown = peer.Leaf
	var greeting store.Greeting
	greeting, p.Peer = try(peer)
	if p.Peer.Outcome == Refused && store.HungUp(p.Peer.Err) { // a member under load ends a connection, too
		greeting, p.Peer = try(peer)
	}
	if p.Peer.Outcome == Unknown {
		return p
	}
	p.AcceptableCAs = greeting.AcceptableCAs
	if len(greeting.Server) > 0 {
		p.Server = greeting.Server[0]
	}
	if p.Peer.Outcome == Accepted {
		p.Canary = showCanary(ctx, w, canary.newest[certgen.PeerCA], certgen.PeerCA, url)
	}
	if p.Canary.Outcome == Refused {
		if _, again := try(peer); again.Outcome != Accepted {
			p.Canary = Attempt{Err: again.Err}
		}
	}
	_, p.Anonymous = try(nil)
	if component != nil {
		_, p.Component = try(component)
	}
	return p
}
