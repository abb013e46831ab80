package roles_test

import (
	"fmt"
	"strings"
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
		for _, q := range roles.NewExaminer(scene(t, three)).Questions(user, 0) {
			if q.Want == roles.Allowed {
				got = append(got, fmt.Sprintf("%s %s", q.Access, q.About))
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", user, diff)
		}
	}
}

// No user is asked a question whose expected answer its own reach contradicts, each
// gap is tried at both ends, and all others' ranges are.
func TestQuestionsAgreeWithReach(t *testing.T) {
	t.Parallel()
	desired := scene(t, three)
	for _, u := range desired.Users {
		for _, q := range roles.NewExaminer(desired).Questions(u.Name, -1) {
			if inside := desired.Reach(u.Name, q.Access).Contains(q.Range); inside != (q.Want == roles.Allowed) {
				t.Errorf("%s: %s %s: want %d, by arithmetic %v", u.Name, q.Access, q.About, q.Want, inside)
			}
		}
	}
	about := map[string]bool{}
	for _, q := range roles.NewExaminer(desired).Questions("reader", -1) {
		about[fmt.Sprintf("%s %s", q.Access, q.About)] = true
	}
	for _, want := range []string{
		`read prefix "/calico/"`, `read just past prefix "/calico/"`, `read just before prefix "/calico/"`, `read the first key`, `read the last keys`,
		`write prefix "/calico/", which it may only read`, `read prefix "/net/" of role "flannel"`, `write prefix "/net/" of role "flannel"`,
	} {
		if !about[want] {
			t.Errorf("no user asks: %s\n%v", want, about)
		}
	}
}

func TestASampleIsASample(t *testing.T) {
	t.Parallel()
	desired := roles.State{Users: []roles.User{{Name: "a", Roles: []string{"r0"}}}}
	for i := range 9 {
		desired.Roles = append(desired.Roles, roles.Role{Name: fmt.Sprintf("r%d", i), Permissions: []keyrange.Permission{keyrange.Key(fmt.Sprint(i), keyrange.Read)}})
	}
	none, two, all := len(roles.NewExaminer(desired).Questions("a", 0)), len(roles.NewExaminer(desired).Questions("a", 2)), len(roles.NewExaminer(desired).Questions("a", -1))
	if two-none != 4 || all-none < 14 {
		t.Errorf("%d questions without others, %d with two of them, %d with all", none, two, all)
	}
}

// What one component asks must not grow with the others: adding one costs the same
// number of calls among 100 and among 3,000. Half of the others' ranges are its own, too.
func TestASampleIsTheSameAmongAllSizes(t *testing.T) {
	t.Parallel()
	among := func(n int) int {
		var desired roles.State
		for i := range n {
			name := fmt.Sprintf("c%05d", i)
			desired.Users = append(desired.Users, roles.User{Name: name, Roles: []string{name}})
			desired.Roles = append(desired.Roles, roles.Role{Name: name, Permissions: []keyrange.Permission{
				keyrange.Prefix("/shared/", keyrange.Read), keyrange.Prefix("/tenants/"+name+"/", keyrange.ReadWrite)}})
		}
		others := map[keyrange.Access]int{}
		questions := roles.NewExaminer(desired).Questions("c00042", 8)
		for _, q := range questions {
			if strings.Contains(q.About, "of role") {
				others[q.Access]++
			}
		}
		if diff := cmp.Diff(map[keyrange.Access]int{keyrange.Read: 8, keyrange.Write: 8}, others); diff != "" {
			t.Errorf("among %d: %s", n, diff)
		}
		return len(questions)
	}
	want := among(100)
	for _, n := range []int{101, 1000, 1001, 3001} {
		if got := among(n); got != want {
			t.Errorf("%d questions among %d, and %d among 100", got, n, want)
		}
	}
}
