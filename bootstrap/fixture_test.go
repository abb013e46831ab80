package bootstrap

import (
	"testing"
	"time"

	"lockstep/certgen"
	"lockstep/policies"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return noon }

func profileOf(t *testing.T, user string) certgen.Profile {
	t.Helper()
	name, err := policies.ParseUserName(user)
	if err != nil {
		t.Fatal(err)
	}
	return certgen.Profile{Kind: certgen.KindComponent, CA: certgen.ClientCA, Path: "components/" + user + "/client", Identity: user, User: name}
}
