package verify

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lockstep/certgen"
	"lockstep/policies/keyrange"
	"lockstep/roles"
)

// A user that waits for a flag is accepted as a whole or not at all: its password, that it
// is left as it is, and roles that are the policy's.
func TestAcceptPending(t *testing.T) {
	t.Parallel()
	const (
		password  = `  - {check: users/password, subject: app, reason: why, until: "2026-11-24"}` + "\n"
		unsettled = `  - {check: users/unsettled, subject: app, reason: why, until: "2026-11-24"}` + "\n"
		ended     = `  - {check: users/unsettled, subject: app, reason: why, until: "2026-11-23"}` + "\n"
	)
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		entries string
		auth    bool
		unowned bool
		held    []string
		want    []string // the codes that are accepted; nil: the refusal counts
	}{
		"both":                {password + unsettled, true, false, []string{"app"}, []string{"users/password", "users/unsettled"}},
		"password alone":      {password, true, false, []string{"app"}, nil},
		"unsettled alone":     {unsettled, true, false, []string{"app"}, nil},
		"one has ended":       {password + ended, true, false, []string{"app"}, nil},
		"a role beyond":       {password + unsettled, true, false, []string{"app", "root"}, nil},
		"its role is missing": {password + unsettled, true, false, nil, nil},
		"auth is off":         {password + unsettled, false, false, []string{"app"}, nil},
		"a certificate to be": {password + unsettled, true, true, []string{"app"}, nil},
	} {
		p := accepting(t, test.entries)
		if !test.unowned { // an external certificate: lockstep issues none
			p.Components[0].Certificate.Path = "app.crt"
		}
		s := roles.State{
			Enabled: test.auth,
			Users:   []roles.User{{Name: "app", Roles: test.held, Password: roles.PasswordPresent}, {Name: "root", Roles: []string{"root"}, Password: roles.PasswordAbsent}},
			Roles:   []roles.Role{{Name: "app", Permissions: []keyrange.Permission{keyrange.Prefix("/app/", keyrange.ReadWrite)}}},
		}
		e := &Evidence{Policy: p, Now: now, Auth: &s, Folder: &certgen.State{}}
		rest, accepted := AcceptPending(e, judging(e).rolesPlan().Pending)
		var got []string
		for _, a := range accepted {
			got = append(got, a.Code)
		}
		if diff := cmp.Diff(test.want, got); diff != "" || (len(rest) > 0) != (test.want == nil) {
			t.Errorf("%s: %v is left (-want +got):\n%s", name, rest, diff)
		}
	}
}
