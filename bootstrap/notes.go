package bootstrap

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

// notes is what the presets of the chosen components ask, in the policy's order.
func (r *run) notes(chosen func(policies.Component) bool) []Note {
	var out []Note
	for _, c := range r.Policy.Components {
		if !chosen(c) {
			continue
		}
		for _, text := range c.Notes {
			out = append(out, Note{Component: c.Name, Preset: c.Preset, Text: text})
		}
	}
	return out
}

// notesOfTaken is the notes of the components that lose a right by the plan, or would with
// a flag. A user of the policy that is deleted is made again: it loses none.
func (r *run) notesOfTaken(plan roles.Plan) []Note {
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
	return r.notes(func(c policies.Component) bool { return users[c.User.String()] || held[c.Role.String()] })
}
