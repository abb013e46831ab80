package verify

import (
	"cmp"
	"context"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"lockstep/bootstrap/world"
	"lockstep/roles/store"
)

// advertisedTime is how long an address of the cluster's list that the policy does not name is
// asked at most.
const advertisedTime = 5 * time.Second

// Advertised is an address at which the cluster lists a member, other than the policy's.
type Advertised struct {
	URL    string
	Peer   bool   // for members; else for clients
	Member string // the policy's name of the member that answers there; "" when none did
	Err    error  // why none did
}

// askAdvertised asks the addresses at which the cluster lists the members and which the policy
// does not name, all at the same time. In a cluster that lists the policy's own nothing is asked.
func askAdvertised(ctx context.Context, w *world.World, as asker, members []Member) {
	i := slices.IndexFunc(members, func(m Member) bool { return m.Err == nil && m.Peers != nil })
	if i < 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, min(advertisedTime, w.CallTimeout))
	defer cancel()
	listed := members[i].Peers
	var group sync.WaitGroup
	for i := range members {
		m := &members[i]
		m.Advertised = unnamed(*m, listed)
		for k := range m.Advertised {
			group.Go(func() { askAddress(ctx, w, as, &m.Advertised[k], *m, members) })
		}
	}
	group.Wait()
}

// unnamed is the addresses at which the list has m and which the policy does not name. Those of a
// member that did not answer are left out, and so are its ports for members where the policy
// names none.
func unnamed(m Member, listed []Peer) (out []Advertised) {
	if m.Err != nil || !m.Described {
		return nil
	}
	for _, p := range listed {
		if !p.is(m) {
			continue
		}
		for _, u := range p.ClientURLs {
			if !sameAddress(u, m.URL) {
				out = append(out, Advertised{URL: u})
			}
		}
		for _, u := range p.PeerURLs {
			if m.PeerURL != "" && !sameAddress(u, m.PeerURL) {
				out = append(out, Advertised{URL: u, Peer: true})
			}
		}
	}
	return out
}

// sameAddress reports whether two URLs lead to one place, however they are written.
func sameAddress(a, b string) bool {
	one, err := url.Parse(a)
	other, otherErr := url.Parse(b)
	if err != nil || otherErr != nil || one.Scheme != other.Scheme || cmp.Or(one.Port(), "2379") != cmp.Or(other.Port(), "2379") {
		return a == b
	}
	if ip := net.ParseIP(one.Hostname()); ip != nil {
		return ip.Equal(net.ParseIP(other.Hostname()))
	}
	return strings.EqualFold(one.Hostname(), other.Hostname())
}

// askAddress fills in which of the members answers there. Over plain http nothing is asked.
func askAddress(ctx context.Context, w *world.World, as asker, a *Advertised, own Member, members []Member) {
	switch {
	case a.plain():
	case a.Peer:
		a.Member, a.Err = peerAt(ctx, w, a.URL, own, members)
	default:
		a.Member, a.Err = memberAt(ctx, w, as, a.URL, members)
	}
}

// memberAt is the name of the member whose port for clients answers at the URL.
func memberAt(ctx context.Context, w *world.World, as asker, url string, members []Member) (string, error) {
	c, err := as.connect(ctx, w, url)
	if err != nil {
		return "", err
	}
	defer c.Close()
	status, err := c.Status(ctx, url)
	if err != nil {
		return "", err
	}
	if i := slices.IndexFunc(members, func(m Member) bool { return m.Described && m.ID == status.MemberID }); i >= 0 {
		return members[i].Name, nil
	}
	return "", nil
}

// peerAt is the name of the member whose port for members answers at the URL, by the certificate
// that it shows. Members may share one: own is then preferred, as where nothing else is known.
func peerAt(ctx context.Context, w *world.World, url string, own Member, members []Member) (string, error) {
	config, err := w.PeerTLS(anyPeer(ctx, w))
	if err != nil {
		return "", err
	}
	greeting, err := store.Handshake(ctx, url, config)
	if err != nil {
		return "", err
	}
	shows := func(m Member) bool { return m.PeerPort.Server != nil && m.PeerPort.Server.Equal(greeting.Server[0]) }
	if own.PeerPort.Server == nil || shows(own) {
		return own.Name, nil
	}
	if i := slices.IndexFunc(members, shows); i >= 0 {
		return members[i].Name, nil
	}
	return "", nil
}
