package edit_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"lockstep/policies"
	"lockstep/policies/edit"
	"lockstep/policies/keyrange"
	"lockstep/policies/presets"
	"lockstep/policies/strict"
)

// What is written, byte by byte, below an entry in block style and below one in flow style.
func TestEveryFieldIsWritten(t *testing.T) {
	t.Parallel()
	permissions := []presets.Permission{
		{Form: presets.Prefix, First: "/registry/", Access: keyrange.Read},
		{Form: presets.Key, First: "0123", Access: keyrange.Write},
		{Form: presets.Range, First: "a b", Last: "yes", Access: keyrange.ReadWrite},
		{Form: presets.FromKey, First: "{name}", Access: keyrange.Read},
		{Form: presets.Everything, Access: keyrange.Read},
	}
	tests := []struct {
		component   edit.Component
		block, flow string
	}{
		{edit.Component{Name: "x", User: "No", Role: "r.1", Preset: "calico/node", With: map[string]string{"prefix": "/x/", "a-b": "é 😀"}},
			"name: x\n    user: \"No\"\n    role: r.1\n    preset: calico/node\n    with: {a-b: \"é 😀\", prefix: /x/}",
			`{name: x, user: "No", role: r.1, preset: calico/node, with: {a-b: "é 😀", prefix: /x/}}`},
		{edit.Component{Name: "1e5", Administrator: true}, "name: \"1e5\"\n    administrator: true", `{name: "1e5", administrator: true}`},
		{edit.Component{Name: "theirs", Preset: "backup/snapshot", Certificate: "/etc/pki/a b.crt"}, "name: theirs\n    preset: backup/snapshot\n    certificate: {file: \"/etc/pki/a b.crt\"}",
			`{name: theirs, preset: backup/snapshot, certificate: {file: "/etc/pki/a b.crt"}}`},
		{edit.Component{Name: "none", Permissions: []presets.Permission{}}, "name: none\n    permissions: []", "{name: none, permissions: []}"},
		{edit.Component{Name: "all", Permissions: permissions}, `name: all
    permissions:
      - {prefix: /registry/, access: read}
      - {key: "0123", access: write}
      - {range: ["a b", "yes"], access: readwrite}
      - {fromKey: "{name}", access: read}
      - {everything: true, access: read}`,
			`{name: all, permissions: [{prefix: /registry/, access: read}, {key: "0123", access: write}, {range: ["a b", "yes"], access: readwrite}, {fromKey: "{name}", access: read}, {everything: true, access: read}]}`},
	}
	for _, test := range tests {
		block := head + "components:\n  - name: a\n    permissions: []\n"
		flow := head + "components:\n  - {name: a, permissions: []}\n"
		for before, want := range map[string]string{block: test.block, flow: test.flow} {
			got, err := edit.Add(file(before), test.component)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(before+"  - "+want+"\n", string(got.Text)); diff != "" {
				t.Error(diff)
			}
		}
	}
}

// Texts that some YAML reader takes for something else, or that end a scalar.
func awkward() []string {
	return []string{
		"", " ", " leading", "trailing ", "two  spaces", "yes", "No", "on", "y", "N", "true", "FALSE", "null", "Null", "~", "0123", "0", "1e5", "1_000",
		"0x1F", "0o17", "0b1", ".5", ".inf", "-.INF", ".NaN", "+1", "-1", "12:30", "1:2:3", "2024-01-01", "2024-01-01T00:00:00Z", "=", "<<", "-", "- a",
		"--- a", "...", "?", "? a", ":", "a: b", "a:b", "a:", ":a", "#", "# a", "a #b", "a#b", "&a", "*a", "!a", "!!str a", "|", ">", "|-", "%", "%YAML 1.2",
		"@a", "`a`", "{a}", "{a: b}", "[a]", "a, b", "a]", "a}", ",", "'", "''", "it's", "'a'", `"`, `"a"`, `a"b`, `\`, `\n`, `a\`, `\x41`, `\u0041`, "é", "e\u0301",
		"\u00a0", "😀", "日本語", "/registry/", "/a/{name}/", "~/a", "/a~b", "/a/ # b", "$HOME", "a=b", "a*", "*", "0000-00-00", "1.2.3", "1.", "1e", "e1",
	}
}

func TestAwkwardTextsSurvive(t *testing.T) {
	t.Parallel()
	styles := map[string]string{
		"block": head + "components:\n- name: a\n  permissions: []\n",
		"flow":  head + "components: [{name: a, permissions: []}]\n",
	}
	for style, before := range styles {
		for i, text := range awkward() {
			name := fmt.Sprintf("c%d", i)
			c := edit.Component{Name: name, With: map[string]string{"v": text, text: "k"}}
			want := map[string]any{"name": name, "with": map[string]any{"v": text, text: "k"}}
			if text != "" {
				c.Permissions = []presets.Permission{{Form: presets.Range, First: text, Last: text, Access: keyrange.Read}}
				want["permissions"] = []any{map[string]any{"range": []any{text, text}, "access": "read"}}
			}
			after, err := edit.Add(file(before), c)
			if err != nil {
				t.Errorf("%s: %q: %v", style, text, err)
				continue
			}
			var d strict.Decoder
			mine := d.Read("f", after.Text, policies.Type()).Field("components").Items()
			if problems := d.Problems(); len(problems) > 0 || len(mine) != 2 {
				t.Errorf("%s: %q: %v\n%s", style, text, problems, after.Text)
				continue
			}
			if diff := cmp.Diff(want, mine[1].Plain()); diff != "" {
				t.Errorf("%s: %q: the strict reader (-want +got)\n%s", style, text, diff)
			}
			var theirs struct{ Components []any }
			if err := yaml.Unmarshal(after.Text, &theirs); err != nil || len(theirs.Components) != 2 {
				t.Errorf("%s: %q: %v", style, text, err)
				continue
			}
			if diff := cmp.Diff(any(want), theirs.Components[1]); diff != "" {
				t.Errorf("%s: %q: sigs.k8s.io/yaml (-want +got)\n%s", style, text, diff)
			}
		}
	}
}
