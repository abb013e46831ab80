package view

import (
	"slices"

	"lockstep/bootstrap/change"
)

// Starts tells what to copy to each member's host, what to restore and how to start etcd there.
// It does not say how to start it where a member runs without TLS: started from etcd.env all at
// once, members that know each other by http addresses would not find each other.
type Starts []change.Start

// Text implements Message.
func (list Starts) Text(s *Sheet) {
	plain := slices.ContainsFunc(list, func(m change.Start) bool { return m.Plain })
	seeded := slices.ContainsFunc(list, func(m change.Start) bool { return m.Seed != "" })
	switch {
	case plain:
		s.Line("No member answers with TLS yet, and there is plain http. Copy each member's folder to its host:")
	case seeded:
		s.Line("No member answers yet. For each member, copy its folder and the seed to its host, restore its data there, and start etcd:")
	default:
		s.Line("No member answers yet. For each member, copy its folder to its host and start etcd there:")
	}
	for _, m := range list {
		list.one(s, m, plain)
	}
	s.Line("")
	if plain {
		s.Line("A cluster that runs goes over to TLS one member at a time, in two rounds: docs/plain-http.md. Do not restart all of it with etcd.env at once.")
	}
	if seeded {
		s.Line("etcdutl comes with etcd. Run restore.sh as the user that etcd runs as: the data belong to it. It restores nothing over data that are there.")
	}
	s.Line("The keys belong to the user that etcd runs as, with mode 0600. As a service: EnvironmentFile= its etcd.env and WorkingDirectory= its folder.")
}

func (list Starts) one(s *Sheet, m change.Start, plain bool) {
	s.Line("")
	s.Line("  %s (%s)", m.Member, m.Host)
	switch {
	case m.Target == ".":
	case m.Seed != "":
		s.Line("    copy   scp -rp %s/. %s %s:%s", m.Folder, m.Seed, m.Host, m.Target)
	default:
		s.Line("    copy   scp -rp %s/. %s:%s", m.Folder, m.Host, m.Target)
	}
	if plain {
		return
	}
	if m.Seed != "" {
		s.Line("    data   %s", m.Restore())
	}
	s.Line("    start  %s", m.Command())
	s.Line("    it then answers at %s", m.URL)
}
