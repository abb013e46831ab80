package certgen_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/certgen"
)

// TestInstances: each has a pair, an env file and a copy of the CA in a folder of its own, all
// for the same user, and the component itself has none.
func TestInstances(t *testing.T) {
	t.Parallel()
	p := small(t)
	p.Components[0].Instances = []string{"node-a", "node-b"}
	w := certgen.Desired(p)
	var got []string
	for _, prof := range w.Profiles {
		if prof.Kind == certgen.KindComponent {
			got = append(got, prof.Path+" "+prof.User.String()+" "+prof.Identity)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(w.Files)) {
		if certgen.PlaceOf(name).Component() != "" {
			got = append(got, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(w.Copies)) {
		if certgen.PlaceOf(name).Component() != "" {
			got = append(got, name)
		}
	}
	want := []string{
		"components/flannel/instances/node-a/client flannel flannel",
		"components/flannel/instances/node-b/client flannel flannel",
		"components/flannel/instances/node-a/etcdctl.env",
		"components/flannel/instances/node-b/etcdctl.env",
		"components/flannel/instances/node-a/ca.crt",
		"components/flannel/instances/node-b/ca.crt",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestDiffInstances: a component gets instances, loses them, or loses one of them.
func TestDiffInstances(t *testing.T) {
	t.Parallel()
	path := func(instance string) string {
		return certgen.Place{Kind: certgen.PlaceComponent, Name: "flannel", Instance: instance, Use: "client"}.String()
	}
	for name, c := range map[string]struct {
		there, wanted []string // instances; "" is the component's own
		want          string
	}{
		"gets instances": {[]string{""}, []string{"a", "b"}, `issue components/flannel/instances/a/client to user "flannel" | missing
issue components/flannel/instances/b/client to user "flannel" | missing
REMOVE retire components/flannel/client | the component has instances now, each with a certificate of its own`},
		"one more": {[]string{"a"}, []string{"a", "b"}, `issue components/flannel/instances/b/client to user "flannel" | missing`},
		"one less": {[]string{"a", "b"}, []string{"a"}, `REMOVE retire components/flannel/instances/b/client | the policy does not name this instance any more`},
		"back to one": {[]string{"a"}, nil, `issue components/flannel/client to user "flannel" | missing
REMOVE retire components/flannel/instances/a/client | the component has no instances any more`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			delete(w.state.Pairs, "components/flannel/client")
			for _, instance := range c.there {
				h := w.p.Components[0].Holders()[0]
				h.Instance = instance
				prof := certgen.ComponentProfile(w.p, h)
				w.state.Pairs[path(instance)] = certgen.Pair{Path: path(instance), Leaf: issue(t, w.cas[certgen.ClientCA], prof, now), Key: certgen.KeyMatches, KeyMode: 0o600}
			}
			w.p.Components[0].Instances = c.wanted
			got := certgen.Diff(certgen.Desired(w.p), w.state, now)
			var lines []string
			for _, s := range got.Steps {
				if s.Action != certgen.Write {
					lines = append(lines, s.String()+" | "+s.Reason)
				}
			}
			for _, s := range got.Removals() {
				lines = append(lines, "REMOVE "+s.String()+" | "+s.Reason)
			}
			if text := strings.Join(lines, "\n"); text != c.want {
				t.Errorf("got\n%s\nwant\n%s", text, c.want)
			}
		})
	}
}
