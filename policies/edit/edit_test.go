package edit_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"lockstep/policies"
	"lockstep/policies/edit"
	"lockstep/policies/hint"
	"lockstep/policies/keyrange"
	"lockstep/policies/presets"
)

const head = "apiVersion: lockstep/v1\nkind: Policy\n"

// grafana is the component that the cases add.
func grafana() edit.Component {
	return edit.Component{Name: "grafana", Permissions: []presets.Permission{{Form: presets.Prefix, First: "/grafana/", Access: keyrange.ReadWrite}}}
}

func file(text string) policies.File { return policies.File{Name: "lockstep.yaml", Text: []byte(text)} }

// Each case is a policy, and what becomes of it when grafana is added and when backup
// is removed: the exact bytes, or the exact refusal.
func TestCases(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/cases/*.txtar")
	if err != nil || len(paths) < 20 {
		t.Fatalf("%d cases, %v", len(paths), err)
	}
	variants := map[string]func(string) string{
		"as it is":           func(s string) string { return s },
		"CRLF":               func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") },
		"no last line break": func(s string) string { return strings.TrimSuffix(s, "\n") },
		"CRLF, none at last": func(s string) string { return strings.ReplaceAll(strings.TrimSuffix(s, "\n"), "\n", "\r\n") },
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		parts := map[string]string{}
		for _, f := range archive.Files {
			parts[f.Name] = string(f.Data)
		}
		for name, variant := range variants {
			t.Run(filepath.Base(path)+"/"+name, func(t *testing.T) {
				t.Parallel()
				before := file(variant(parts["policy"]))
				added, err := edit.Add(before, grafana())
				compare(t, "add", parts, variant, added, err)
				if strings.Contains(parts["policy"], "backup") {
					removed, err := edit.Remove(before, "backup")
					compare(t, "remove", parts, variant, removed, err)
				}
			})
		}
	}
}

func compare(t *testing.T, what string, parts map[string]string, variant func(string) string, got policies.File, err error) {
	t.Helper()
	want, done := parts[what]
	if !done {
		refusal := parts[what+" refused"]
		if refusal == "" {
			t.Fatalf("the case says nothing about %s", what)
		}
		if err == nil || hint.Of(err) != hint.Refused || err.Error()+"\n"+hint.Text(err)+"\n" != refusal || got.Text != nil {
			t.Errorf("%s: got (exit %d)\n%v\n%s\nwant\n%s", what, hint.Of(err), err, hint.Text(err), refusal)
		}
		return
	}
	if err != nil {
		t.Fatalf("%s: %v\n%s", what, err, hint.Text(err))
	}
	if diff := cmp.Diff(variant(want), string(got.Text)); diff != "" {
		t.Errorf("%s: (-want +got)\n%s", what, diff)
	}
}

func TestARepeatIsNoError(t *testing.T) {
	t.Parallel()
	before := file(head + "components:\n  - {permissions: [{access: readwrite, prefix: \"/grafana/\"}], name: grafana}\n")
	after, err := edit.Add(before, grafana())
	if err != nil || string(after.Text) != string(before.Text) {
		t.Errorf("got %s, %v", after.Text, err)
	}
}

func TestRefusalsAndErrors(t *testing.T) {
	t.Parallel()
	one := head + "components:\n  - {name: grafana, permissions: []}\n"
	name := func(name string) edit.Component { return edit.Component{Name: name, Preset: "flannel"} }
	tests := []struct {
		what, text string
		add        edit.Component // or, if it has no name:
		remove     string
		exit       hint.Exit
		want, hint string
	}{
		{"another entry of that name", one, grafana(), "", hint.Refused, `component "grafana" is already declared at lockstep.yaml:4:5, in another way`, "Change that entry by hand and run lockstep apply, or choose another name."},
		{"no such entry", one, edit.Component{}, "grafanna", hint.Failed, `removing component "grafanna": lockstep.yaml declares no such component`, `did you mean "grafana"?`},
		{"no entries at all", head, edit.Component{}, "x", hint.Failed, `removing component "x": lockstep.yaml declares no such component`, ""},
		{"add to an invalid file", head + "componentss: []\n", grafana(), "", hint.Failed, "adding component \"grafana\": lockstep.yaml:3:1: componentss: unknown field\n  hint: did you mean \"components\"?", ""},
		{"remove from an invalid file", head + "components:\n", edit.Component{}, "x", hint.Failed, "removing component \"x\": lockstep.yaml:3:12: components: want a list, found nothing\n  hint: write [] for none, or leave the field out", ""},
		{"an alias", head + "components: [&a {name: backup}]\n", edit.Component{}, "backup", hint.Failed, "removing component \"backup\": lockstep.yaml:3:14: components[0]: anchors and aliases are not used here\n  hint: write it out; for repetition declare a preset under presets", ""},
		{"a line separator", head + "# a\u2028k: v\n", grafana(), "", hint.Failed, "adding component \"grafana\": lockstep.yaml:3:4: the line separator U+2028\n  hint: end lines with LF or CRLF", ""},
		{"upper case", one, name("Kube"), "", hint.Failed, `adding component "Kube": name: 'K' may not be in this name`, "it names a folder: write kube"},
		{"root", one, name("root"), "", hint.Failed, `adding component "root": name: root is etcd's superuser and never a component`, "for a component that may do everything write administrator: true"},
		{"a line break", one, edit.Component{Name: "x", Preset: "a\nb"}, "", hint.Failed, `adding component "x": preset: the text holds a line break`, "text is one line of visible characters"},
		{"no UTF-8", one, edit.Component{Name: "x", Preset: "a\xff"}, "", hint.Failed, `adding component "x": this component cannot be written so that it reads the same`, ""},
		{"a permission on nothing", one, edit.Component{Name: "x", Permissions: []presets.Permission{{Access: keyrange.Read}}}, "", hint.Failed, `adding component "x": permissions[0]: want exactly one of prefix, key, range, fromKey, everything, found none`, ""},
		{"no access", one, edit.Component{Name: "x", Permissions: []presets.Permission{{Form: presets.Key, First: "k"}}}, "", hint.Failed, `adding component "x": permissions[0].access: "" is not one of read, write, readwrite`, ""},
		{"an empty prefix", one, edit.Component{Name: "x", Permissions: []presets.Permission{{Form: presets.Prefix, Access: keyrange.Read}}}, "", hint.Failed, `adding component "x": permissions[0].prefix: is empty`, "write {everything: true} if every key is meant"},
	}
	for _, test := range tests {
		t.Run(test.what, func(t *testing.T) {
			t.Parallel()
			var got policies.File
			var err error
			if test.remove != "" {
				got, err = edit.Remove(file(test.text), test.remove)
			} else {
				got, err = edit.Add(file(test.text), test.add)
			}
			if err == nil || err.Error() != test.want || hint.Text(err) != test.hint || hint.Of(err) != test.exit || got.Text != nil {
				t.Errorf("exit %d\ngot  %v\nwant %s\nhint %q", hint.Of(err), err, test.want, hint.Text(err))
			}
		})
	}
}

func TestDiff(t *testing.T) {
	t.Parallel()
	before := file(strings.ReplaceAll(head+"components:\n  - {name: a, permissions: []}\n# 1\n# 2\n# 3\n# 4\n", "\n", "\r\n"))
	after, err := edit.Add(before, edit.Component{Name: "b", Administrator: true})
	if err != nil {
		t.Fatal(err)
	}
	want := `--- lockstep.yaml
+++ lockstep.yaml
@@ -2,6 +2,7 @@
 kind: Policy
 components:
   - {name: a, permissions: []}
+  - {name: b, administrator: true}
 # 1
 # 2
 # 3
`
	if diff := cmp.Diff(want, edit.Diff(before, after)); diff != "" {
		t.Error(diff)
	}
	if got := edit.Diff(before, before); got != "" {
		t.Errorf("nothing changed: %q", got)
	}
}
