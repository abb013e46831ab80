package presets

import (
	"fmt"
	"slices"
	"strings"

	"lockstep/policies/keyrange"
	"lockstep/policies/strict"
)

// componentName is the placeholder for the component's name. No parameter may hide it.
const componentName = "name"

// Decode turns a value of Type into the preset called name. What the table cannot
// say goes to d: a placeholder that stands for nothing, a permission that is none.
func Decode(d *strict.Decoder, name string, v strict.Value) Preset {
	p := Preset{
		Name:    name,
		Summary: v.Field("summary").Text(),
		Sources: v.Field("sources").Texts(),
		Checked: oneLine(v.Field("checked").Text()),

		User:          v.Field("user").Text(),
		Identity:      v.Field("identity").Text(),
		Administrator: v.Field("administrator").Bool(),
	}
	for _, e := range v.Field("parameters").Entries() {
		if e.Key.Text() == componentName {
			d.Fail(e.Key, "", "{name} is the component's name and no parameter")
			continue
		}
		p.Parameters = append(p.Parameters, decodeParameter(d, e))
	}
	for _, item := range v.Field("permissions").Items() {
		permission, ok := DecodePermission(item)
		if ok && item.Field("when").Given() {
			permission.When, ok = p.decodeCondition(d, item.Field("when"))
		}
		if !ok {
			continue
		}
		permission.Why = oneLine(item.Field("why").Text())
		p.checkPlaceholders(d, item.Field(string(permission.Form)), permission.First, permission.Last)
		p.Permissions = append(p.Permissions, permission)
	}
	p.Calls = decodeCalls(d, v.Field("calls"))
	for _, item := range v.Field("notes").Items() {
		if item.Valid() {
			p.checkPlaceholders(d, item, item.Text())
			p.Notes = append(p.Notes, oneLine(item.Text()))
		}
	}
	if config := v.Field("config"); config.Valid() {
		p.Config = config.Text()
		p.checkConfig(d, config)
	}
	p.Reload = decodeReload(v.Field("reload"))
	p.Kubernetes = p.decodeKubernetes(d, v.Field("kubernetes"))
	return p
}

func decodeParameter(d *strict.Decoder, e strict.Entry) Parameter {
	value := e.Value.Field("default")
	p := Parameter{
		Name:        e.Key.Text(),
		Default:     value.Text(),
		HasDefault:  value.Given(),
		Values:      e.Value.Field("values").Texts(),
		Description: oneLine(e.Value.Field("description").Text()),
	}
	if value.Valid() && !p.takes(p.Default) {
		d.Fail(value, "values: "+strings.Join(p.Values, ", "), "%q is none of the values", p.Default)
	}
	return p
}

// decodeCondition reads the one parameter and value that a permission waits for. The
// parameter lists its values, so that a slip is no condition that never holds. It is not
// ok where there is none: the permission is then not given at all.
func (p Preset) decodeCondition(d *strict.Decoder, v strict.Value) (c Condition, ok bool) {
	if n := len(v.Entries()); n != 1 {
		if v.Sound() {
			d.Fail(v, "write the permission once for each", "names %d parameters, want one", n)
		}
		return c, false
	}
	e := v.Entries()[0]
	c = Condition{Parameter: e.Key.Text(), Value: e.Value.Text()}
	switch parameter, known := p.parameter(c.Parameter); {
	case !e.Value.Valid():
		return c, false // reported by the table
	case !known:
		d.Fail(e.Key, "", "there is no parameter %q", c.Parameter)
	case len(parameter.Values) == 0:
		d.Fail(e.Key, "give it values: [...]", "parameter %q may have any value", c.Parameter)
	case !parameter.takes(c.Value):
		d.Fail(e.Value, "values: "+strings.Join(parameter.Values, ", "), "parameter %q is never %q", c.Parameter, c.Value)
	default:
		return c, true
	}
	return c, false
}

// DecodePermission turns a value of PermissionType into a permission. It is not ok
// where that is impossible; the table has said why.
func DecodePermission(v strict.Value) (Permission, bool) {
	access := v.Field("access")
	if !v.Valid() || !access.Valid() {
		return Permission{}, false
	}
	p, ok := DecodeKeys(v)
	p.Access = keyrange.Access(access.Text())
	return p, ok
}

// DecodeKeys reads which keys v names, without an access. It reports false where v is not valid,
// which the table has reported.
func DecodeKeys(v strict.Value) (p Permission, ok bool) {
	for _, form := range []Form{Prefix, Key, Range, FromKey, Everything} {
		field := v.Field(string(form))
		if !field.Given() {
			continue
		}
		if p.Form != "" || !field.Valid() {
			return Permission{}, false // reported by the table
		}
		p.Form, p.First = form, field.Text()
		if form == Range {
			ends := field.Texts()
			if len(ends) != 2 {
				return Permission{}, false // reported by the table
			}
			p.First, p.Last = ends[0], ends[1]
		}
	}
	return p, p.Form != ""
}

func (p Preset) checkPlaceholders(d *strict.Decoder, at strict.Value, texts ...string) {
	known := p.known()
	for _, text := range texts {
		placeholders(text, func(name string) string {
			if !slices.Contains(known, name) {
				d.Fail(at, "known here: {"+strings.Join(known, "}, {")+"}", "{%s} stands for nothing", name)
			}
			return ""
		})
	}
}

// known is the placeholders that p fills in.
func (p Preset) known() []string {
	out := []string{componentName}
	for _, parameter := range p.Parameters {
		out = append(out, parameter.Name)
	}
	return out
}

// oneLine is text without the line breaks that YAML's block style left in it.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// String is the permission in one line: `readwrite prefix "/registry/"`.
func (p Permission) String() string { return fmt.Sprintf("%s %s", p.Access, p.Target()) }
