package verify

import (
	"context"
	"sync"

	"lockstep/bootstrap/world"
	"lockstep/certgen"
	"lockstep/roles/store"
)

// Ports asks every port that trusts a CA or shows a certificate of it: the client ports of
// members and proxies, of the peer CA the members' peer ports. No certificate is shown to
// them. All are asked at the same time.
func Ports(ctx context.Context, w *world.World, ca certgen.CA) []certgen.Port {
	ports := portsOf(w, ca)
	var group sync.WaitGroup
	for i := range ports {
		group.Go(func() { askPort(ctx, w, ca, &ports[i]) })
	}
	group.Wait()
	return ports
}

// portsOf is the ports, and where they are asked.
func portsOf(w *world.World, ca certgen.CA) (ports []certgen.Port) {
	add := func(kind certgen.PlaceKind, name, url string) {
		place := certgen.Place{Kind: kind, Name: name}
		ports = append(ports, certgen.Port{Place: place, Name: place.String(), URL: url})
	}
	for _, m := range w.Policy.Cluster.Members {
		if ca == certgen.PeerCA {
			add(certgen.PlaceMember, m.Name, m.PeerURL)
		} else {
			add(certgen.PlaceMember, m.Name, m.ClientURL)
		}
	}
	if ca == certgen.PeerCA {
		return ports
	}
	for _, url := range w.Policy.Cluster.Endpoints {
		ports = append(ports, certgen.Port{Name: url, URL: url})
	}
	for _, x := range w.Policy.Cluster.Proxies {
		add(certgen.PlaceProxy, x.Name, x.ClientURL)
	}
	return ports
}

// askPort fills in what the port shows. A port whose own certificate is not trusted proves
// nothing by what it trusts, but what it showed is known.
func askPort(ctx context.Context, w *world.World, ca certgen.CA, p *certgen.Port) {
	config, err := w.TLS(nil)
	if ca == certgen.PeerCA {
		config, err = w.PeerTLS(nil)
	}
	if err != nil {
		p.Err = err
		return
	}
	ctx, cancel := context.WithTimeout(ctx, w.CallTimeout)
	defer cancel()
	greeting, err := store.Handshake(ctx, p.URL, config)
	p.Accepts = greeting.AcceptableCAs
	if len(greeting.Server) > 0 {
		p.Shown = greeting.Server[0]
	}
	if outcomeOf(err).Outcome == Unknown {
		p.Err = err
	}
}
