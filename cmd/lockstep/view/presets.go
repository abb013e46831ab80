package view

import (
	"cmp"
	"fmt"
	"strings"

	"lockstep/policies/calls"
	"lockstep/policies/presets"
)

// Presets is the list of presets.
type Presets []presets.Preset

// Text implements Answer.
func (p Presets) Text(s *Sheet) {
	var rows [][]any
	for _, preset := range p {
		rows = append(rows, []any{preset.Name, preset.Summary})
	}
	s.Table([]string{"preset", "for"}, rows)
}

// Document implements Answer.
func (p Presets) Document() any {
	d := presetsDocument{Header: header("Presets"), Presets: []PresetDocument{}}
	for _, preset := range p {
		d.Presets = append(d.Presets, presetDocument(preset))
	}
	return d
}

// Preset is one preset, in full.
type Preset struct {
	presets.Preset
	Configured []Configured // of a policy's components that use it; none without a policy
}

// Configured is what the software of one component is configured with.
type Configured struct {
	Component string
	From      string // its folder below pki/components; of instances that of INSTANCE
	Dir       string // where this folder has to be on its host; "" for nowhere
	Text      string
	Left      []string // why placeholders are still in the text
}

// Text implements Answer.
func (p Preset) Text(s *Sheet) {
	s.Line("%s", s.Paint(Bold, p.Name))
	if p.Summary != "" {
		s.Line("%s", p.Summary)
	}
	if len(p.Parameters) > 0 {
		s.Line("")
		s.Line("parameters, set by with:")
		for _, parameter := range p.Parameters {
			p.parameter(s, parameter)
		}
	}
	s.Line("")
	if p.User != "" {
		s.Line("user: %s, unless the component says another", p.User)
	}
	if p.Identity == presets.ByPassword {
		s.Wrapped("identity: ", "  ", "password: it speaks to etcd's HTTP gateway, with a certificate without a CN")
	}
	p.permissions(s)
	p.calls(s)
	if len(p.Notes) > 0 {
		s.Line("")
		s.Line("for the operator:")
		for _, note := range p.Notes {
			s.Wrapped("  - ", "    ", note)
		}
	}
	p.config(s)
	p.reload(s)
	p.kubernetes(s)
	if p.Checked != "" {
		s.Line("")
		s.Wrapped("checked: ", "  ", p.Checked)
	}
	for _, source := range p.Sources {
		s.Line("source: %s", source)
	}
}

// calls says what the software calls beside requests for keys, and which etcd refuses it.
func (p Preset) calls(s *Sheet) {
	if len(p.Calls) == 0 {
		return
	}
	s.Line("")
	s.Line("calls:")
	for _, c := range p.Calls {
		call, _ := calls.Find(c.Call)
		s.Wrapped("  ", "    ", fmt.Sprintf("%s (%s): %s", c.Call, call.RPC, call.Rules()))
		if !p.Administrator && call.Instead != "" {
			s.Wrapped("    where it is refused: ", "      ", cmp.Or(c.Instead, call.Instead))
		}
		s.Wrapped("    source: ", "      ", c.Source)
	}
}

func (p Preset) parameter(s *Sheet, parameter presets.Parameter) {
	says := []string{"required"}
	if parameter.HasDefault {
		says[0] = "default " + parameter.Default
	}
	if len(parameter.Values) > 0 {
		says = append(says, "one of "+strings.Join(parameter.Values, ", "))
	}
	s.Wrapped("  ", "    ", fmt.Sprintf("%s (%s): %s", parameter.Name, strings.Join(says, "; "), parameter.Description))
}

// config writes what the software is configured with: for each component of the policy, or
// with its placeholders.
func (p Preset) config(s *Sheet) {
	if p.Config == "" {
		return
	}
	if len(p.Configured) == 0 {
		s.Line("")
		s.Line("configured with (-f fills in the policy's own):")
		p.indented(s, p.Config)
	}
	for _, c := range p.Configured {
		s.Line("")
		if c.Dir == "" {
			s.Line("%s is configured with:", c.Component)
		} else {
			s.Line("%s is configured with (copy %s to %s):", c.Component, c.From, c.Dir)
		}
		p.indented(s, c.Text)
		for _, why := range c.Left {
			s.Wrapped("  left: ", "    ", why)
		}
	}
}

