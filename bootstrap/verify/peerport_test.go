package verify

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"testing"

	"github.com/google/go-cmp/cmp"

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
