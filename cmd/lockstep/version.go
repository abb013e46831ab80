package main

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"lockstep/cmd/lockstep/view"
)

func newVersionCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Say what this binary was built from",
		Example: "  lockstep version -o json",
		Args:    noArguments,
		RunE:    func(*cobra.Command, []string) error { return runVersion(g) },
	}
}

func runVersion(g *globals) error {
	build, _ := debug.ReadBuildInfo()
	return g.answer(versionOf(build))
}

// versionOf reads what the Go toolchain stamped into the binary; build may be nil.
func versionOf(build *debug.BuildInfo) view.Version {
	v := view.Version{Version: "(devel)", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if build == nil {
		return v
	}
	if build.Main.Version != "" {
		v.Version = build.Main.Version
	}
	for _, setting := range build.Settings {
		switch setting.Key {
		case "vcs.revision":
			v.Revision = setting.Value
		case "vcs.modified":
			v.Modified = setting.Value == "true"
		}
	}
	return v
}
