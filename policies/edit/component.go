package edit

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"lockstep/policies"
	"lockstep/policies/hint"
	"lockstep/policies/presets"
	"lockstep/policies/strict"
)

// Component is an entry to be written. A zero field is left out.
type Component struct {
	Name          string
	User, Role    string // "" for the defaults: the name, the user
	Identity      string // "" for what its preset says, else by its certificate
	Preset        string
	With          map[string]string // values of the preset's parameters
	Administrator bool
	Permissions   []presets.Permission // empty but not nil is written as []; Why has no place in a component
	Certificate   string               // the file of an external certificate
}

// head makes a lone list of components a document of the policy's type.
const head = "apiVersion: lockstep/v1\nkind: Policy\n"

// check says whether c is an entry that the strict reader reads as c.
func (c Component) check() error {
	var d strict.Decoder
	top := d.Read("", []byte(head+"components:\n"+strings.Join(block(c), "\n")), policies.Type())
	if problems := d.Problems(); len(problems) > 0 {
		first := problems[0]
		return hint.With(errors.New(strings.TrimPrefix(first.Path, "components[0].")+": "+first.Message), first.Hint)
	}
	if items := top.Field("components").Items(); len(items) != 1 || !reflect.DeepEqual(items[0].Plain(), c.plain()) {
		return errors.New("this component cannot be written so that it reads the same")
	}
	return nil
}

// block is an entry as it stands in a file that has no style yet.
func block(e entry) []string { return indent(e.lines(style{nested: "  "}), "  - ") }

// plain is c as strict.Value.Plain gives it when it is read.
func (c Component) plain() any {
	out := map[string]any{"name": c.Name}
	for field, text := range map[string]string{"user": c.User, "role": c.Role, "identity": c.Identity, "preset": c.Preset} {
		if text != "" {
			out[field] = text
		}
	}
	if len(c.With) > 0 {
		with := map[string]any{}
		for key, value := range c.With {
			with[key] = value
		}
		out["with"] = with
	}
	if c.Administrator {
		out["administrator"] = true
	}
	if c.Certificate != "" {
		out["certificate"] = map[string]any{"file": c.Certificate}
	}
	if c.Permissions != nil {
		list := []any{}
		for _, p := range c.Permissions {
			list = append(list, plainPermission(p))
		}
		out["permissions"] = list
	}
	return out
}

func plainPermission(p presets.Permission) any {
	out := map[string]any{"access": string(p.Access)}
	switch p.Form {
	case presets.Everything:
		out[string(p.Form)] = true
	case presets.Range:
		out[string(p.Form)] = []any{p.First, p.Last}
	default:
		out[string(p.Form)] = p.First
	}
	return out
}

// named finds the entry with a name. Two of them are for the operator to sort out.
func (d *document) named(name string) (index int, err error) {
	index = -1
	for i, item := range d.list.Items() {
		switch {
		case item.Field("name").Text() != name:
		case index >= 0:
			return -1, hint.Refuse("Keep one of the two.", "%s %q is given twice, at %s and %s", d.noun, name, d.list.Items()[index].Position, item.Position)
		default:
			index = i
		}
	}
	return index, nil
}

func (d *document) names() (out []string) {
	for _, item := range d.list.Items() {
		out = append(out, item.Field("name").Text())
	}
	return out
}

// unsure is why a place in a file cannot be edited without a guess.
type unsure struct {
	at  strict.Position
	why string
}

func (u unsure) Error() string { return fmt.Sprintf("%s: %s", u.at, u.why) }
