package roles_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/policies/keyrange"
	"lockstep/roles"
)

const three = `
	user calico: calico
	user flannel: flannel
	user reader: reader
	user root: root
	role calico: readwrite /calico/*
	role flannel: readwrite /net/*
	role reader: read /calico/*`

func TestWhatIsGrantedIsAskedAsAWhole(t *testing.T) {
	t.Parallel()
	for user, want := range map[string][]string{
		"stranger": nil,
		"root":     {"read everything", "write everything"},
		"calico":   {`read prefix "/calico/"`, `write prefix "/calico/"`},
		"reader":   {`read prefix "/calico/"`},
	} {
		var got []string
		for _, q := range roles.Questions(scene(t, three), user, 0) {
			if q.Want == roles.Allowed {
				got = append(got, fmt.Sprintf("%s %s", q.Access, q.About))
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", user, diff)
		}
	}
}

// Nobody is asked a question whose expected answer its own reach contradicts, each
// gap is tried at both ends, and all others' ranges are.
func TestQuestionsAgreeWithReach(t *testing.T) {
	t.Parallel()
	desired := scene(t, three)
	for _, u := range desired.Users {
		for _, q := range roles.Questions(desired, u.Name, -1) {
			if inside := desired.Reach(u.Name, q.Access).Contains(q.Range); inside != (q.Want == roles.Allowed) {
				t.Errorf("%s: %s %s: want %d, by arithmetic %v", u.Name, q.Access, q.About, q.Want, inside)
			}
		}
	}
	about := map[string]bool{}
	for _, q := range roles.Questions(desired, "reader", -1) {
		about[fmt.Sprintf("%s %s", q.Access, q.About)] = true
	}
	for _, want := range []string{
		`read prefix "/calico/"`, `read just past prefix "/calico/"`, `read just before prefix "/calico/"`, `read the first key`, `read the last keys`,
		`write prefix "/calico/", which it may only read`, `read prefix "/net/" of role "flannel"`, `write prefix "/net/" of role "flannel"`,
	} {
		if !about[want] {
			t.Errorf("nobody asks: %s\n%v", want, about)
		}
	}
}

func TestASampleIsASample(t *testing.T) {
	t.Parallel()
	desired := roles.State{Users: []roles.User{{Name: "a", Roles: []string{"r0"}}}}
	for i := range 9 {
		desired.Roles = append(desired.Roles, roles.Role{Name: fmt.Sprintf("r%d", i), Permissions: []keyrange.Permission{keyrange.Key(fmt.Sprint(i), keyrange.Read)}})
	}
	none, two, all := len(roles.Questions(desired, "a", 0)), len(roles.Questions(desired, "a", 2)), len(roles.Questions(desired, "a", -1))
	if two-none != 4 || all-none < 14 {
		t.Errorf("%d questions without others, %d with two of them, %d with all", none, two, all)
	}
}

func TestIntruders(t *testing.T) {
	t.Parallel()
	observed := scene(t, three+`
		user boss: root
		user near: near
		user far: far
		user old: reader
		role near: read /net*
		role far: readwrite /other/*`)
	want := []roles.Intruder{
		{User: "boss", Reason: "holds role root"},
		{User: "near", Reason: `may read in prefix "/net/" of role "flannel"`},
		{User: "old", Reason: `may read in prefix "/calico/" of role "calico"`},
	}
	if diff := cmp.Diff(want, observed.Intruders(scene(t, three))); diff != "" {
		t.Error(diff)
	}
}
