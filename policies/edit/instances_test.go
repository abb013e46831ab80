package edit_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/policies"
	"lockstep/policies/edit"
	"lockstep/policies/hint"
	"lockstep/policies/strict"
)

// TestInstances adds and removes an instance in every style, byte by byte, with both kinds of
// line ends and with and without a last one.
func TestInstances(t *testing.T) {
	t.Parallel()
	tests := []struct{ what, before, added, removed string }{ // adds c; removes a
		{"a flow list",
			"- name: cni # x\n  instances: [a, b] # y\n  permissions: []\n- {name: z, permissions: []}\n",
			"- name: cni # x\n  instances: [a, b, c] # y\n  permissions: []\n- {name: z, permissions: []}\n",
			"- name: cni # x\n  instances: [b] # y\n  permissions: []\n- {name: z, permissions: []}\n"},
		{"the last of a flow list", "- {name: cni, instances: [ b, \"a\" ], permissions: []}\n", "- {name: cni, instances: [ b, \"a\", c ], permissions: []}\n", "- {name: cni, instances: [ b ], permissions: []}\n"},
		{"a block list",
			"  - name: cni\n    instances:\n      - a # first\n      # of the second\n      - b\n    permissions: []\n# end\n",
			"  - name: cni\n    instances:\n      - a # first\n      # of the second\n      - b\n      - c\n    permissions: []\n# end\n",
			"  - name: cni\n    instances:\n      # of the second\n      - b\n    permissions: []\n# end\n"},
		{"a block list below its field",
			"- name: cni\n  permissions: []\n  instances:\n  - b\n  - a\n", "- name: cni\n  permissions: []\n  instances:\n  - b\n  - a\n  - c\n", "- name: cni\n  permissions: []\n  instances:\n  - b\n"},
		{"no field in a block", "- name: cni\n  permissions:\n    - {prefix: /a/, access: read}\n\n# of z\n- {name: z, permissions: []}\n",
			"- name: cni\n  permissions:\n    - {prefix: /a/, access: read}\n  instances: [c]\n\n# of z\n- {name: z, permissions: []}\n", ""},
		{"no field in braces", "- {name: z, permissions: []}\n- { name: cni, permissions: [] }\n", "- {name: z, permissions: []}\n- { name: cni, permissions: [], instances: [c] }\n", ""},
	}
	variants := map[string]func(string) string{
		"as it is":           func(s string) string { return s },
		"CRLF":               func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") },
		"no last line break": func(s string) string { return strings.TrimSuffix(s, "\n") },
	}
	for _, test := range tests {
		for name, variant := range variants {
			t.Run(test.what+"/"+name, func(t *testing.T) {
				t.Parallel()
				before := file(variant(head + "components:\n" + test.before))
				added, err := edit.AddInstance(before, "cni", "c")
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(variant(head+"components:\n"+test.added), string(added.Text)); diff != "" {
					t.Errorf("added (-want +got)\n%s", diff)
				}
				if again, err := edit.AddInstance(added, "cni", "c"); err != nil || string(again.Text) != string(added.Text) {
					t.Errorf("added again: %v", err)
				}
				if test.removed == "" {
					return
				}
				if back, err := edit.RemoveInstance(added, "cni", "c"); err != nil || string(back.Text) != string(before.Text) {
					t.Errorf("added and removed again: %v\n%s", err, back.Text)
				}
				removed, err := edit.RemoveInstance(before, "cni", "a")
				if err != nil {
					t.Fatal(err)
				}
				want := variant(head + "components:\n" + test.removed)
				if diff := cmp.Diff(strings.TrimRight(want, "\r\n"), strings.TrimRight(string(removed.Text), "\r\n")); diff != "" {
					t.Errorf("removed (-want +got)\n%s", diff)
				}
			})
		}
	}
}

func TestInstancesRefused(t *testing.T) {
	t.Parallel()
	one := head + "components:\n  - {name: cni, instances: [node-a], permissions: []}\n"
	two := head + "components:\n  - {name: cni, permissions: [], instances: [a,\n      # b\n      b]}\n"
	for what, c := range map[string]struct {
		text, add, remove string
		exit              hint.Exit
		want, hint        string
	}{
		"the only one":         {one, "", "node-a", hint.Refused, `removing instance "node-a" of component "cni": it is the only one, and a component without instances has a certificate of its own`, "Remove the component, or replace instances by hand and run lockstep apply."},
		"no such instance":     {one, "", "node-aa", hint.Failed, `removing instance "node-aa" of component "cni": the policy names no such instance`, `did you mean "node-a"?`},
		"no such component":    {head, "x", "", hint.Failed, `adding instance "x" of component "cni": lockstep.yaml declares no such component`, ""},
		"a name of no folder":  {one, "Node", "", hint.Failed, `adding instance "Node" of component "cni": 'N' may not be in this name`, "it names a folder: write node"},
		"a comment in between": {two, "c", "", hint.Refused, `adding instance "c" of component "cni" without touching anything else is not safe here: lockstep.yaml:4:45: a comment between the brackets of this list`, "Write instances: [a, b, c] at lockstep.yaml:4:5 by hand, then run the same command again."},
		"the same, to remove":  {two, "", "a", hint.Refused, `removing instance "a" of component "cni" without touching anything else is not safe here: lockstep.yaml:4:45: a comment between the brackets of this list`, "Write instances: [b] at lockstep.yaml:4:5 by hand, then run the same command again."},
	} {
		var got policies.File
		var err error
		if c.add != "" {
			got, err = edit.AddInstance(file(c.text), "cni", c.add)
		} else {
			got, err = edit.RemoveInstance(file(c.text), "cni", c.remove)
		}
		var problems strict.Problems
		if err == nil || errors.As(err, &problems) || err.Error() != c.want || hint.Text(err) != c.hint || hint.Of(err) != c.exit || got.Text != nil {
			t.Errorf("%s: exit %d\ngot  %v\nwant %s\nhint %q", what, hint.Of(err), err, c.want, hint.Text(err))
		}
	}
}
