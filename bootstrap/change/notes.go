package change

import (
	"slices"

	"lockstep/policies"
	"lockstep/policies/pending"
	"lockstep/roles"
)

// Note is what a component's preset asks of the operator.
type Note struct {
	Component, Preset, Text string
}

// Notes is what the presets of all components ask, in the policy's order.
func Notes(p *policies.Policy) []Note {
	return notes(p, func(policies.Component) bool { return true })
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

// NotesOfTaken is the notes of the components that lose a permission by the plan or by what
// is pending. A user of the policy that is deleted is added again: it loses none.
func NotesOfTaken(p *policies.Policy, plan roles.Plan) []Note {
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
	return notes(p, func(c policies.Component) bool { return users[c.User.String()] || held[c.Role.String()] })
}
