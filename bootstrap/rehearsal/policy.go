package rehearsal

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"

	"lockstep/policies"
)

// Rewrite is the policy with its members moved to loopback: as many as ports has
// pairs (client port, peer port), named like the policy's own as far as they go.
// External certificates are made here: their keys are not at hand.
// Everything else, the components above all, stays as it is.
func Rewrite(p *policies.Policy, ports [][2]int) *policies.Policy {
	local := *p
	local.Cluster.Endpoints = nil
	local.Certificates.CA = policies.CertificateFile{}
	local.Components = slices.Clone(p.Components)
	for i := range local.Components {
		local.Components[i].Certificate = policies.CertificateFile{}
	}
	local.Cluster.Install, local.Cluster.Data = ".", "data"
	local.Cluster.Members = nil
	for i, pair := range ports {
		local.Cluster.Members = append(local.Cluster.Members, policies.Member{
			Name:      memberName(p, i),
			Hosts:     []string{"127.0.0.1"},
			ClientURL: loopback(pair[0]),
			PeerURL:   loopback(pair[1]),
		})
	}
	return &local
}

// memberName is the policy's name for member i, or a new one that no member has.
func memberName(p *policies.Policy, i int) string {
	if i < len(p.Cluster.Members) {
		return p.Cluster.Members[i].Name
	}
	return fmt.Sprintf("rehearsal%d", i+1)
}

func loopback(port int) string {
	return (&url.URL{Scheme: "https", Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(port))}).String()
}

// FreePorts finds n pairs of loopback ports on which no process listens. All of them are
// held open until the last is found, so that they differ.
func FreePorts(n int) ([][2]int, error) {
	pairs := make([][2]int, n)
	for i := range 2 * n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("looking for a free loopback port: %w", err)
		}
		defer l.Close()
		pairs[i/2][i%2] = l.Addr().(*net.TCPAddr).Port
	}
	return pairs, nil
}
