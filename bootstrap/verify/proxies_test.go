package verify

import (
	"crypto/x509"
	"errors"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/certgen"
)

func caOf(p *pki, ca certgen.CA) *x509.Certificate {
	trust, err := p.folder.Trust(ca)
	p.do(err)
	return trust.Current
}

func TestProxyChecks(t *testing.T) {
	t.Parallel()
	id := regexp.MustCompile(`CA [0-9a-f]{8},`)
	for name, c := range map[string]struct {
		spoil func(p *pki, x *Proxy)
		want  []string
	}{
		"sound":                 {func(*pki, *Proxy) {}, nil},
		"not known":             {func(_ *pki, x *Proxy) { x.Canary, x.Client = Attempt{}, Attempt{} }, nil},
		"not reached":           {func(_ *pki, x *Proxy) { *x = Proxy{Name: "p", Err: errors.New("dialling: refused")} }, []string{"info proxies/reached: p: cannot be asked: dialling: refused"}},
		"no certificate needed": {func(_ *pki, x *Proxy) { x.Anonymous.Outcome, x.Canary.Outcome = Accepted, Accepted }, []string{"critical proxies/client-ca: p: accepts TLS connections without a certificate"}},
		"another CA": {func(p *pki, x *Proxy) { x.AcceptableCAs = [][]byte{caOf(p, certgen.PeerCA).RawSubject} }, []string{
			`critical proxies/client-ca: p: its client port has not loaded our CN=edge client CA ID,O=edge, and trusts "CN=edge peer CA ID,O=edge"`}},
		"no list": {func(_ *pki, x *Proxy) { x.Canary.Outcome = Accepted }, []string{"warning proxies/crl: p: has not loaded the newest client.crl"}},
	} {
		p := newPKI(t)
		x := Proxy{Name: "p", Anonymous: Attempt{Outcome: Refused}, Client: Attempt{Outcome: Accepted}, Canary: Attempt{Outcome: Refused}, AcceptableCAs: [][]byte{caOf(p, certgen.ClientCA).RawSubject}}
		c.spoil(p, &x)
		state := p.state()
		e := &Evidence{Policy: p.policy, Now: p.now, Folder: &state, Proxies: []Proxy{x}, Members: sound().Members}
		var got []string
		for _, line := range lines(e, proxyChecks()) {
			got = append(got, id.ReplaceAllString(line, "CA ID,"))
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
