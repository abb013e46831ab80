package change

import (
	"testing"

	"github.com/google/go-cmp/cmp"

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

// A user that etcd does not have yet and that has no certificate is not added, and no role
// that only such users need. All else is as the policy says.
func TestNoUserIsAddedBeforeItsCertificate(t *testing.T) {
	t.Parallel()
	theirs := profileOf(t, "theirs")
	theirs.External = "their.crt"
	certificates := certgen.Plan{
		Pending: []certgen.Pending{
			{Step: certgen.Step{Action: certgen.Issue, Profile: profileOf(t, "new")}, Reason: certgen.Missing, Needs: pending.FolderKey},
			{Step: certgen.Step{Action: certgen.Issue, Profile: profileOf(t, "there")}, Reason: certgen.Missing, Needs: pending.FolderKey},
			{Step: certgen.Step{Action: certgen.Reissue, Profile: profileOf(t, "due"), Carries: true}, Reason: "its certificate expired", Needs: pending.FolderKey},
			{Step: certgen.Step{Action: certgen.Write, File: "client.crl", List: &certgen.List{CA: certgen.ClientCA}}, Reason: certgen.Missing, Needs: pending.FolderKey},
			{Step: certgen.Step{Action: certgen.Renew, Profile: theirs}, Reason: "its certificate is missing", Needs: pending.Issuer},
		},
	}
	desired := roles.State{
		Users: []roles.User{{Name: "due", Roles: []string{"due"}}, {Name: "new", Roles: []string{"new"}}, {Name: "theirs", Roles: []string{"shared"}}, {Name: "there", Roles: []string{"shared"}}},
		Roles: []roles.Role{{Name: "due"}, {Name: "new"}, {Name: "shared"}},
	}
	c := &Change{desired: desired}
	waiting := c.postponeUsers(roles.State{Users: []roles.User{{Name: "there"}}}, uncertified(certificates), pending.Certificate)
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
	if diff := cmp.Diff(left, c.desired); diff != "" {
		t.Error(diff)
	}
	bound := &Plan{Certificates: certificates, Roles: roles.Plan{Steps: []roles.Step{{Action: roles.UserGrantRole, User: "there", Role: "shared"}}}}
	if err := RefuseUncertified(bound); hint.Of(err) != hint.Refused {
		t.Errorf("a user without a certificate gets a role: %v", err)
	}
	bound.Roles.Steps[0].User = "due"
	if err := RefuseUncertified(bound); err != nil {
		t.Errorf("a user whose certificate is due gets none: %v", err)
	}
}
