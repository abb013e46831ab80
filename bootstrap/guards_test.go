package bootstrap

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lockstep/bootstrap/change"
	"lockstep/bootstrap/world"
	"lockstep/certgen/folder"
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
func TestIntrudersAreJudgedAfterThePlan(t *testing.T) {
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

// A recovery file that lockstep did not write deletes no user, and its text is not shown.
func TestPlantedRecoveryFilesAreRefused(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"a component":      `{"user":"writer","password":"hunter2","clusterID":1,"time":"2026-01-01T00:00:00Z"}`,
		"root":             `{"user":"root","password":"hunter2"}`,
		"a longer name":    `{"user":"lockstep-recovery-ABCDEFGHI","password":"hunter2"}`,
		"two lines":        `{"user":"lockstep-recovery-ABCDEFGH\n","password":"hunter2"}`,
		"without password": `{"user":"lockstep-recovery-ABCDEFGH"}`,
		"no JSON":          `hunter2`,
		"empty":            ``,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := emptyFolder(t)
			if err := os.WriteFile(filepath.Join(w.Folder.Path(), recoveryFile), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			rec, err := loadRecovery(w)
			if rec != nil || hint.Of(err) != hint.Refused || strings.Contains(err.Error()+hint.Text(err), "hunter2") {
				t.Errorf("got %v, %v", rec, err)
			}
		})
	}
}

func TestRecoveryFileIsReadBack(t *testing.T) {
	t.Parallel()
	w := emptyFolder(t)
	if rec, err := loadRecovery(w); rec != nil || err != nil {
		t.Fatalf("without a file: got %v, %v", rec, err)
	}
	rec := newRecovery(7, time.Now())
	if err := rec.save(w); err != nil {
		t.Fatal(err)
	}
	if err := newRecovery(8, time.Now()).save(w); err == nil {
		t.Error("a recovery file was overwritten")
	}
	got, err := loadRecovery(w)
	if err != nil || got.User != rec.User || got.Password != rec.Password || got.ClusterID != 7 || !got.Time.Equal(rec.Time) {
		t.Errorf("got %v, %v", got, err)
	}
	if err := forgetRecovery(w); err != nil {
		t.Fatal(err)
	}
	if rec, err := loadRecovery(w); rec != nil || err != nil {
		t.Errorf("after forgetting: got %v, %v", rec, err)
	}
}

func emptyFolder(t *testing.T) *world.World {
	t.Helper()
	f, err := folder.Create(filepath.Join(t.TempDir(), "pki"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return &world.World{Folder: f}
}
