package verify

import (
	"testing"

	"lockstep/certgen"
	"lockstep/roles"
)

// TestBeyondAPlan: a plan that puts another key in the place of a revoked certificate shows it,
// and verify finds no more.
func TestBeyondAPlan(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	p.revoke(certgen.ClientCA, "components/flannel/client")
	folder := p.state()
	e := &Evidence{Policy: p.policy, Now: p.now, Folder: &folder, Auth: &roles.State{Enabled: true}}
	plan := certgen.Diff(certgen.Desired(p.policy), folder, p.now)
	if found := Beyond(e, plan); len(found) > 0 {
		t.Errorf("%+v", found)
	}
	if found := Beyond(e, certgen.Plan{Pending: plan.Pending}); len(found) != 1 || found[0].Code != "certificates/revoked" {
		t.Errorf("without the step: %+v", found)
	}
}
