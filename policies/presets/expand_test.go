package presets

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/policies/keyrange"
	"lockstep/policies/strict"
)

func read(t *testing.T, text string) (Preset, strict.Problems) {
	t.Helper()
	var d strict.Decoder
	preset := Decode(&d, "tenant", d.Read("p.yaml", []byte(text), Type()))
	return preset, d.Problems()
}

const tenant = `
parameters:
  base: {default: /tenants/}
  quota: {description: required}
permissions:
  - {prefix: "{base}{name}/", access: readwrite}
  - {key: "{base}quota/{quota}", access: read}
  - {range: ["{base}a", "{base}b"], access: write}
  - {fromKey: "{base}~", access: read}
notes: ["{name} lives in {base}"]
`

func TestExpand(t *testing.T) {
	t.Parallel()
	preset, problems := read(t, tenant)
	if problems != nil {
		t.Fatal(problems)
	}
	tests := []struct {
		name     string
		with     map[string]string
		want     []keyrange.Permission
		notes    []string
		problems []Problem
	}{
		{
			name: "defaults and a value",
			with: map[string]string{"quota": "small"},
			want: []keyrange.Permission{
				keyrange.Prefix("/tenants/acme/", keyrange.ReadWrite),
				keyrange.Key("/tenants/quota/small", keyrange.Read),
				keyrange.Between("/tenants/a", "/tenants/b", keyrange.Write),
				keyrange.FromKey("/tenants/~", keyrange.Read),
			},
			notes: []string{"acme lives in /tenants/"},
		},
		{
			name: "braces in a value are text",
			with: map[string]string{"quota": "{name}", "base": "{base}"},
			want: []keyrange.Permission{
				keyrange.Prefix("{base}acme/", keyrange.ReadWrite),
				keyrange.Key("{base}quota/{name}", keyrange.Read),
				keyrange.Between("{base}a", "{base}b", keyrange.Write),
				keyrange.FromKey("{base}~", keyrange.Read),
			},
			notes: []string{"acme lives in {base}"},
		},
		{
			name:     "a value is missing",
			problems: []Problem{{Message: `preset tenant needs the parameter "quota"`, Hint: "add with: {quota: ...}"}},
		},
		{
			name: "misspelt and unknown parameters",
			with: map[string]string{"quota": "x", "bse": "y", "zebra": "z"},
			problems: []Problem{
				{Parameter: "bse", Message: `preset tenant has no parameter "bse"`, Hint: `did you mean "base"?`},
				{Parameter: "zebra", Message: `preset tenant has no parameter "zebra"`, Hint: "it has: base, quota"},
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, notes, problems := preset.Expand("acme", test.with)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("permissions (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.notes, notes); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.problems, problems); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

// An empty prefix would be everything (keyrange.Prefix), and so would be the disaster.
func TestAValueThatMakesNoPermissionIsRefused(t *testing.T) {
	t.Parallel()
	preset, problems := read(t, `
parameters: {prefix: {default: /a/}, from: {default: a}}
permissions: [{prefix: "{prefix}", access: readwrite}, {range: ["{from}", c], access: read}]
`)
	if problems != nil {
		t.Fatal(problems)
	}
	for with, want := range map[[2]string]Problem{
		{"prefix", ""}: {Parameter: "prefix", Message: `permissions[0] of preset tenant, prefix "{prefix}": prefix is empty`},
		{"from", "d"}:  {Parameter: "from", Message: `permissions[1] of preset tenant, range ["{from}", "c"): the range is inverted: it begins at "d" and ends at "c"`, Hint: "put the smaller key first; keys are compared byte by byte"},
		{"from", "c"}:  {Parameter: "from", Message: `permissions[1] of preset tenant, range ["{from}", "c"): the range is empty: it begins at "c" and ends before "c"`, Hint: "write {key: ...} if this one key is meant"},
	} {
		got, _, problems := preset.Expand("x", map[string]string{with[0]: with[1]})
		if diff := cmp.Diff([]Problem{want}, problems); diff != "" || got != nil {
			t.Errorf("%v: permissions %v, problems (-want +got):\n%s", with, got, diff)
		}
	}
}

// What a parameter adds is given for its value alone, the default's included.
func TestAPermissionWaitsForItsParameter(t *testing.T) {
	t.Parallel()
	preset, problems := read(t, `
parameters: {mode: {default: plain, values: [plain, full]}}
permissions: [{key: a, access: read}, {key: b, access: read, when: {mode: full}}, {key: c, access: read, when: {mode: plain}}]
`)
	if problems != nil {
		t.Fatal(problems)
	}
	a, b, c := keyrange.Key("a", keyrange.Read), keyrange.Key("b", keyrange.Read), keyrange.Key("c", keyrange.Read)
	for mode, want := range map[string][]keyrange.Permission{"": {a, c}, "plain": {a, c}, "full": {a, b}} {
		with := map[string]string{}
		if mode != "" {
			with["mode"] = mode
		}
		if got, _, problems := preset.Expand("x", with); problems != nil || !cmp.Equal(want, got) {
			t.Errorf("mode %q: problems %v, permissions (-want +got):\n%s", mode, problems, cmp.Diff(want, got))
		}
	}
	want := []Problem{{Parameter: "mode", Message: `parameter "mode" of preset tenant is never "yes"`, Hint: "one of: plain, full"}}
	if got, _, problems := preset.Expand("x", map[string]string{"mode": "yes"}); got != nil || !cmp.Equal(want, problems) {
		t.Errorf("permissions %v, problems (-want +got):\n%s", got, cmp.Diff(want, problems))
	}
}

// A preset that was not decoded (and so never checked) still grants nothing unmeant.
func TestExpandItselfRefusesUnknownPlaceholders(t *testing.T) {
	t.Parallel()
	preset := Preset{Name: "odd", Permissions: []Permission{{Form: Prefix, First: "/x/{who}", Access: keyrange.Read}}}
	got, _, problems := preset.Expand("x", nil)
	want := []Problem{{Message: `permissions[0] of preset odd, prefix "/x/{who}": {who} stands for nothing`}}
	if diff := cmp.Diff(want, problems); diff != "" || got != nil {
		t.Errorf("permissions %v, problems (-want +got):\n%s", got, diff)
	}
}

func TestDecodeReportsEverythingWrong(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"nothing granted", `summary: x`, "p.yaml:1:1: want exactly one of permissions, administrator, found none"},
		{"both", `{permissions: [], administrator: true}`, "p.yaml:1:1: want exactly one of permissions, administrator, found 2"},
		{"administrator: false", `administrator: false`, "p.yaml:1:16: administrator: can only be true\n  hint: leave the field out"},
		{"everything: false", `permissions: [{everything: false, access: read}]`, "p.yaml:1:28: permissions[0].everything: can only be true\n  hint: leave the field out"},
		{"a range of one", `permissions: [{range: [a], access: read}]`, "p.yaml:1:23: permissions[0].range: want 2 items, found 1"},
		{"a placeholder in a range", `permissions: [{range: [a, "b{x}"], access: read}]`, "p.yaml:1:23: permissions[0].range: {x} stands for nothing\n  hint: known here: {name}"},
		{"a placeholder in a note", "permissions: []\nnotes: ['see {y}']", "p.yaml:2:9: notes[0]: {y} stands for nothing\n  hint: known here: {name}"},
		{"name as parameter", "parameters: {name: {}}\npermissions: []", "p.yaml:1:14: parameters.name: {name} is the component's name and no parameter"},
		{"a bad parameter name", "parameters: {Pre: {}}\npermissions: []", `p.yaml:1:14: parameters.Pre: "Pre" is not a parameter's name: a small letter, then small letters, digits and hyphens, 32 at most`},
		{"access of another world", "permissions: [{key: a, access: rw}]", `p.yaml:1:32: permissions[0].access: "rw" is not one of read, write, readwrite`},
		{"a default that is none of the values", "parameters: {p: {default: c, values: [a, b]}}\npermissions: []", "p.yaml:1:27: parameters.p.default: \"c\" is none of the values\n  hint: values: a, b"},
		{"an unknown condition", "permissions: [{key: a, access: read, when: {q: x}}]", `p.yaml:1:45: permissions[0].when.q: there is no parameter "q"`},
		{"a condition on any text", "parameters: {p: {}}\npermissions: [{key: a, access: read, when: {p: x}}]", "p.yaml:2:45: permissions[0].when.p: parameter \"p\" may have any value\n  hint: give it values: [...]"},
		{"a condition that never holds", "parameters: {p: {values: [a, b]}}\npermissions: [{key: a, access: read, when: {p: c}}]", "p.yaml:2:48: permissions[0].when.p: parameter \"p\" is never \"c\"\n  hint: values: a, b"},
		{"two conditions", "parameters: {p: {values: [a]}, q: {values: [a]}}\npermissions: [{key: a, access: read, when: {p: a, q: a}}]", "p.yaml:2:44: permissions[0].when: names 2 parameters, want one\n  hint: write the permission once for each"},
		{"an empty condition", "permissions: [{key: a, access: read, when: {}}]", "p.yaml:1:44: permissions[0].when: has no fields"},
		{"a placeholder in config", "permissions: []\nconfig: 'x { {who} }'", "p.yaml:2:9: config: {who} stands for nothing\n  hint: known here: {name}, {endpoints}, {endpoints-by-space}, {endpoint}, {address}, {host}, {port}, {ca}, {cert}, {key}, {user}, {password-file}"},
		{"a parameter that hides the key", "parameters: {key: {}}\npermissions: []\nconfig: x", "p.yaml:3:9: config: {key} is already the cluster's or the certificate's\n  hint: give the parameter another name"},
		{"an empty prefix", `permissions: [{prefix: "", access: read}]`, "p.yaml:1:24: permissions[0].prefix: is empty\n  hint: write {everything: true} if every key is meant"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, problems := read(t, test.text)
			if diff := cmp.Diff(test.want, problems.Error()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
