package change

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lockstep/bootstrap/world"
	"lockstep/certgen"
	"lockstep/policies/pending"
	"lockstep/roles"
)

// A user of a removed component that is in etcd again is no mere left-over while a former
// certificate of it works.
func TestSayRevived(t *testing.T) {
	t.Parallel()
	retired := func(user string, serial int64, until time.Time) certgen.Retired {
		return certgen.Retired{Identity: user, Leaf: &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: user}, NotAfter: until}}
	}
	c := &Change{World: &world.World{Now: clock}, Folder: certgen.State{Retired: []certgen.Retired{
		retired("back", 1, noon.Add(time.Hour)), retired("back", 2, noon.Add(50*time.Hour)), retired("over", 3, noon.Add(-time.Hour)), retired("role", 4, noon.Add(time.Hour)),
	}}}
	step := func(s roles.Step) roles.Pending { return roles.Pending{Step: s, Reason: "why", Needs: pending.Prune} }
	p := roles.Plan{Pending: []roles.Pending{
		step(roles.Step{Action: roles.UserDelete, User: "back"}), step(roles.Step{Action: roles.UserDelete, User: "over"}),
		step(roles.Step{Action: roles.UserDelete, User: "never"}), step(roles.Step{Action: roles.RoleDelete, Role: "role"}),
	}}
	c.sayRevived(&p)
	var got []string
	for _, x := range p.Pending {
		got = append(got, x.Reason)
	}
	if diff := cmp.Diff([]string{"why; a former certificate of it works until 2026-11-26", "why", "why", "why"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
