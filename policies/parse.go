package policies

import (
	"errors"
	"maps"
	"slices"

	"lockstep/policies/hint"
	"lockstep/policies/presets"
	"lockstep/policies/strict"
)

// parser gathers what the files say and everything that is wrong with it.
type parser struct {
	strict.Decoder
	cluster, certificates strict.Value
	components, accept    []strict.Value
	assert                []strict.Value
	presets               map[string]ownPreset
	declared              []strict.Value // the presets of the policy, in its order
}

// ownPreset is a preset that the policy declares.
type ownPreset struct {
	at     strict.Value
	preset presets.Preset
	broken bool // reported where it is declared, and not once more where it is used
}

// Parse makes one policy of the files: lists are joined, cluster and certificates
// are given once, and nothing overrides anything. The error is a strict.Problems with
// every problem of every file; what is merely suspicious is in Policy.Warnings.
func Parse(files ...File) (*Policy, error) {
	if len(files) == 0 {
		return nil, hint.With(errors.New("parsing the policy: there is no file"), "name one with -f")
	}
	p := &parser{presets: map[string]ownPreset{}}
	sound := true
	var tops []strict.Value
	for _, f := range files {
		top := p.Read(f.Name, f.Text, Type())
		sound = sound && top.Valid()
		tops = append(tops, top)
	}
	p.union(tops)
	if sound {
		p.checkPresent(tops)
	}
	policy := p.policy()
	var wrong strict.Problems
	for _, problem := range p.Problems() {
		if problem.Warning {
			policy.Warnings = append(policy.Warnings, problem)
		} else {
			wrong = append(wrong, problem)
		}
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	policy.Digest = digest(policy)
	return policy, nil
}

// union joins the files.
func (p *parser) union(tops []strict.Value) {
	for _, top := range tops {
		p.once(&p.cluster, top.Field("cluster"))
		p.once(&p.certificates, top.Field("certificates"))
		p.components = append(p.components, top.Field("components").Items()...)
		p.accept = append(p.accept, top.Field("accept").Items()...)
		p.assert = append(p.assert, top.Field("assert").Items()...)
		for _, e := range top.Field("presets").Entries() {
			p.declare(e)
		}
	}
}

func (p *parser) once(to *strict.Value, v strict.Value) {
	switch {
	case !v.Given():
	case to.Given():
		p.Fail(v, "several files are one policy: keep one of the two", "is already given at %s", to.Position)
	default:
		*to = v
	}
}

func (p *parser) declare(e strict.Entry) {
	name := e.Key.Text()
	if _, builtin := presets.Lookup(name); builtin {
		p.Fail(e.Key, "choose another name", "preset %q comes with lockstep", name)
	}
	if first, twice := p.presets[name]; twice {
		p.Fail(e.Key, "", "preset %q is already declared at %s", name, first.at.Position)
		return
	}
	p.declared = append(p.declared, e.Value)
	before := p.Count()
	decoded := presets.Decode(&p.Decoder, name, e.Value)
	p.presets[name] = ownPreset{at: e.Key, preset: decoded, broken: !e.Value.Sound() || p.Count() > before}
}

// checkPresent reports what a whole policy cannot do without.
func (p *parser) checkPresent(tops []strict.Value) {
	meant := func(name string) bool {
		return slices.ContainsFunc(tops, func(top strict.Value) bool { return top.Meant(name) })
	}
	if !meant("cluster") {
		p.Fail(tops[0].Field("cluster"), "", "is missing")
	}
	if !meant("components") {
		p.Fail(tops[0].Field("components"), "write components: [] if there is none yet", "is missing")
	}
}

// policy makes the policy of what was read. It is only good if nothing was wrong.
func (p *parser) policy() *Policy {
	cluster := p.readCluster(p.cluster)
	policy := &Policy{Cluster: cluster, Certificates: p.readCertificates(p.certificates, cluster.Name)}
	var read []*component
	for _, v := range p.components {
		if v.Valid() {
			c := p.readComponent(v, policy.Certificates)
			c.index = len(read)
			read = append(read, &c)
		}
	}
	policy.Accept = p.readAccept(p.accept)
	p.checkNames(read)
	p.checkRoles(read)
	p.checkAssertions(p.assert, read)
	for _, c := range read {
		policy.Components = append(policy.Components, c.Component)
	}
	for _, name := range slices.Sorted(maps.Keys(p.presets)) {
		policy.Presets = append(policy.Presets, p.presets[name].preset)
	}
	p.lint(policy, read)
	return policy
}
