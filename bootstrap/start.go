package bootstrap

import (
	"path/filepath"
	"slices"

	"lockstep/bootstrap/change"
	"lockstep/bootstrap/world"
	"lockstep/policies"
	"lockstep/roles/store"
)

// starts is the list for every member that has folders here; missing is why they do not answer,
// and seed the path of the file that they start from, if there is one.
func starts(w *world.World, missing []silent, seed string) []change.Start {
	var out []change.Start
	for _, m := range w.Policy.Cluster.Members {
		out = append(out, change.Start{
			Member: m.Name, Folder: filepath.Join(w.Folder.Path(), "members", m.Name),
			Host: host(m), Target: w.Policy.Cluster.Install, URL: m.ClientURL, Seed: seed,
			Plain: slices.ContainsFunc(missing, func(s silent) bool { return s.name == m.Name && store.IsPlain(s.err) }),
		})
	}
	return out
}

func host(m policies.Member) string {
	if len(m.Hosts) == 0 {
		return m.Name
	}
	return m.Hosts[0]
}
