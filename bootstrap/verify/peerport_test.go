package verify

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/certgen"
	"lockstep/policies"
	"lockstep/roles"
)

// A server's certificate is a user's only where its CA, its usage and its CN all say so.
func TestServerChecks(t *testing.T) {
	t.Parallel()
	client, server := x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth
	found := func(user string) []string {
		return []string{`critical members/server-cn: etcd1: its certificate is good for clients too, and its CN is the user "` + user + `"`}
	}
	for name, c := range map[string]struct {
		cn     string
		usage  []x509.ExtKeyUsage
		issuer string
		want   []string
	}{
		"a component of the policy": {"flannel", []x509.ExtKeyUsage{server, client}, "CA", found("flannel")},
		"root":                      {"root", []x509.ExtKeyUsage{client}, "CA", found("root")},
		"another user of etcd":      {"mallory", []x509.ExtKeyUsage{x509.ExtKeyUsageAny}, "CA", found("mallory")},
		"without a usage":           {"flannel", nil, "CA", found("flannel")},
		"for servers alone":         {"flannel", []x509.ExtKeyUsage{server}, "CA", nil},
		"of a CA that is not asked": {"flannel", []x509.ExtKeyUsage{client}, "another", nil},
		"no user":                   {"etcd1", []x509.ExtKeyUsage{client}, "CA", nil},
		"no name":                   {"", []x509.ExtKeyUsage{client}, "CA", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := sound()
			e.Policy = parse(t, twoComponents)
			e.Auth = &roles.State{Users: []roles.User{{Name: "mallory"}}}
			e.Members[0].AcceptableCAs = [][]byte{[]byte("CA")}
			e.Members[0].Server = &x509.Certificate{Subject: pkix.Name{CommonName: c.cn}, ExtKeyUsage: c.usage, RawIssuer: []byte(c.issuer), NotBefore: e.Now, NotAfter: e.Now.AddDate(1, 0, 0)}
			if diff := cmp.Diff(c.want, lines(e, serverChecks())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The certificate that a member shows is the one that the folder holds for it, or else it
// has an owner who renews it.
func TestShownServerCertificates(t *testing.T) {
	t.Parallel()
	now := sound().Now
	cert := func(name string, from, until int) *x509.Certificate {
		return &x509.Certificate{Raw: []byte(name), NotBefore: now.AddDate(0, 0, from), NotAfter: now.AddDate(0, 0, until)}
	}
	mine, other := cert("mine", -10, 355), cert("other", -10, 355)
	for name, c := range map[string]struct {
		shown *x509.Certificate
		held  *x509.Certificate // by the folder, for etcd1; it holds other for etcd2
		want  []string
	}{
		"the folder's":    {mine, mine, nil},
		"nothing":         {nil, mine, nil},
		"an older one":    {cert("old", -300, 65), mine, []string{"warning members/server-other: etcd1: shows an older certificate than members/etcd1/server.crt: it ends on 2027-01-28, and the folder's on 2027-11-14"}},
		"another one":     {cert("new", -1, 364), mine, []string{"warning members/server-other: etcd1: shows another certificate than members/etcd1/server.crt: it ends on 2027-11-23, and the folder's on 2027-11-14"}},
		"etcd2's":         {other, mine, []string{"warning members/server-other: etcd1: shows the server certificate of etcd2: it ends on 2027-11-14, and the folder's on 2027-11-14"}},
		"its owner's":     {cert("x", -100, 265), nil, nil},
		"due":             {cert("x", -300, 65), nil, []string{"warning members/server-due: etcd1: its server certificate ends on 2027-01-28, in 65 days"}},
		"due, and ours":   {cert("mine", -300, 65), cert("mine", -300, 65), nil}, // certificates/due says so
		"on its last day": {cert("x", -364, 1), nil, []string{"warning members/server-due: etcd1: its server certificate ends on 2026-11-25, in 1 day"}},
	} {
		e := sound()
		e.Policy = parse(t, twoComponents)
		e.Folder = &certgen.State{Pairs: map[string]certgen.Pair{"members/etcd1/server": {Leaf: c.held}, "members/etcd2/server": {Leaf: other}}}
		e.Members[0].Server = c.shown
		if diff := cmp.Diff(c.want, lines(e, serverChecks())); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// What one CA for everything costs is said once, of the file that the policy names.
func TestSharedCACosts(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	state := p.state()
	e := &Evidence{Policy: p.policy, Now: p.now, Folder: &state}
	if got := codes(Judge(e, authorityChecks()), "certificates/shared-ca"); got != 0 {
		t.Errorf("CAs of our own: %d findings", got)
	}
	state.ExternalCA.Current = state.Pairs["ca/client"].Leaf
	bringing := *p.policy
	bringing.Certificates.CA = policies.CertificateFile{Path: "ca.pem"}
	e = &Evidence{Policy: &bringing, Now: p.now, Folder: &state}
	if got := codes(Judge(e, authorityChecks()), "certificates/shared-ca"); got != 1 {
		t.Errorf("an external CA: %d findings", got)
	}
}

func codes(r Report, code string) (n int) {
	for _, f := range r.Findings {
		if f.Code == code {
			n++
		}
	}
	return n
}
