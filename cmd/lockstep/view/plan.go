package view

import (
	"fmt"
	"slices"

	"lockstep/bootstrap/change"
	"lockstep/policies"
	"lockstep/policies/count"
)

// Plan is what a change will do, or has done, and what it leaves out: both halves, grouped by
// component. Every verb shows its plan by it.
type Plan struct {
	*change.Plan
	Of      *policies.Policy // the policy whose components are the groups
	Applied bool             // the plan has been executed
	Verbose bool             // every change, however many there are
}

const noComponent = "cluster"

// planLines is how many additions are listed before the rest is a number.
const planLines = 60

// Text implements Answer. What was applied was shown when it was asked for, so then
// only what is still left is listed.
func (p Plan) Text(s *Sheet) {
	Diff(p.Diff).Text(s)
	p.changes(s)
	if p.Seed != nil {
		s.Line("%s, for %s that never ran: etcd starts with %s, %s and auth on", p.Seed.File,
			count.Of(p.Seed.Members, "member"), count.Of(p.Seed.Users, "user"), count.Of(p.Seed.Roles, "role"))
	}
	if p.EnableAuth && !p.Applied {
		s.Line("in etcd, last: turn auth on, and off again if root does not get in by certificate")
	}
	if !p.Applied || p.Empty() { // else they were shown with the question
		p.tellNotes(s)
		p.tellAffected(s)
	}
	for _, text := range p.unmanaged() {
		s.Line("left alone: %s", text)
	}
	for _, a := range p.Accepted {
		accepted(s, a)
	}
	p.warnings(s)
	if p.Steps() > 0 || p.Diff == "" {
		p.summary(s)
	}
	findsMore(s, p.More)
}

// changes lists the steps by component. Of a long list of additions the end is a number;
// what is changed, removed or pending, and which users are affected, is always listed.
func (p Plan) changes(s *Sheet) {
	added, hidden := 0, 0
	hide := func(c line) bool {
		if p.Verbose || c.sign != "+" || c.interrupts+c.affects != "" {
			return false
		}
		added++
		if added > planLines {
			hidden++
		}
		return added > planLines
	}
	for _, g := range p.groups() {
		if p.Applied {
			g.changes = slices.DeleteFunc(g.changes, func(c line) bool { return c.sign != "!" })
		}
		g.changes = slices.DeleteFunc(g.changes, hide)
		if len(g.changes) == 0 {
			continue
		}
		s.Line("%s", s.Paint(Bold, g.name))
		g.write(s)
	}
	more(s, "", hidden)
}

// warnings says what limits a plan of etcd. One of the folder alone has not read etcd.
func (p Plan) warnings(s *Sheet) {
	if p.Observed == "" {
		return
	}
	if p.Folder == "" {
		s.Line("%s there is no PKI folder here: this is etcd's half only, and nothing tells which other users lockstep made", s.Paint(Warn, "warning:"))
	}
	if !p.Enabled && !p.EnableAuth {
		s.Line("%s auth is off: etcd checks no permission until lockstep bootstrap has turned it on", s.Paint(Warn, "warning:"))
	}
}

// write says once which user is interrupted by several steps in a row.
func (g group) write(s *Sheet) {
	said := ""
	for _, c := range g.changes {
		s.Line("  %s %s%s", s.Paint(signColour(c.sign), c.sign), c.text, parenthesis(c))
		if c.interrupts != "" && c.interrupts != said {
			s.Line("    %s %s", s.Paint(Warn, "interrupts:"), c.interrupts)
		}
		if c.affects != "" {
			s.Line("    %s %s", s.Paint(Warn, "affects:"), c.affects)
		}
		said = c.interrupts
	}
}

// unmanaged is what is left alone, in both halves.
func (p Plan) unmanaged() []string {
	out := append([]string{}, p.Roles.Foreign...)
	for _, path := range p.Stray {
		out = append(out, fmt.Sprintf("%s in the PKI folder belongs to no member, proxy or component of the policy", path))
	}
	return out
}

