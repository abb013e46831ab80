package bootstrap

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/bootstrap/world"
	"lockstep/certgen"
	"lockstep/policies"
	"lockstep/policies/hint"
	"lockstep/policies/pending"
	"lockstep/roles"
)

func profileOf(t *testing.T, user string) certgen.Profile {
	t.Helper()
	name, err := policies.ParseUserName(user)
	if err != nil {
		t.Fatal(err)
	}
	return certgen.Profile{Kind: certgen.KindComponent, CA: certgen.ClientCA, Path: "components/" + user + "/client", Identity: user, User: name}
}

// Who is not there yet and could be nobody is held back, with a role that nobody else
// needs; everybody else is as the policy says.
func TestNobodyRisesBeforeTheCertificate(t *testing.T) {
	t.Parallel()
	theirs := profileOf(t, "theirs")
	theirs.External = "their.crt"
	certificates := certgen.Plan{
		Pending: []certgen.Pending{
			{Step: certgen.Step{Action: certgen.Issue, Profile: profileOf(t, "new")}, Reason: certgen.Missing, Needs: pending.FolderKey},
			{Step: certgen.Step{Action: certgen.Issue, Profile: profileOf(t, "there")}, Reason: certgen.Missing, Needs: pending.FolderKey},
			{Step: certgen.Step{Action: certgen.Reissue, Profile: profileOf(t, "due"), Carries: true}, Reason: "its certificate expired", Needs: pending.FolderKey},
			{Step: certgen.Step{Action: certgen.Write, File: "client.crl", CRLOf: certgen.ClientCA}, Reason: certgen.Missing, Needs: pending.FolderKey},
			{Step: certgen.Step{Action: certgen.Renew, Profile: theirs}, Reason: "its certificate is missing", Needs: pending.Issuer},
		},
	}
	desired := roles.State{
		Users: []roles.User{{Name: "due", Roles: []string{"due"}}, {Name: "new", Roles: []string{"new"}}, {Name: "theirs", Roles: []string{"shared"}}, {Name: "there", Roles: []string{"shared"}}},
		Roles: []roles.Role{{Name: "due"}, {Name: "new"}, {Name: "shared"}},
	}
	r := &run{desired: desired}
	waiting := r.holdBack(roles.State{Users: []roles.User{{Name: "there"}}}, uncarried(certificates))
	want := []roles.Pending{
		{Step: roles.Step{Action: roles.UserAdd, User: "new"}, Reason: "components/new/client must be signed first: missing", Needs: pending.Certificate},
		{Step: roles.Step{Action: roles.UserAdd, User: "theirs"}, Reason: "their.crt, of component theirs: its certificate is missing", Needs: pending.Certificate},
	}
	if diff := cmp.Diff(want, waiting); diff != "" {
		t.Error(diff)
	}
	left := roles.State{
		Users: []roles.User{{Name: "due", Roles: []string{"due"}}, {Name: "there", Roles: []string{"shared"}}},
		Roles: []roles.Role{{Name: "due"}, {Name: "shared"}},
	}
	if diff := cmp.Diff(left, r.desired); diff != "" {
		t.Error(diff)
	}
	bound := Plan{Certificates: certificates, Roles: roles.Plan{Steps: []roles.Step{{Action: roles.UserGrantRole, User: "there", Role: "shared"}}}}
	if err := refuseUncarried(bound); hint.Of(err) != hint.Refused {
		t.Errorf("somebody without a certificate gets a role: %v", err)
	}
	bound.Roles.Steps[0].User = "due"
	if err := refuseUncarried(bound); err != nil {
		t.Errorf("somebody whose certificate is due gets a role: %v", err)
	}
}

// Nobody takes away the power by which it is asked.
func TestNobodySawsOffTheirOwnBranch(t *testing.T) {
	t.Parallel()
	p := &policies.Policy{}
	admin := func(user string) *run { return &run{World: &world.World{Policy: p, Admin: &world.Admin{User: user}}} }
	for name, c := range map[string]struct {
		by      string
		step    roles.Step
		refused bool
	}{
		"its own user":    {"boss", roles.Step{Action: roles.UserDelete, User: "boss"}, true},
		"its own power":   {"boss", roles.Step{Action: roles.UserRevokeRole, User: "boss", Role: "root"}, true},
		"another role":    {"boss", roles.Step{Action: roles.UserRevokeRole, User: "boss", Role: "app"}, false},
		"somebody else":   {"boss", roles.Step{Action: roles.UserDelete, User: "app"}, false},
		"root, made anew": {"", roles.Step{Action: roles.UserDelete, User: "root"}, false},
	} {
		err := admin(c.by).refuseSawing(roles.Plan{Steps: []roles.Step{c.step}})
		if (hint.Of(err) == hint.Refused) != c.refused {
			t.Errorf("%s: %v", name, err)
		}
	}
}
