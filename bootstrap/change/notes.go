package change

import (
	"slices"

	"lockstep/bootstrap/verify"
	"lockstep/policies"
	"lockstep/policies/pending"
	"lockstep/roles"
)

// Note is what a component's preset asks of the operator.
type Note struct {
	Component, Preset, Text string
}

// Notes is what the presets of all components ask, in the policy's order, and which of their calls
// members of these versions will refuse once auth is on.
func Notes(p *policies.Policy, versions []string) []Note {
	all := func(policies.Component) bool { return true }
	return append(notes(p, all), callNotes(p, versions, all)...)
}

// callNotes is which calls members of these versions refuse to the chosen components, and what to
// configure instead.
func callNotes(p *policies.Policy, versions []string, chosen func(policies.Component) bool) (out []Note) {
	for _, r := range verify.RefusedCalls(p, versions) {
		if chosen(r.Component) {
			out = append(out, Note{Component: r.Component.Name, Preset: r.Component.Preset, Text: r.Note()})
		}
	}
	return out
}

// notes is what the presets of the chosen components ask, in the policy's order.
func notes(p *policies.Policy, chosen func(policies.Component) bool) []Note {
	var out []Note
	for _, c := range p.Components {
		if !chosen(c) {
			continue
		}
		for _, text := range c.Notes {
			out = append(out, Note{Component: c.Name, Preset: c.Preset, Text: text})
		}
	}
	return out
}

// NotesOfChanged is the notes of the components that lose a permission by the plan or by what
// is pending, and which calls members of these versions refuse to those and to the ones whose user
// the plan adds. A user of the policy that is deleted is added again: it loses none.
func NotesOfChanged(p *policies.Policy, plan roles.Plan, versions []string) []Note {
	taken := taken(plan)
	added := map[string]bool{}
	for _, s := range plan.Steps {
		added[s.User] = added[s.User] || s.Action == roles.UserAdd
	}
	return append(notes(p, taken), callNotes(p, versions, func(c policies.Component) bool { return taken(c) || added[c.User.String()] })...)
}

// taken tells which components lose a permission by the plan or by what is pending.
func taken(plan roles.Plan) func(policies.Component) bool {
	steps := slices.Clone(plan.Steps)
	steps = append(steps, pending.Steps(plan.Pending)...)
	users, held := map[string]bool{}, map[string]bool{}
	for _, s := range steps {
		switch {
		case !s.Takes() || s.Action == roles.UserDelete:
		case s.User != "":
			users[s.User] = true
		default:
			held[s.Role] = true
		}
	}
	return func(c policies.Component) bool { return users[c.User.String()] || held[c.Role.String()] }
}
