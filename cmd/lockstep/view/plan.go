package view

import (
	"fmt"
	"slices"

	"lockstep/bootstrap"
	"lockstep/certgen"
	"lockstep/policies/count"
)

// planLines is how many steps of one kind are listed before the rest is a number:
// a first bootstrap of a thousand components should fit a screen.
const planLines = 12

// Plan is what is about to change, for the person who is asked.
type Plan struct {
	bootstrap.Plan
	Verbose bool // every step, however many there are
}

// Text implements Message.
func (p Plan) Text(s *Sheet) {
	var certificates, etcd []line
	copies := 0
	for _, step := range p.Certificates.Steps {
		if step.Action == certgen.Write && step.Reason == certgen.Missing {
			copies++
			continue
		}
		certificates = append(certificates, line{withReason(step.String(), step.Reason), certificateSign(step) != "+"})
	}
	if copies > 0 {
		certificates = append(certificates, line{text: fmt.Sprintf("write %s beside them: environment, CA copies, empty CRLs", count.Of(copies, "file"))})
	}
	for _, step := range p.Roles.Steps {
		etcd = append(etcd, line{withReason(step.String(), step.Reason), roleSign(step) != "+"})
	}
	p.section(s, "in the PKI folder", len(p.Certificates.Steps), certificates)
	p.section(s, "in etcd", len(p.Roles.Steps), etcd)
	if p.EnableAuth {
		s.Line("in etcd, last: turn auth on, and off again if root does not get in by certificate")
	}
}

func withReason(sentence, reason string) string {
	if reason == "" {
		return sentence
	}
	return sentence + " (" + reason + ")"
}

// line is one step of a plan. One that takes something away or changes it is never left
// out: who says yes has seen it.
type line struct {
	text   string
	always bool
}

func (p Plan) section(s *Sheet, title string, steps int, lines []line) {
	if len(lines) == 0 {
		return
	}
	s.Line("%s (%s):", title, count.Of(steps, "step"))
	hidden := 0
	for i, l := range lines {
		if !p.Verbose && !l.always && i >= planLines && len(lines) > planLines+1 {
			hidden++
			continue
		}
		s.Line("  %s", l.text)
	}
	more(s, "  ", hidden)
}

// more says how many additions a long plan does not list.
func more(s *Sheet, indent string, hidden int) {
	if hidden > 0 {
		s.Line("%s... and %d more (-v shows all)", indent, hidden)
	}
}

// Starts tells what to copy to each member's host and how to start etcd there. It does
// not say so where a member runs without TLS: started from etcd.env all at once, members
// that know each other by http addresses would not find each other.
type Starts []bootstrap.Start

// Text implements Message.
func (list Starts) Text(s *Sheet) {
	plain := slices.ContainsFunc(list, func(m bootstrap.Start) bool { return m.Plain })
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

// Affected tells who will notice that auth is turned on.
type Affected []string

// Text implements Message.
func (list Affected) Text(s *Sheet) {
	s.Line("The cluster holds keys, so somebody uses it. When auth is turned on:")
	for _, sentence := range list {
		s.Wrapped("  - ", "    ", sentence)
	}
}

// Notes tells what the presets in use ask of the operator.
type Notes []bootstrap.Note

// Text implements Message.
func (list Notes) Text(s *Sheet) {
	if len(list) == 0 {
		return
	}
	s.Line("Look after this before you go on:")
	for _, n := range list {
		s.Wrapped(fmt.Sprintf("  %s: ", n.Component), "    ", n.Text)
	}
}
