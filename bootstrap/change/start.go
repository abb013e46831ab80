package change

import "lockstep/certgen"

// Start says what to copy to one member's host and how to start etcd there.
type Start struct {
	Member string
	Folder string // on this machine
	Host   string // the member's first host
	Target string // where the folder's content goes on that host; "." for leaving it in place
	URL    string // where the member will answer
	Seed   string // the seed.db on this machine from which the member starts; "" for none
	Plain  bool   // it answers there already, without TLS: it has a configuration, and perhaps data
}

// Command is what to type on the member's host.
func (s Start) Command() string {
	return "cd " + s.directory() + " && set -a && . ./etcd.env && exec etcd"
}

// Restore is what to type on the host of a member that starts from a seed, before the command.
func (s Start) Restore() string {
	return "(cd " + s.directory() + " && sh " + certgen.RestoreFile + ")"
}

func (s Start) directory() string {
	if s.Target == "." {
		return s.Folder
	}
	return s.Target
}
