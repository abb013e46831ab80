package verify

import (
	"testing"

	"lockstep/policies"
	"lockstep/policies/presets"
)

func TestCallsThatEtcdRefuses(t *testing.T) {
	t.Parallel()
	makes := func(name string, admin bool, list ...presets.Calling) policies.Component {
		return policies.Component{Name: name, Administrator: admin, Calls: list}
	}
	compact := presets.Calling{Call: "compact", Instead: "turn it off"}
	policy := &policies.Policy{Components: []policies.Component{
		makes("kas", false, compact, presets.Calling{Call: "status"}, presets.Calling{Call: "lease-grant"}, presets.Calling{Call: "lease-keys"}),
		makes("boss", true, presets.Calling{Call: "snapshot"}),
		makes("none", false),
	}}
	member := func(version string) Member {
		return Member{Name: version, Described: true, AuthOn: true, Version: version}
	}
	unasked, off := member("3.6.9"), member("3.6.9")
	unasked.Described, off.AuthOn = false, false
	const then = "; then write under calls of the component what it still calls (calls: [] for nothing)"
	for _, row := range []struct {
		name    string
		members []Member
		want    map[string]string // text and remedy
	}{
		{"the newest release", []Member{member("3.7.3")}, map[string]string{"calls compact, which etcd 3.7.3 leaves to role root": "turn it off" + then}},
		{"two releases, one of which refuses more", []Member{member("3.6.9"), member("3.7.3"), member("3.7.3")}, map[string]string{
			"calls compact, which etcd 3.6.9 and 3.7.3 leaves to role root": "turn it off" + then,
			"calls status, which etcd 3.6.9 leaves to role root":            "upgrade etcd to 3.5.32, 3.6.12 or 3.7.0 or later, where every user may" + then,
		}},
		{"a release that refuses nothing", []Member{member("3.5.27")}, map[string]string{}},
		{"a member that told no version, and one with auth off", []Member{unasked, off}, map[string]string{}},
	} {
		got := map[string]string{}
		for _, f := range findCalls(judging(&Evidence{Policy: policy, Members: row.members})) {
			if f.Subject != (Subject{SubjectComponent, "kas"}) {
				t.Errorf("%s: about %v", row.name, f.Subject)
			}
			got[f.Text] = f.Remedy
		}
		if len(got) != len(row.want) {
			t.Errorf("%s: got %q", row.name, got)
		}
		for text, remedy := range row.want {
			if got[text] != remedy {
				t.Errorf("%s: got %q for %q, want %q", row.name, got[text], text, remedy)
			}
		}
	}
}