func parenthesis(c line) string {
	switch {
	case c.flag+c.needs != "":
		return fmt.Sprintf(" (not without %s: %s)", c.flag+c.needs, c.reason)
	case c.reason == "":
		return ""
	}
	return " (" + c.reason + ")"
}

func signColour(sign string) Colour {
	switch sign {
	case "+":
		return Good
	case "-", "!":
		return Bad
	}
	return Warn
}

// summary is the last line: how much there is to do, or that there is nothing.
func (p Plan) summary(s *Sheet) {
	n := p.counts()
	waiting := ""
	if n.waiting > 0 {
		waiting = fmt.Sprintf(", %d waiting for something else", n.waiting)
	}
	switch {
	case p.InStep() && p.Folder == "":
		s.Line("%s", s.Paint(Good, "nothing to do in etcd"))
	case p.InStep():
		s.Line("%s", s.Paint(Good, "nothing to do"))
	case p.Applied:
		s.Line("%s: %d added, %d changed, %d removed, %d left for a flag%s", s.Paint(Good, "done"), n.added, n.changed, n.removed, n.refused, waiting)
	default:
		s.Line("to do: %d to add, %d to change, %d to remove, %d only with a flag%s", n.added, n.changed, n.removed, n.refused, waiting)
	}
}

// counted is how many changes there are of each kind.
type counted struct{ added, changed, removed, refused, waiting int }

func (p Plan) counts() (n counted) {
	for _, g := range p.groups() {
		for _, c := range g.changes {
			switch {
			case c.sign == "+":
				n.added++
			case c.sign == "~":
				n.changed++
			case c.sign == "-":
				n.removed++
			case c.needs != "":
				n.waiting++
			default:
				n.refused++
			}
		}
	}
	return n
}

// Document implements Answer.
func (p Plan) Document() any { return p.Saved() }

// Saved is the plan as the document that is saved and compared.
func (p Plan) Saved() PlanDocument {
	n := p.counts()
	d := PlanDocument{
		Header: header("Plan"), Cluster: p.Of.Cluster.Name, ClusterID: fmt.Sprintf("%x", p.ClusterID),
		Policy: p.Plan.Policy, AuthRevision: p.Roles.Revision, Observed: p.Observed,
		Folder: p.Folder, Fingerprint: p.Fingerprint(), Auth: p.Enabled, InStep: p.InStep(), Applied: p.Applied,
		Add: n.added, Change: n.changed, Remove: n.removed, Refused: n.refused, Waiting: n.waiting,
		Groups: []GroupDocument{}, Foreign: p.unmanaged(), More: []FindingDocument{}, Accepted: acceptedDocuments(p.Accepted), Notes: []noteDocument{},
	}
	for _, f := range p.More {
		d.More = append(d.More, findingDocument(f))
	}
	for _, note := range p.Notes {
		d.Notes = append(d.Notes, noteDocument(note))
	}
	for _, g := range p.groups() {
		group := GroupDocument{Name: g.name, Changes: []changeDocument{}}
		for _, c := range g.changes {
			group.Changes = append(group.Changes, changeDocument{c.sign, c.half, c.text, c.reason, c.interrupts, c.affects, c.flag, c.needs})
		}
		d.Groups = append(d.Groups, group)
	}
	return d
}

// more says how many additions a long plan does not list.
func more(s *Sheet, indent string, hidden int) {
	if hidden > 0 {
		s.Line("%s... and %d more (-v shows all)", indent, hidden)
	}
}

// tellNotes writes what the presets in use ask of the operator.
func (p Plan) tellNotes(s *Sheet) {
	if len(p.Notes) == 0 {
		return
	}
	s.Line("Look after this before you go on:")
	for _, n := range p.Notes {
		s.Wrapped(fmt.Sprintf("  %s: ", n.Component), "    ", n.Text)
	}
}

// tellAffected writes which clients will notice that auth is turned on.
func (p Plan) tellAffected(s *Sheet) {
	if len(p.Affected) == 0 {
		return
	}
	s.Line("The cluster holds keys, so clients use it. When auth is turned on:")
	for _, sentence := range p.Affected {
		s.Wrapped("  - ", "    ", sentence)
	}
}
