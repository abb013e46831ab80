package policies

import (
	"testing"

	"lockstep/policies/keyrange"
	"lockstep/policies/presets"
)

// What presets list decides, whatever software they are for.
func TestLintTakesSlashesFromPresets(t *testing.T) {
	t.Parallel()
	prefix := func(name, prefix string) presets.Preset {
		return presets.Preset{Name: name, Permissions: []presets.Permission{{Form: presets.Prefix, First: prefix, Access: keyrange.Read}}}
	}
	software := knownFrom([]presets.Preset{prefix("proxy", "traefik"), prefix("api", "/registry/"), prefix("net", "/calico/felix/"),
		{Name: "asks", Parameters: []presets.Parameter{{Name: "at"}}, Permissions: []presets.Permission{{Form: presets.Prefix, First: "{at}", Access: keyrange.Read}}}})
	for _, test := range []struct{ written, want string }{
		{"{prefix: traefik, access: read}", ""},
		{"{prefix: traefik/, access: read}", `x:5:38: warning: components[0].permissions[0].prefix: preset proxy lists the prefix "traefik" without the slash: a request for it is refused
  hint: write {prefix: "traefik"}, or preset: proxy`},
		{"{prefix: /registry/, access: read}", ""},
		{"{prefix: /registry, access: read}", `x:5:38: warning: components[0].permissions[0].prefix: "/registry" is a prefix without its slash: what preset api lists begins with "/registry/"
  hint: write {prefix: "/registry/"}`},
		{"{prefix: /calico, access: read}", `x:5:38: warning: components[0].permissions[0].prefix: "/calico" is a prefix without its slash: what preset net lists begins with "/calico/"
  hint: write {prefix: "/calico/"}`},
		{"{prefix: /calico/, access: read}", ""},
		{"{prefix: /cal, access: read}", ""},
		{"{prefix: /, access: read}", ""},
		{"{key: /calico, access: read}", ""},
	} {
		p := &parser{presets: map[string]ownPreset{}}
		top := p.Read("x", []byte("apiVersion: lockstep/v1\nkind: Policy\ncluster: {name: x, endpoints: [\"https://a:1\"]}\ncomponents:\n  - {name: a, permissions: ["+test.written+"]}\n"), Type())
		c := p.readComponent(top.Field("components").Items()[0], Certificates{})
		before := p.Count()
		p.lintSlash(&c, software)
		if got := p.Problems()[before:].Error(); got != test.want {
			t.Errorf("%s:\n%s\nwant\n%s", test.written, got, test.want)
		}
	}
}
