package change

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"testing"

	"lockstep/certgen"
	"lockstep/policies"
	"lockstep/roles"
)

// BenchmarkFormerComponents is n components that the policy no longer names, all with users in
// etcd. Between 1,000 and 100,000 components each took 2 to 9 microseconds; with a quadratic
// cost the time for each would have grown 100 times.
func BenchmarkFormerComponents(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			folder := certgen.State{Pairs: map[string]certgen.Pair{}}
			var observed roles.State
			for i := range n {
				name := fmt.Sprintf("app%06d", i)
				leaf := &x509.Certificate{Subject: pkix.Name{CommonName: name}}
				folder.Pairs["components/"+name+"/client"] = certgen.Pair{Leaf: leaf}
				observed.Users = append(observed.Users, roles.User{Name: name, Roles: []string{name}})
			}
			for b.Loop() {
				if got := len(formerComponents(folder, observed, &policies.Policy{}).Roles); got != n {
					b.Fatalf("%d roles of %d", got, n)
				}
			}
		})
	}
}
