package policies

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
)

// Digest is the SHA-256 of what a policy means. Comments, style, the order of
// fields, members and components, how it is split into files and whether a
// permission comes from a preset do not count.
type Digest [sha256.Size]byte

// String is the digest in hexadecimal.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// MarshalText is String.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

func digest(p *Policy) Digest {
	meaning := Policy{Cluster: p.Cluster, Certificates: p.Certificates}
	meaning.Cluster.Members = byName(p.Cluster.Members, func(m Member) string { return m.Name })
	meaning.Cluster.Proxies = byName(p.Cluster.Proxies, func(x Proxy) string { return x.Name })
	if p.Certificates.RenewAt == DefaultDue() {
		meaning.Certificates.RenewAt = Due{} // written out or not
	}
	for _, c := range byName(p.Components, func(c Component) string { return c.Name }) {
		meaning.Components = append(meaning.Components, Component{
			Name: c.Name, User: c.User, Role: c.Role, Administrator: c.Administrator,
			Permissions: sorted(c.Permissions), Certificate: c.Certificate, Key: c.Key, Lifetime: c.Lifetime,
			Instances: slices.Sorted(slices.Values(c.Instances)), Password: c.Password,
		})
	}
	for _, a := range byName(p.Accept, func(a Accept) string { return a.Check + " " + a.Subject }) {
		meaning.Accept = append(meaning.Accept, Accept{Check: a.Check, Subject: a.Subject, Finding: a.Finding, Reason: a.Reason, Until: a.Until})
	}
	text, err := json.Marshal(meaning)
	if err != nil {
		return Digest{} // strings, numbers and booleans always encode
	}
	return sha256.Sum256(append([]byte("lockstep/v1 Policy\n"), text...))
}

func byName[T any](list []T, name func(T) string) []T {
	return slices.SortedStableFunc(slices.Values(list), func(a, b T) int { return cmp.Compare(name(a), name(b)) })
}
