package bootstrap

import (
	"strings"
	"testing"

	"lockstep/bootstrap/change"
	"lockstep/bootstrap/world"
	"lockstep/policies"
	"lockstep/policies/hint"
	"lockstep/policies/keyrange"
	"lockstep/roles"
)

func policy(t *testing.T) *policies.Policy {
	t.Helper()
	p, err := policies.Parse(policies.File{Name: "lockstep.yaml", Text: []byte(`
apiVersion: lockstep/v1
kind: Policy
cluster: {name: edge, members: [{name: etcd1, hosts: [10.0.0.11]}]}
components:
  - {name: writer, permissions: [{prefix: /app/, access: readwrite}]}
accept:
  - {check: users/unmanaged-root, subject: eve, reason: breaks glass, until: "2026-11-24"}
  - {check: users/unmanaged-root, subject: old, reason: breaks glass, until: "2026-11-23"}
`)})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Who comes to power is judged by the state that the plan leads to, not by the one that
// it begins with.
func TestUnmanagedUsersAreJudgedAfterThePlan(t *testing.T) {
	t.Parallel()
	app := keyrange.Prefix("/app/", keyrange.Read)
	for name, c := range map[string]struct {
		users    []roles.User
		roles    []roles.Role
		accepted []string
		adopt    bool
		want     string // part of the refusal; "" for none
	}{
		"no other user":             {},
		"harmless":                  {users: []roles.User{{Name: "bob", Roles: []string{"other"}}}, roles: []roles.Role{{Name: "other"}}},
		"holds root":                {users: []roles.User{{Name: "bob", Roles: []string{"root"}}}, want: `"bob" holds role root: it may read and write everything, and change users and roles (users/unmanaged-root)`},
		"is accepted":               {users: []roles.User{{Name: "bob", Roles: []string{"root"}}}, accepted: []string{"bob"}},
		"is accepted by the policy": {users: []roles.User{{Name: "eve", Roles: []string{"root"}}}},
		"was accepted by the policy until yesterday": {users: []roles.User{{Name: "old", Roles: []string{"root"}}}, want: `"old"`},
		"another user": {users: []roles.User{{Name: "bob", Roles: []string{"root"}}}, accepted: []string{"eve"}, want: `"bob"`},
		"reaches our keys": {
			users: []roles.User{{Name: "bob", Roles: []string{"other"}}},
			roles: []roles.Role{{Name: "other", Permissions: []keyrange.Permission{app}}},
			want:  `"bob" may read prefix "/app/", which component "writer" may write (users/unmanaged-read)`,
		},
		"waits in a role that we will fill": {
			users: []roles.User{{Name: "bob", Roles: []string{"writer"}}}, roles: []roles.Role{{Name: "writer"}}, adopt: true,
			want: `"bob" may write prefix "/app/", which component "writer" may write (users/unmanaged-write)`,
		},
		"waits in a role that is not filled without a flag": {
			users: []roles.User{{Name: "bob", Roles: []string{"writer"}}}, roles: []roles.Role{{Name: "writer"}},
		},
		"bears the name of our temporary superusers": {
			users: []roles.User{{Name: roles.RecoveryPrefix + "ABCDEFGH", Roles: []string{"root"}}}, // the plan deletes it
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := policy(t)
			scope := change.Scope{Policy: p, Sweep: true, Permitted: change.Permitted{Allow: roles.Allow{Recreate: true, Adopt: c.adopt}}}
			r := &run{Change: change.New(&world.World{Policy: p, Now: clock}, scope, nil), options: Options{AcceptForeign: c.accepted}}
			observed := roles.State{Users: c.users, Roles: c.roles}
			err := r.refuseUnmanaged(observed, r.PlanRoles(observed))
			switch {
			case c.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want %s", err, c.want)
			case c.want != "" && hint.Of(err) != hint.Refused:
				t.Errorf("exit %d, want %d", hint.Of(err), hint.Refused)
			}
		})
	}
}
