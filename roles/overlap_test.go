package roles_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/policies/keyrange"
	"lockstep/roles"
)

// What an unmanaged user reaches is named exactly, and weighed by whose keys they are: a
// role owns the keys that it may write.
func TestOverlaps(t *testing.T) {
	t.Parallel()
	desired := scene(t, `
		user root: root
		user flannel: flannel
		user auditor: auditor
		user config: config
		role flannel: readwrite /net/*
		role auditor: read *
		role config: read /flags/*`)
	observed := scene(t, `
		user root: root
		user boss: root flannel
		user far: far
		user flannel: flannel
		user near: near
		user patroni!: patroni
		user peeper: auditor
		user writer: near both
		role auditor: read *
		role both: readwrite /net/a, readwrite /flags/x
		role far: read /other/*
		role flannel: readwrite /net/*
		role near: read /net*
		role patroni: readwrite /service/*`)
	want := []string{
		`boss 0 "": readwrite on everything`,
		`near 2 "flannel": readwrite on prefix "/net/"`,
		`patroni 3 "auditor": readwrite on prefix "/service/"`,
		`peeper 2 "flannel": readwrite on prefix "/net/"`,
		`writer 1 "flannel": readwrite on key "/net/a"`,
		`writer 2 "flannel": readwrite on range ["/net/", "/net/a"), readwrite on range ["/net/a\x00", "/net0")`,
		`writer 3 "auditor": readwrite on key "/flags/x"`,
		`writer 3 "config": readwrite on key "/flags/x"`,
	}
	var got []string
	for _, o := range observed.Overlaps(desired) {
		got = append(got, fmt.Sprintf("%s %d %q: %s", o.User, o.Kind, o.Role, keyrange.Describe(o.Keys, o.Keys)))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// n log n: from 1,000 to 10,000 users and roles the time grows 10 to 20 times, not 100 times.
func BenchmarkOverlaps(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			desired, observed := roles.State{}, roles.State{}
			for i := range n {
				ours, theirs := fmt.Sprintf("c%05d", i), fmt.Sprintf("u%05d", i)
				desired.Roles = append(desired.Roles, roles.Role{Name: ours, Permissions: []keyrange.Permission{keyrange.Prefix("/"+ours+"/", keyrange.ReadWrite), keyrange.Prefix("/shared/", keyrange.Read)}})
				observed.Roles = append(observed.Roles, roles.Role{Name: theirs, Permissions: []keyrange.Permission{keyrange.Prefix("/"+ours+"/x/", keyrange.Read)}})
				observed.Users = append(observed.Users, roles.User{Name: theirs, Roles: []string{theirs}})
			}
			for b.Loop() {
				if got := len(observed.Overlaps(desired)); got != n {
					b.Fatalf("%d overlaps, want %d", got, n)
				}
			}
		})
	}
}