// reload says how the software comes to use new files.
func (p Preset) reload(s *Sheet) {
	if r := p.Reload; r != (presets.Reload{}) {
		s.Line("")
		s.Line("a new certificate: %s", rereading[r.Certificate])
		s.Line("a new CA: %s", rereading[r.CA])
		if r.Password != "" {
			s.Line("a new password: %s", rereading[r.Password])
		}
		s.Wrapped("  source: ", "    ", r.Source)
	}
}

// rereading is the sentence for each way in which software comes to use a new file.
var rereading = map[presets.Rereading]string{
	presets.Reread:  "read by itself, on its next connection",
	presets.Restart: "read when it is started again",
	presets.EachRun: "read each time it runs",
}

// kubernetes says which Secret lockstep certs export writes for the software.
func (p Preset) kubernetes(s *Sheet) {
	k := p.Kubernetes
	if k == (presets.Kubernetes{}) {
		return
	}
	s.Line("")
	s.Wrapped("in Kubernetes: ", "  ", fmt.Sprintf("Secret %s in namespace %s with %s, %s and %s, found in %s (lockstep certs export --format kubernetes)",
		k.Secret, cmp.Or(k.Namespace, "(kubectl's)"), k.CA, k.Cert, k.Key, k.Folder))
	s.Wrapped("  source: ", "    ", k.Source)
}

func (p Preset) indented(s *Sheet, lines string) {
	for line := range strings.Lines(lines) {
		s.Line("  %s", strings.TrimSuffix(line, "\n"))
	}
}

func (p Preset) permissions(s *Sheet) {
	if p.Administrator {
		s.Line("etcd's role root: everything")
		return
	}
	if len(p.Permissions) == 0 {
		s.Line("permissions: none")
		return
	}
	s.Line("permissions:")
	for _, permission := range p.Permissions {
		s.Line("  %-9s  %s", permission.Access, permission.Target())
		if permission.When != (presets.Condition{}) {
			s.Line("             only with {%s}", permission.When)
		}
		if permission.Why != "" {
			s.Wrapped("             also needed: ", "             ", permission.Why)
		}
	}
}

// Document implements Answer.
func (p Preset) Document() any {
	d := presetDocument(p.Preset)
	for _, c := range p.Configured {
		d.Components = append(d.Components, configuredDocument{c.Component, c.Dir, c.Text, c.Left})
	}
	return presetsDocument{Header: header("Preset"), Presets: []PresetDocument{d}}
}

func presetDocument(p presets.Preset) PresetDocument {
	d := PresetDocument{
		Name: p.Name, Summary: p.Summary, User: p.User, Identity: p.Identity, Checked: p.Checked, Administrator: p.Administrator,
		Sources:     append([]string{}, p.Sources...),
		Parameters:  []parameterDocument{},
		Calls:       []presetCallDocument{},
		Permissions: []permissionDocument{},
		Notes:       append([]string{}, p.Notes...),
		Config:      p.Config,
	}
	for _, parameter := range p.Parameters {
		d.Parameters = append(d.Parameters, parameterDocument{parameter.Name, parameter.Default, parameter.Values, parameter.Description})
	}
	if r := p.Reload; r != (presets.Reload{}) {
		d.Reload = &reloadDocument{string(r.Certificate), string(r.CA), string(r.Password), r.Source}
	}
	if k := p.Kubernetes; k != (presets.Kubernetes{}) {
		d.Kubernetes = &kubernetesDocument{k.Secret, k.Namespace, secretKeysDocument{k.CA, k.Cert, k.Key}, k.Folder, k.Source}
	}
	for _, c := range p.Calls {
		call, _ := calls.Find(c.Call)
		d.Calls = append(d.Calls, presetCallDocument{c.Call, cmp.Or(c.Instead, call.Instead), c.Source})
	}
	for _, permission := range p.Permissions {
		d.Permissions = append(d.Permissions, permissionDocument{permission.Target(), string(permission.Access), condition(permission.When), permission.Why})
	}
	return d
}

// condition is the one parameter and value that a permission waits for; nil for none.
func condition(c presets.Condition) map[string]string {
	if c == (presets.Condition{}) {
		return nil
	}
	return map[string]string{c.Parameter: c.Value}
}
