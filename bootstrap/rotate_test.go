package bootstrap

import (
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"lockstep/certgen"
	"lockstep/policies"
)

// TestRotationAdvice: an outage is the way on only for a CA that has expired, and after a look at
// the clock.
func TestRotationAdvice(t *testing.T) {
	t.Parallel()
	at := func(begin, end time.Duration) *x509.Certificate {
		return &x509.Certificate{RawSubject: []byte("ca"), NotBefore: noon.Add(begin), NotAfter: noon.Add(end)}
	}
	endpoints := &policies.Policy{Cluster: policies.Cluster{Endpoints: []string{"https://10.0.0.11:2379"}}}
	for name, c := range map[string]struct {
		p       *policies.Policy
		current *x509.Certificate
		retired bool
		want    string // its beginning; "" for no advice
	}{
		"a CA that is not lockstep's":  {p: endpoints, want: "The policy names endpoints: of lockstep's own is the client CA alone."},
		"no CA":                        {},
		"another fault":                {current: at(-time.Hour, time.Hour)},
		"the clock may be behind":      {current: at(time.Hour, 2*time.Hour), want: "Compare the clock of this host with another one (date -u), and set it if it is wrong."},
		"the clock may be ahead":       {current: at(-time.Hour, 0), want: "Compare the clock of this host with another one (date -u). If it is right, lockstep certs rotate-ca peer --compromised replaces"},
		"ca/ comes from an older copy": {current: at(-time.Hour, time.Hour), retired: true, want: "If that key is lost, copy the certificate that the other folders have (members/*/peer-ca.crt) to ca/peer.crt, delete ca/peer.key, and run lockstep certs rotate-ca peer --again."},
	} {
		s := certgen.State{Pairs: map[string]certgen.Pair{"ca/peer": {Leaf: c.current}}}
		if c.retired {
			former := *c.current
			former.IsCA = true
			s.Retired = []certgen.Retired{{Identity: certgen.RetiredCA(certgen.PeerCA), Leaf: &former}}
		}
		p := c.p
		if p == nil {
			p = policy(t)
		}
		got := rotationAdvice(p, certgen.PeerCA, s, noon)
		if !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%s: %q", name, got)
		}
		if expired := c.current != nil && !noon.Before(c.current.NotAfter); strings.Contains(got, "outage") != expired {
			t.Errorf("%s: an outage: %q", name, got)
		}
	}
}
