package roles_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/policies"
	"lockstep/policies/keyrange"
	"lockstep/roles"
)

func component(t testing.TB, user, role string, permissions ...keyrange.Permission) policies.Component {
	t.Helper()
	u, err := policies.ParseUserName(user)
	if err != nil {
		t.Fatal(err)
	}
	c := policies.Component{Name: user, User: u, Role: policies.RootRole(), Administrator: role == "root", Permissions: permissions}
	if !c.Administrator {
		if c.Role, err = policies.ParseRoleName(role); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func TestDesired(t *testing.T) {
	t.Parallel()
	p := &policies.Policy{Components: []policies.Component{
		component(t, "b", "shared", keyrange.Prefix("/x/", keyrange.Write), keyrange.Key("/a", keyrange.Read)),
		component(t, "a", "shared", keyrange.Key("/a", keyrange.Read), keyrange.Prefix("/x/", keyrange.Read)),
		component(t, "backup", "root"),
		component(t, "idle", "idle"),
	}}
	want := scene(t, `
		user a: shared
		user b: shared
		user backup: root
		user idle: idle
		user root: root
		role idle:
		role shared: read /a, readwrite /x/*`)
	if diff := cmp.Diff(want, roles.Desired(p)); diff != "" {
		t.Error(diff)
	}
}

// Diff stays linear: 3,000 components cost milliseconds.
func BenchmarkDiff3000(b *testing.B) {
	p := &policies.Policy{}
	for i := range 3000 {
		name := fmt.Sprintf("c%d", i)
		p.Components = append(p.Components, component(b, name, name, keyrange.Prefix("/"+name+"/", keyrange.ReadWrite), keyrange.Key("/"+name, keyrange.Read)))
	}
	desired := roles.Desired(p)
	for b.Loop() {
		if n := len(roles.Diff(desired, roles.State{}, ownedBy(), roles.Allow{}).Steps); n != 3000*5+2 {
			b.Fatalf("%d steps", n)
		}
	}
}
