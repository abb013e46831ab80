package adopt

import (
	stdcmp "cmp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/policies/keyrange"
	"lockstep/policies/presets"
)

func TestComponentName(t *testing.T) {
	t.Parallel()
	for preset, want := range map[string]string{
		"kubernetes/kube-apiserver": "kube-apiserver", "calico/node": "calico-node",
		"calico/calicoctl-readonly": "calicoctl-readonly", "flannel": "flannel",
	} {
		if got := ComponentName(preset); got != want {
			t.Errorf("%s: got %s, want %s", preset, got, want)
		}
	}
}

// Every preset with permissions is found again by them, in a component called like it or
// like the user that it names.
func TestEveryPresetIsRecognized(t *testing.T) {
	t.Parallel()
	for _, p := range presets.List() {
		name := stdcmp.Or(p.User, ComponentName(p.Name))
		given, _, problems := p.Expand(name, nil)
		if p.Administrator || len(given) == 0 || len(problems) > 0 {
			continue
		}
		got, ok := matching(name, []string{name}, given)
		if want := (match{preset: p.Name}); !ok || !cmp.Equal(got, want, cmp.AllowUnexported(match{})) {
			t.Errorf("%s: got %+v", p.Name, got)
		}
		if got, ok := matching(name, []string{name}, append(given, keyrange.Key("one more", keyrange.Read))); ok {
			t.Errorf("%s with one more permission: got %+v", p.Name, got)
		}
	}
}

// Values that a preset lists speak for themselves, as its defaults do.
func TestListedValuesAreRecognized(t *testing.T) {
	t.Parallel()
	cni, _ := presets.Lookup("calico/cni")
	for _, with := range []map[string]string{{"policy": "none"}, {"kubevirt": "used"}, {"policy": "none", "kubevirt": "used"}} {
		given, _, _ := cni.Expand("x", with)
		got, _ := matching("x", []string{"anything"}, given)
		if diff := cmp.Diff(match{"calico/cni", with}, got, cmp.AllowUnexported(match{})); diff != "" {
			t.Errorf("%v (-want +got):\n%s", with, diff)
		}
	}
}

// A parameter makes flannel's preset equal to any prefix; only a name tells that it is meant.
func TestAParameterNeedsTheName(t *testing.T) {
	t.Parallel()
	app := []keyrange.Permission{keyrange.Prefix("/app/", keyrange.ReadWrite)}
	for name, want := range map[string]match{
		"app": {}, "kube-flannel": {"flannel", map[string]string{"prefix": "/app/"}},
		"kube-apiserver-2": {"kubernetes/kube-apiserver", map[string]string{"prefix": "/app/"}},
	} {
		got, _ := matching("x", []string{name}, app)
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(match{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	registry := []keyrange.Permission{keyrange.Prefix("/registry/", keyrange.ReadWrite)}
	if got, _ := matching("x", []string{"anything"}, registry); got.preset != "kubernetes/kube-apiserver" || got.with != nil {
		t.Errorf("the defaults speak for themselves, got %+v", got)
	}
}
