package presets

import (
	"fmt"
	"slices"

	"lockstep/policies/hint"
	"lockstep/policies/keyrange"
	"lockstep/policies/strict"
)

// Problem is why a preset cannot be used by a component.
type Problem struct {
	Parameter string // the name under `with` that is to blame; "" for none
	Message   string
	Hint      string // "" for none
}

// Expand fills in the placeholders for one component: {name} is its name, and every
// parameter is what `with` says or its default. With a problem there is nothing else.
func (p Preset) Expand(component string, with map[string]string) ([]keyrange.Permission, []string, []Problem) {
	values, problems := p.values(component, with)
	if len(problems) > 0 {
		return nil, nil, problems
	}
	var permissions []keyrange.Permission
	for i, written := range p.Permissions {
		if when := written.When; when != (Condition{}) && values[when.Parameter] != when.Value {
			continue
		}
		permission, err := written.fill(values)
		if err != nil {
			problems = append(problems, Problem{
				Parameter: blame(written, with),
				Message:   fmt.Sprintf("permissions[%d] of preset %s, %s: %v", i, p.Name, written.Target(), err),
				Hint:      hint.Text(err),
			})
			continue
		}
		permissions = append(permissions, permission)
	}
	if len(problems) > 0 {
		return nil, nil, problems
	}
	var notes []string
	for _, note := range p.Notes {
		filled, err := fill(note, values)
		if err != nil {
			return nil, nil, []Problem{{Message: fmt.Sprintf("a note of preset %s: %v", p.Name, err)}}
		}
		notes = append(notes, filled)
	}
	return permissions, notes, nil
}

// fill puts values in place of p's placeholders.
func (p Permission) fill(values map[string]string) (keyrange.Permission, error) {
	first, err := fill(p.First, values)
	if err != nil {
		return keyrange.Permission{}, err
	}
	last, err := fill(p.Last, values)
	if err != nil {
		return keyrange.Permission{}, err
	}
	p.First, p.Last = first, last
	return p.Plain()
}

func fill(text string, values map[string]string) (string, error) {
	var err error
	filled := placeholders(text, func(name string) string {
		value, known := values[name]
		if !known {
			err = fmt.Errorf("{%s} stands for nothing", name)
		}
		return value
	})
	return filled, err
}

// values is what each placeholder stands for.
func (p Preset) values(component string, with map[string]string) (map[string]string, []Problem) {
	var problems []Problem
	values := map[string]string{componentName: component}
	for _, parameter := range p.Parameters {
		value, given := with[parameter.Name]
		switch {
		case given && !parameter.takes(value):
			problems = append(problems, Problem{
				Parameter: parameter.Name,
				Message:   fmt.Sprintf("parameter %q of preset %s is never %q", parameter.Name, p.Name, value),
				Hint:      strict.Suggest(value, parameter.Values, "one of: "),
			})
		case given:
			values[parameter.Name] = value
		case parameter.HasDefault:
			values[parameter.Name] = parameter.Default
		default:
			problems = append(problems, Problem{
				Message: fmt.Sprintf("preset %s needs the parameter %q", p.Name, parameter.Name),
				Hint:    fmt.Sprintf("add with: {%s: ...}", parameter.Name),
			})
		}
	}
	known := p.known()[1:]
	for _, name := range sortedKeys(with) {
		if slices.Contains(known, name) {
			continue
		}
		advice := strict.Suggest(name, known, "it has: ")
		if len(known) == 0 {
			advice = "it has no parameters"
		}
		problems = append(problems, Problem{
			Parameter: name,
			Message:   fmt.Sprintf("preset %s has no parameter %q", p.Name, name),
			Hint:      advice,
		})
	}
	return values, problems
}

// blame is the first parameter in the permission that the component itself set.
func blame(written Permission, with map[string]string) (parameter string) {
	placeholders(written.First+written.Last, func(name string) string {
		if _, given := with[name]; given && parameter == "" {
			parameter = name
		}
		return ""
	})
	return parameter
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
