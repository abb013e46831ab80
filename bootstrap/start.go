package bootstrap

import (
	"path/filepath"

	"lockstep/bootstrap/world"
	"lockstep/policies"
)

// Start says what to copy to one member's host and how to start etcd there.
type Start struct {
	Member string
	Folder string // here
	Host   string // the member's first host
	Target string // where the folder's content goes on that host; "." for leaving it in place
	URL    string // where the member will answer
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

// starts is the list for every member that has folders here.
func starts(w *world.World) []Start {
	var out []Start
	for _, m := range w.Policy.Cluster.Members {
		out = append(out, Start{
			Member: m.Name, Folder: filepath.Join(w.Folder.Path(), "members", m.Name),
			Host: host(m), Target: w.Policy.Cluster.Install, URL: m.ClientURL,
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
