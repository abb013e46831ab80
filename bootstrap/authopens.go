package bootstrap

import (
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"time"

	"lockstep/bootstrap/verify"
	"lockstep/certgen"
	"lockstep/policies"
	"lockstep/policies/count"
	"lockstep/roles/store"
)

// namedHolders is how many components and former certificates are named before the rest is a
// number.
const namedHolders = 20

// opens is who may do what while auth is off, in sentences: the clients that the members let
// in, the components by name, and former certificates that work still.
func opens(p *policies.Policy, s certgen.State, members []verify.Member, now time.Time) []string {
	out := []string{everyCertificate(s)}
	if len(p.Components) > 0 {
		var names []string
		for _, c := range p.Components {
			name := c.Name
			if n := len(c.Instances); n > 0 {
				name += fmt.Sprintf(" (%s)", count.Of(n, "instance"))
			}
			names = append(names, name)
		}
		out = append(out, fmt.Sprintf("so may each component of the policy (%s), whatever the policy gives it: %s", count.Of(len(names), "component"), atMost(names)))
	}
	if former := formerHolders(s, now); len(former) > 0 {
		out = append(out, "so may the holder of a former certificate that is valid and not revoked: "+atMost(former))
	}
	return append(append(out, withoutCertificate(members)...),
		"lockstep bootstrap turns auth on again; a watch that is opened until then goes on afterwards, until its client reconnects: restart the members one after the other")
}

func everyCertificate(s certgen.State) string {
	by := "a CA that the members trust"
	if trust, err := s.Trust(certgen.ClientCA); err == nil {
		var names []string
		for _, ca := range trust.All() {
			names = append(names, store.CAName(ca.RawSubject))
		}
		by = strings.Join(names, " or ")
	}
	return fmt.Sprintf("every client with a valid certificate of %s may read and write every key, change users and roles, take backups and change members, also one whose CN is no user", by)
}

// formerHolders is the retired certificates of clients that are valid and that no list or record
// revokes, by name and end.
func formerHolders(s certgen.State, now time.Time) []string {
	revoked := certgen.Revocations(s)[certgen.ClientCA]
	ends := map[string]time.Time{}
	for _, r := range s.Retired {
		client := slices.Contains(r.Leaf.ExtKeyUsage, x509.ExtKeyUsageClientAuth) && r.Leaf.Subject.CommonName != ""
		if client && now.Before(r.Leaf.NotAfter) && !revoked[r.Leaf.SerialNumber.String()] && ends[r.Identity].Before(r.Leaf.NotAfter) {
			ends[r.Identity] = r.Leaf.NotAfter
		}
	}
	var out []string
	for name, end := range ends {
		out = append(out, fmt.Sprintf("%s until %s", name, end.UTC().Format(time.DateOnly)))
	}
	slices.Sort(out)
	return out
}

// withoutCertificate is what a client without a certificate may do at each member.
func withoutCertificate(members []verify.Member) []string {
	var out []string
	refuse := true
	for _, m := range members {
		refuse = refuse && m.Anonymous.Outcome == verify.Refused && len(m.Plain) == 0
		if m.Anonymous.Outcome == verify.Accepted {
			out = append(out, fmt.Sprintf("so may every client without a certificate, through %s", m.Name))
		}
		for _, url := range m.Plain {
			out = append(out, fmt.Sprintf("so may every client that reaches %s of %s, without TLS", url, m.Name))
		}
	}
	if refuse {
		out = append(out, "a client without a certificate is refused by every member")
	}
	return out
}

// atMost is the first names, and how many more there are.
func atMost(names []string) string {
	if len(names) <= namedHolders {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:namedHolders], ", "), len(names)-namedHolders)
}
