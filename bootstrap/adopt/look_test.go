package adopt

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lockstep/policies/keyrange"
	"lockstep/roles"
	"lockstep/roles/store"
)

// asked is an etcd that notes what it is asked, and fails at call number broken.
type asked struct {
	state  roles.State
	key    string // the one key that there is
	calls  []string
	broken int
}

var errBroken = errors.New("broken")

func (a *asked) call(name string) error {
	a.calls = append(a.calls, name)
	if len(a.calls) == a.broken {
		return errBroken
	}
	return nil
}

func (a *asked) Observe(_ context.Context, probe []string) (roles.State, error) {
	name := "observe"
	for _, p := range probe {
		name += " " + p
	}
	return a.state, a.call(name)
}

func (a *asked) Members(context.Context) ([]store.Member, error) {
	return cluster3(), a.call("members")
}

func (a *asked) HoldsKey(_ context.Context, p keyrange.Permission) (bool, error) {
	return p.Range().Holds(a.key), a.call(p.Target())
}

func TestLookAsksOnlyWhatItNeeds(t *testing.T) {
	t.Parallel()
	used := roles.State{Users: []roles.User{person("app"), person("root")}}
	on := used
	on.Enabled = true
	for name, test := range map[string]struct {
		state roles.State
		want  []string
	}{
		"auth off": {used, []string{"observe", "members"}},
		"auth on":  {on, []string{"observe", "observe app root", "members"}},
	} {
		etcd := &asked{state: test.state}
		_, facts, err := Look(t.Context(), etcd, time.Minute)
		if diff := cmp.Diff(test.want, etcd.calls); err != nil || diff != "" || len(facts.Held) > 0 || len(facts.Members) != 3 {
			t.Errorf("%s: %v, %+v (-want +got):\n%s", name, err, facts, diff)
		}
	}
}

// Each place is looked at once, however many presets share it.
func TestLookFindsThePresetsWhoseKeysThereAre(t *testing.T) {
	t.Parallel()
	etcd := &asked{state: roles.State{Users: []roles.User{person("root")}}, key: "/calico/felix/v1/host/a"}
	_, facts, err := Look(t.Context(), etcd, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	felix := keyrange.Prefix("/calico/felix/v1/", keyrange.ReadWrite)
	if diff := cmp.Diff([]Held{{"calico/felix", felix}, {"calico/node", felix}}, facts.Held); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	seen := map[string]bool{}
	for _, c := range etcd.calls {
		if seen[c] {
			t.Errorf("asked twice: %s", c)
		}
		seen[c] = true
	}
}

func TestLookSaysWhichCallFailed(t *testing.T) {
	t.Parallel()
	on := roles.State{Enabled: true}
	for n, want := range map[int]string{
		1: "reading etcd's users and roles: broken", 2: "reading etcd's users and roles: broken",
		3: "listing etcd's members: broken", 4: "looking for the keys of known software: broken",
	} {
		_, facts, err := Look(t.Context(), &asked{state: on, broken: n}, time.Minute)
		if err == nil || err.Error() != want || len(facts.Held) > 0 {
			t.Errorf("call %d: got %v, want %s", n, err, want)
		}
	}
}
