package adopt

import (
	"fmt"
	"testing"

	"lockstep/policies/keyrange"
	"lockstep/roles"
)

// BenchmarkSettle is the proposal for n users, each with a role and a certificate of its own.
// n log n: ten times the users take 10 to 15 times the time, not 100 times.
func BenchmarkSettle(b *testing.B) {
	for _, n := range []int{300, 3_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var s roles.State
			f := Facts{CA: "ca.crt", Certificates: []Certificate{}}
			for i := range n {
				name := fmt.Sprintf("app%06d", i)
				s.Users = append(s.Users, roles.User{Name: name, Roles: []string{name}, Password: roles.PasswordAbsent})
				s.Roles = append(s.Roles, roles.Role{Name: name, Permissions: []keyrange.Permission{keyrange.Prefix("/"+name+"/", keyrange.ReadWrite)}})
				f.Certificates = append(f.Certificates, Certificate{Name: name, File: name + ".crt", ByCA: true})
			}
			for b.Loop() {
				if got := len(settle(s, f).entries); got != n {
					b.Fatalf("%d components of %d", got, n)
				}
			}
		})
	}
}
