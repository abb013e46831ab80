package policies

import (
	"slices"

	"lockstep/policies/strict"
)

// Holder is what holds one certificate and its key: a component, or one of its instances.
// All instances of a component are the same user.
type Holder struct {
	Component
	Instance string // "" for a component without instances
}

// ID is the name by which commands take it: NAME, or NAME/INSTANCE.
func (h Holder) ID() string {
	if h.Instance == "" {
		return h.Name
	}
	return h.Name + "/" + h.Instance
}

// Holders is the component, or each of its instances.
func (c Component) Holders() []Holder {
	if len(c.Instances) == 0 {
		return []Holder{{Component: c}}
	}
	var out []Holder
	for _, instance := range c.Instances {
		out = append(out, Holder{c, instance})
	}
	return out
}

// Holders is the holders of all components, in the policy's order.
func (p *Policy) Holders() []Holder {
	var out []Holder
	for _, c := range p.Components {
		out = append(out, c.Holders()...)
	}
	return out
}

// Holder is the holder of that ID; false for none.
func (p *Policy) Holder(id string) (Holder, bool) {
	all := p.Holders()
	i := slices.IndexFunc(all, func(h Holder) bool { return h.ID() == id })
	if i < 0 {
		return Holder{}, false
	}
	return all[i], true
}

// readInstances reads the names of a component's instances, each of which is given once. An
// external certificate is one for all that use it.
func (p *parser) readInstances(v strict.Value, external CertificateFile) []string {
	if v.Given() && !external.IsZero() {
		p.Fail(v, "leave out one of the two", "does not apply to an external certificate")
	}
	names := map[string]place{}
	for _, item := range v.Items() {
		p.unique(names, item, item.Text(), "instance")
	}
	return v.Texts()
}
