package bootstrap

import (
	"path/filepath"
	"slices"

	"lockstep/bootstrap/world"
	"lockstep/policies"
	"lockstep/roles/store"
)

// Start says what to copy to one member's host and how to start etcd there.
type Start struct {
	Member string
	Folder string // here
	Host   string // the member's first host
	Target string // where the folder's content goes on that host; "." for leaving it in place
	URL    string // where the member will answer
	Plain  bool   // it answers there already, without TLS: it has a configuration, and perhaps data
}

// Command is what to type on the member's host.
func (s Start) Command() string {
	return "cd " + s.directory() + " && set -a && . ./etcd.env && exec etcd"
}

func (s Start) directory() string {
	if s.Target == "." {
		return s.Folder
	}
	return s.Target
}

// starts is the list for every member that has folders here; missing is why they do not answer.
func starts(w *world.World, missing []silent) []Start {
	var out []Start
	for _, m := range w.Policy.Cluster.Members {
		out = append(out, Start{
			Member: m.Name, Folder: filepath.Join(w.Folder.Path(), "members", m.Name),
			Host: host(m), Target: w.Policy.Cluster.Install, URL: m.ClientURL,
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
