package main

import (
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/cmd/lockstep/view"
)

func TestVersionOf(t *testing.T) {
	t.Parallel()
	here := view.Version{Version: "(devel)", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	stamped := here
	stamped.Version, stamped.Revision, stamped.Modified = "v1.2.3", "abc", true
	for name, test := range map[string]struct {
		build *debug.BuildInfo
		want  view.Version
	}{
		"nothing stamped": {nil, here},
		"outside git":     {&debug.BuildInfo{}, here},
		"stamped": {&debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}, Settings: []debug.BuildSetting{
			{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.modified", Value: "true"}, {Key: "GOOS", Value: "plan9"},
		}}, stamped},
	} {
		if diff := cmp.Diff(test.want, versionOf(test.build)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
