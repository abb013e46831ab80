package view

import (
	"slices"

	"lockstep/bootstrap/change"
)

// Starts tells what to copy to each member's host and how to start etcd there. It does
// not say so where a member runs without TLS: started from etcd.env all at once, members
// that know each other by http addresses would not find each other.
type Starts []change.Start

// Text implements Message.
func (list Starts) Text(s *Sheet) {
	plain := slices.ContainsFunc(list, func(m change.Start) bool { return m.Plain })
	if plain {
		s.Line("No member answers with TLS yet, and there is plain http. Copy each member's folder to its host:")
	} else {
		s.Line("No member answers yet. For each member, copy its folder to its host and start etcd there:")
	}
	for _, m := range list {
		s.Line("")
		s.Line("  %s (%s)", m.Member, m.Host)
		if m.Target != "." {
			s.Line("    copy   scp -rp %s/. %s:%s", m.Folder, m.Host, m.Target)
		}
		if !plain {
			s.Line("    start  %s", m.Command())
			s.Line("    it then answers at %s", m.URL)
		}
	}
	s.Line("")
	if plain {
		s.Line("A cluster that runs goes over to TLS one member at a time, in two rounds: docs/plain-http.md. Do not restart all of it with etcd.env at once.")
	}
	s.Line("The keys belong to the user that etcd runs as, with mode 0600. As a service: EnvironmentFile= its etcd.env and WorkingDirectory= its folder.")
}
