package verify

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lockstep/certgen"
	"lockstep/policies"
	"lockstep/policies/keyrange"
	"lockstep/roles"
)

// A role beyond its own, or its own that is missing, is found for every user of the policy:
// for one that a plan changes, and for one that a plan leaves alone, accepted or not.
func TestBindingsOfEveryUser(t *testing.T) {
	t.Parallel()
	const (
		accepts  = `  - {check: users/password, subject: app, reason: why, until: "2099-12-31"}` + "\n" + `  - {check: users/unsettled, subject: app, reason: why, until: "2099-12-31"}` + "\n"
		recreate = " => lockstep apply --adopt=recreate deletes the user and adds it again without a password, with its own role alone"
		adopt    = " => lockstep apply --adopt takes the user over and leaves it its own role alone"
		missing  = "error users/missing app: the policy gives the user this role; to mend: bind user \"app\" to role \"app\""
		excess   = "critical users/excess app: the policy does not give the user this role"
		asRoot   = excess + ": by it the user may read and write everything, and change users and roles; to mend: unbind user \"app\" from role \"root\""
		reads    = excess + `: it adds readwrite on prefix "/registry/"; to mend: unbind user "app" from role "wide"`
	)
	for _, test := range []struct {
		name     string
		password roles.Password
		held     []string
		want     []string
	}{
		{"its own role alone", roles.PasswordPresent, []string{"app"}, nil},
		{"root", roles.PasswordPresent, []string{"app", "root"}, []string{asRoot + " (needs --adopt=recreate)" + recreate}},
		{"a role that no component names", roles.PasswordPresent, []string{"app", "wide"}, []string{reads + " (needs --adopt=recreate)" + recreate}},
		{"a role without permissions", roles.PasswordPresent, []string{"app", "empty"}, []string{excess + `: it adds no access now; to mend: unbind user "app" from role "empty" (needs --adopt=recreate)` + recreate}},
		{"its own is missing", roles.PasswordPresent, nil, []string{missing + " (needs --adopt=recreate)" + recreate}},
		{"another one instead", roles.PasswordPresent, []string{"root"}, []string{asRoot + " (needs --adopt=recreate)" + recreate, missing + " (needs --adopt=recreate)" + recreate}},
		{"not known", roles.PasswordUnknown, []string{"app", "root"}, []string{asRoot + " (needs --adopt)" + adopt}},
		{"a plan changes it", roles.PasswordAbsent, []string{"root"}, []string{
			excess + `; to mend: unbind user "app" from role "root" => lockstep apply takes it away`, missing + " => lockstep apply adds what is missing"}},
		{"a plan deletes the bridge", roles.PasswordAbsent, []string{"app", "app~bridge"}, nil},
		{"a plan deletes the bridge of a user that it leaves alone", roles.PasswordPresent, []string{"app", "app~bridge"}, []string{
			excess + `: it adds no access now; to mend: unbind user "app" from role "app~bridge" (needs --adopt=recreate)` + recreate}},
	} {
		s := roles.State{
			Enabled: true,
			Users:   []roles.User{{Name: "app", Roles: test.held, Password: test.password}, {Name: "root", Roles: []string{"root"}, Password: roles.PasswordAbsent}},
			Roles: []roles.Role{
				{Name: "app", Permissions: []keyrange.Permission{keyrange.Prefix("/app/", keyrange.ReadWrite)}},
				{Name: "app~bridge"}, {Name: "empty"}, {Name: "wide", Permissions: []keyrange.Permission{keyrange.Prefix("/registry/", keyrange.ReadWrite)}},
			},
		}
		checks := slices.DeleteFunc(authChecks(), func(c Check) bool { return c.Code != "users/missing" && c.Code != "users/excess" })
		r := Judge(&Evidence{Policy: accepting(t, accepts), Now: time.Now(), Auth: &s}, checks)
		var got []string
		for _, f := range r.Findings {
			if f.Subject.Name == "app" {
				got = append(got, f.Severity.String()+" "+f.Code+" app: "+f.Text+" => "+f.Remedy)
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

// A role of the policy that holds more is found also where a user that is left alone holds
// it.
func TestExcessOfARoleThatAUserLeftAloneHolds(t *testing.T) {
	t.Parallel()
	s := roles.State{
		Enabled: true,
		Users:   []roles.User{{Name: "app", Roles: []string{"app"}, Password: roles.PasswordPresent}},
		Roles:   []roles.Role{{Name: "app", Permissions: []keyrange.Permission{keyrange.Prefix("/app/", keyrange.ReadWrite), keyrange.Prefix("/more/", keyrange.Read)}}},
	}
	for _, f := range Judge(&Evidence{Policy: accepting(t, "  []\n"), Auth: &s}, roleChecks()).Findings {
		if f.Code == "roles/excess" && f.Subject.Name == "app" && strings.Contains(f.Text, `revoke prefix "/more/" from role "app"`) {
			return
		}
	}
	t.Error("nothing was found")
}

// A permission of a role that gives nothing beyond the policy is a warning in its own
// words; with any access beyond it, it is critical.
func TestRedundantPermissions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		more []keyrange.Permission
		want []string
	}{
		{"within what the policy gives", []keyrange.Permission{keyrange.Key("/app/x", keyrange.Read)},
			[]string{`warning roles/redundant it adds nothing to what the policy gives the role; to mend: revoke key "/app/x" from role "app" => lockstep apply revokes it; no user loses or gains access by it`}},
		{"a narrower prefix", []keyrange.Permission{keyrange.Prefix("/app/sub/", keyrange.ReadWrite)},
			[]string{`warning roles/redundant it adds nothing to what the policy gives the role; to mend: revoke prefix "/app/sub/" from role "app" => lockstep apply revokes it; no user loses or gains access by it`}},
		{"beyond", []keyrange.Permission{keyrange.Key("/b", keyrange.Read)},
			[]string{`critical roles/excess the policy does not allow it; to mend: revoke key "/b" from role "app" => lockstep apply revokes it`}},
		{"partly beyond", []keyrange.Permission{keyrange.Prefix("/a", keyrange.Read)},
			[]string{`critical roles/excess the policy does not allow it; to mend: revoke prefix "/a" from role "app" => lockstep apply revokes it`}},
		{"more access to keys that are only read", []keyrange.Permission{keyrange.Key("/read/x", keyrange.Write)},
			[]string{`critical roles/excess the policy does not allow it; to mend: revoke key "/read/x" from role "app" => lockstep apply revokes it`}},
		{"twice, once beyond", []keyrange.Permission{keyrange.Key("/read/x", keyrange.Read), keyrange.Key("/read/x", keyrange.Write)},
			[]string{`critical roles/excess the policy does not allow it; to mend: revoke key "/read/x" from role "app" => lockstep apply revokes it`}},
		{"twice, once beyond, in the other order", []keyrange.Permission{keyrange.Key("/read/x", keyrange.Write), keyrange.Key("/read/x", keyrange.Read)},
			[]string{`critical roles/excess the policy does not allow it; to mend: revoke key "/read/x" from role "app" => lockstep apply revokes it`}},
	} {
		p, err := policies.Parse(policies.File{Name: "lockstep.yaml", Text: []byte(`apiVersion: lockstep/v1
kind: Policy
cluster: {name: edge, members: [{name: etcd1, hosts: [10.0.0.11]}]}
components:
  - {name: app, permissions: [{prefix: /app/, access: readwrite}, {prefix: /read/, access: read}]}
`)})
		if err != nil {
			t.Fatal(err)
		}
		s := roles.State{
			Enabled: true,
			Users:   []roles.User{{Name: "app", Roles: []string{"app"}, Password: roles.PasswordAbsent}},
			Roles:   []roles.Role{{Name: "app", Permissions: append([]keyrange.Permission{keyrange.Prefix("/app/", keyrange.ReadWrite), keyrange.Prefix("/read/", keyrange.Read)}, c.more...)}},
		}
		var got []string
		for _, f := range Judge(&Evidence{Policy: p, Auth: &s}, roleChecks()).Findings {
			if f.Subject.Name == "app" {
				got = append(got, f.Severity.String()+" "+f.Code+" "+f.Text+" => "+f.Remedy)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// Users beside the policy's: an empty password, another case of a name, and a removed component
// whose certificate still works.
func TestUsersBesideThePolicy(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	gone := *p.state().Pairs["components/flannel/client"].Leaf
	gone.Subject.CommonName = "gone"
	user := func(name string) roles.User { return roles.User{Name: name, Password: roles.PasswordUnknown} }
	state := roles.State{Enabled: true, Users: []roles.User{user("FLANNEL"), user("Root"), user("flannel"), user("gone"), user("patroni"), user("root")}}
	state.Users[2].Password, state.Users[5].Password = roles.PasswordPresent, roles.PasswordPresent
	folder := p.state()
	folder.Retired = append(folder.Retired, certgen.Retired{Identity: "gone", Leaf: &gone})
	checks := slices.DeleteFunc(authChecks(), func(c Check) bool {
		return !slices.Contains([]string{"users/empty-password", "users/case", "users/revived", "users/password"}, c.Code)
	})
	e := &Evidence{Policy: p.policy, Now: p.now, Folder: &folder, Auth: &state, Empty: []string{"flannel", "patroni"}}
	want := []string{
		"critical users/empty-password: patroni: has an empty password: every client can log in as it",
		"critical users/password: flannel: can log in with an empty password and without its certificate",
		"critical users/password: root: can log in with a password and without its certificate",
		"critical users/revived: gone: the policy does not name it, it is in etcd, and its former certificate works until 2027-02-22",
		"warning users/case: FLANNEL: is another user than the policy's \"flannel\"",
		"warning users/case: Root: is another user than the policy's \"root\"",
	}
	if diff := cmp.Diff(want, lines(e, checks)); diff != "" {
		t.Error(diff)
	}
	e.Now = gone.NotAfter
	want = slices.Delete(want, 3, 4)
	if diff := cmp.Diff(want, lines(e, checks)); diff != "" {
		t.Error("expired: " + diff)
	}
}
