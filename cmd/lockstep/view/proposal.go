package view

import (
	"fmt"
	"slices"

	"lockstep/bootstrap"
	"lockstep/policies"
)

// Proposal is what plan shows and apply does: both halves, grouped by component.
type Proposal struct {
	Policy   *policies.Policy
	Proposal *bootstrap.Proposal
	Applied  bool // it has been carried out
	Verbose  bool // every change, however many there are
}

const noComponent = "cluster"

// proposalLines is how many additions are listed before the rest is a number.
const proposalLines = 60

// Text implements Answer. What was applied was shown when it was asked for, so then
// only what is still left is listed. Of a long list of additions the end is a number;
// what is changed, taken away or refused, and who is affected, is always listed.
func (p Proposal) Text(s *Sheet) {
	added, hidden := 0, 0
	hide := func(c change) bool {
		if p.Verbose || c.sign != "+" || c.interrupts+c.affects != "" {
			return false
		}
		added++
		if added > proposalLines {
			hidden++
		}
		return added > proposalLines
	}
	for _, g := range p.groups() {
		if p.Applied {
			g.changes = slices.DeleteFunc(g.changes, func(c change) bool { return c.sign != "!" })
		}
		g.changes = slices.DeleteFunc(g.changes, hide)
		if len(g.changes) == 0 {
			continue
		}
		s.Line("%s", s.Paint(Bold, g.name))
		g.write(s)
	}
	more(s, "", hidden)
	if !p.Applied || p.Proposal.Empty() { // else they were shown with the question
		Notes(p.Proposal.Notes).Text(s)
	}
	for _, foreign := range p.foreign() {
		s.Line("left alone: %s", foreign)
	}
	for _, a := range p.Proposal.Accepted {
		accepted(s, a)
	}
	if p.Proposal.Folder == "" {
		s.Line("%s there is no PKI folder here: this is etcd's half only, and nothing tells which other users lockstep made", s.Paint(Warn, "warning:"))
	}
	if !p.Proposal.Enabled {
		s.Line("%s auth is off: nobody is asked for a right until lockstep bootstrap has turned it on", s.Paint(Warn, "warning:"))
	}
	p.summary(s)
	findsMore(s, p.Proposal.More)
}

// write says once who is interrupted by several steps in a row.
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

// foreign is what is left alone, in both halves.
func (p Proposal) foreign() []string {
	out := append([]string{}, p.Proposal.Roles.Foreign...)
	for _, path := range p.Proposal.Stray {
		out = append(out, fmt.Sprintf("%s in the PKI folder belongs to no member, proxy or component of the policy", path))
	}
	return out
}

func parenthesis(c change) string {
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
func (p Proposal) summary(s *Sheet) {
	n := p.counts()
	waiting := ""
	if n.waiting > 0 {
		waiting = fmt.Sprintf(", %d waiting for somebody", n.waiting)
	}
	switch {
	case p.Proposal.InStep() && p.Proposal.Folder == "":
		s.Line("%s", s.Paint(Good, "nothing to do in etcd"))
	case p.Proposal.InStep():
		s.Line("%s", s.Paint(Good, "nothing to do"))
	case p.Applied:
		s.Line("%s: %d added, %d changed, %d removed, %d left for a flag%s", s.Paint(Good, "done"), n.added, n.changed, n.removed, n.refused, waiting)
	default:
		s.Line("to do: %d to add, %d to change, %d to remove, %d only with a flag%s", n.added, n.changed, n.removed, n.refused, waiting)
	}
}

// counted is how many changes there are of each kind.
type counted struct{ added, changed, removed, refused, waiting int }

func (p Proposal) counts() (n counted) {
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
func (p Proposal) Document() any { return p.Plan() }

// Plan is the proposal as the document that is saved and compared.
func (p Proposal) Plan() PlanDocument {
	n := p.counts()
	d := PlanDocument{
		Header: header("Plan"), Cluster: p.Policy.Cluster.Name, ClusterID: fmt.Sprintf("%x", p.Proposal.ClusterID),
		Policy: p.Proposal.Policy, AuthRevision: p.Proposal.Roles.Revision, Observed: p.Proposal.Observed,
		Folder: p.Proposal.Folder, Fingerprint: p.Proposal.Fingerprint(), Auth: p.Proposal.Enabled, InStep: p.Proposal.InStep(), Applied: p.Applied,
		Add: n.added, Change: n.changed, Remove: n.removed, Refused: n.refused, Waiting: n.waiting,
		Groups: []GroupDocument{}, Foreign: p.foreign(), More: []FindingDocument{}, Accepted: acceptedDocuments(p.Proposal.Accepted), Notes: []NoteDocument{},
	}
	for _, f := range p.Proposal.More {
		d.More = append(d.More, findingDocument(f))
	}
	for _, note := range p.Proposal.Notes {
		d.Notes = append(d.Notes, NoteDocument(note))
	}
	for _, g := range p.groups() {
		group := GroupDocument{Name: g.name, Changes: []ChangeDocument{}}
		for _, c := range g.changes {
			group.Changes = append(group.Changes, ChangeDocument{c.sign, c.half, c.text, c.reason, c.interrupts, c.affects, c.flag, c.needs})
		}
		d.Groups = append(d.Groups, group)
	}
	return d
}
