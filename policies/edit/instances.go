package edit

import (
	"fmt"
	"slices"
	"strings"

	"lockstep/policies"
	"lockstep/policies/hint"
	"lockstep/policies/strict"
)

// AddInstance adds an instance to the component of that name, without another change of the
// file. One that is there already is left as it is. The error is a strict.Problems if the file
// is not valid.
func AddInstance(file policies.File, name, instance string) (policies.File, error) {
	what := fmt.Sprintf("adding instance %q of component %q", instance, name)
	d, i, err := component(file, what, name)
	if err != nil {
		return policies.File{}, err
	}
	if err := policies.CheckName(instance); err != nil {
		return policies.File{}, fmt.Errorf("%s: %w", what, err)
	}
	item := d.list.Items()[i]
	there := item.Field("instances").Texts()
	if slices.Contains(there, instance) {
		return file, nil
	}
	change, err := d.addInstance(i, quote(instance))
	return d.withInstances(i, what, append(there, instance), change, err)
}

// RemoveInstance takes an instance out of the component of that name. The last one stays:
// without it the component would have a certificate of its own.
func RemoveInstance(file policies.File, name, instance string) (policies.File, error) {
	what := fmt.Sprintf("removing instance %q of component %q", instance, name)
	d, i, err := component(file, what, name)
	if err != nil {
		return policies.File{}, err
	}
	there := d.list.Items()[i].Field("instances").Texts()
	at := slices.Index(there, instance)
	switch {
	case at < 0:
		return policies.File{}, hint.With(fmt.Errorf("%s: the policy names no such instance", what), strict.Suggest(instance, there, "It has: "))
	case len(there) == 1:
		return policies.File{}, hint.Refuse("Remove the component, or replace instances by hand and run lockstep apply.",
			"%s: it is the only one, and a component without instances has a certificate of its own", what)
	}
	change, err := d.removeInstance(i, at)
	return d.withInstances(i, what, slices.Delete(there, at, at+1), change, err)
}

// component reads the file and finds the component.
func component(file policies.File, what, name string) (*document, int, error) {
	d, err := read(file, components())
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w", what, err)
	}
	i, err := d.named(name)
	if err == nil && i < 0 {
		err = hint.With(fmt.Errorf("%s: %s declares no such component", what, file.Name), strict.Suggest(name, d.names(), ""))
	}
	return d, i, err
}

// withInstances is the file after the change c, which has to leave component i with exactly
// these instances, and all else as it was.
func (d *document) withInstances(i int, what string, instances []string, c change, err error) (policies.File, error) {
	var text []byte
	if err == nil {
		list := d.plain()
		names := []any{}
		for _, name := range instances {
			names = append(names, name)
		}
		list[i].(map[string]any)["instances"] = names
		text = d.apply(c)
		err = d.prove(text, list)
	}
	if err != nil {
		quoted := make([]string, len(instances))
		for at, name := range instances {
			quoted[at] = quote(name)
		}
		return policies.File{}, hint.Refuse(fmt.Sprintf("Write instances: [%s] at %s by hand, then run the same command again.", strings.Join(quoted, ", "), d.list.Items()[i].Position),
			"%s without touching anything else is not safe here: %w", what, err)
	}
	return policies.File{Name: d.Name, Text: text}, nil
}

// addInstance is the change that adds the instance behind the others, or the field behind
// the component's other fields.
func (d *document) addInstance(i int, instance string) (change, error) {
	item := d.list.Items()[i]
	field := item.Field("instances")
	if !field.Given() {
		return d.addField(i, "instances: ["+instance+"]")
	}
	if d.at(field.Position) == '[' {
		elements, _, err := d.elementsOf(field)
		if err != nil {
			return change{}, err
		}
		last := elements[len(elements)-1].to
		return change{last, last, ", " + instance}, nil
	}
	last := field.Items()[len(field.Items())-1]
	before, err := d.dashed(last)
	if err != nil {
		return change{}, err
	}
	return d.insert(last.Line, []string{before + instance}), nil
}

// addField is the change that adds a field to component i, behind its other fields.
func (d *document) addField(i int, text string) (change, error) {
	item := d.list.Items()[i]
	if d.at(item.Position) != '{' {
		return d.insert(d.end(i), []string{strings.Repeat(" ", item.Column-1) + text}), nil
	}
	s := scanner{text: string(d.Text)}
	elements, _, comment := s.list(d.offset(item.Position) + 1)
	if comment || len(elements) == 0 {
		return change{}, unsure{item.Position, "where this entry ends is not clear"}
	}
	last := elements[len(elements)-1].to
	return change{last, last, ", " + text}, nil
}

// removeInstance is the change that takes instance number at out of component i.
func (d *document) removeInstance(i, at int) (change, error) {
	field := d.list.Items()[i].Field("instances")
	if d.at(field.Position) != '[' {
		item := field.Items()[at]
		if _, err := d.dashed(item); err != nil {
			return change{}, err
		}
		return d.cut(item.Line-1, item.Line), nil
	}
	elements, _, err := d.elementsOf(field)
	switch {
	case err != nil:
		return change{}, err
	case at+1 < len(elements):
		return change{from: elements[at].from, to: elements[at+1].from}, nil
	}
	return change{from: elements[at-1].to, to: elements[at].to}, nil
}

// dashed is what stands before an item on its line, which has to be its dash alone.
func (d *document) dashed(item strict.Value) (string, error) {
	before := string(d.Text[d.start(item.Line-1):d.offset(item.Position)])
	if strings.TrimSpace(before) != "-" {
		return "", unsure{item.Position, "this item does not stand on a line of its own"}
	}
	return before, nil
}
