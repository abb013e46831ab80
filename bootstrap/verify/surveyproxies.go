package verify

import (
	"context"
	"crypto/x509"
	"sync"
	"time"

	"lockstep/bootstrap/world"
	"lockstep/certgen"
)

// proxyTime is how long a proxy is waited for: one that is not reached holds up nothing else.
const proxyTime = 5 * time.Second

// Proxy is what the port of one etcd grpc-proxy showed.
type Proxy struct {
	Name, URL string
	Err       error // why it could not be asked; the rest is then zero

	Anonymous     Attempt           // TLS without a certificate; must be Refused
	AcceptableCAs [][]byte          // raw subjects that it asks certificates of
	Server        *x509.Certificate // what it shows
	Client        Attempt           // the certificate of the administrator, the positive control
	Canary        Attempt           // the canary of the client CA; Refused once the newest list is loaded
}

// subject is the proxy as a finding names it.
func (x Proxy) subject() Subject { return Subject{SubjectProxy, x.Name} }

// surveyProxies asks every proxy of the policy at the same time. What is behind it is not asked: to
// etcd all of its clients are one.
func surveyProxies(ctx context.Context, w *world.World, as asker) []Proxy {
	proxies := make([]Proxy, len(w.Policy.Cluster.Proxies))
	canary := canariesOf(w)
	var group sync.WaitGroup
	for i, x := range w.Policy.Cluster.Proxies {
		group.Go(func() { proxies[i] = surveyProxy(ctx, w, Proxy{Name: x.Name, URL: x.ClientURL}, as, canary) })
	}
	group.Wait()
	return proxies
}

func surveyProxy(ctx context.Context, w *world.World, x Proxy, as asker, canary canaries) Proxy {
	ctx, cancel := context.WithTimeout(ctx, proxyTime)
	defer cancel()
	greeting, err := w.Handshake(ctx, x.URL, nil)
	if x.Anonymous = outcomeOf(err); x.Anonymous.Outcome == Unknown {
		x.Err = err
		return x
	}
	x.AcceptableCAs = greeting.AcceptableCAs
	if len(greeting.Server) > 0 {
		x.Server = greeting.Server[0]
	}
	shown := showCanary(ctx, w, canary.newest[certgen.ClientCA], certgen.ClientCA, x.URL)
	if as.identity == nil {
		return x
	}
	_, err = w.Handshake(ctx, x.URL, as.identity)
	if x.Client = outcomeOf(err); x.Client.Outcome == Accepted {
		x.Canary = shown
	}
	return x
}
