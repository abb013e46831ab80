package policies_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/policies"
)

func TestOverlapAndWarningsOfOneComponent(t *testing.T) {
	t.Parallel()
	head := "apiVersion: lockstep/v1\nkind: Policy\ncluster: {name: edge, endpoints: [\"https://10.0.0.11:2379\"]}\ncomponents:\n"
	p, err := policies.Parse(
		policies.File{Name: "a.yaml", Text: []byte(head + `
  - {name: app, permissions: [{prefix: /app/, access: readwrite}]}
  - {name: reader, permissions: [{prefix: /app/, access: read}]}
  - {name: apart, permissions: [{prefix: /apart/, access: readwrite}]}
  - {name: snapshots, administrator: true}
`)},
		policies.File{Name: "b.yaml", Text: []byte(`apiVersion: lockstep/v1
kind: Policy
components:
  - {name: all, permissions: [{everything: true, access: readwrite}]}
  - {name: auditor, permissions: [{everything: true, access: read}]}
  - {name: twin, role: app, permissions: [{prefix: /app/, access: readwrite}]}
  - {name: star, permissions: [{key: "/x*", access: read}]}
`)})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]policies.Overlap{
		"app":       {Written: []string{"reader", "all", "auditor"}},
		"reader":    {Read: []string{"app", "all", "auditor", "twin"}},
		"apart":     {Written: []string{"all", "auditor"}},
		"snapshots": {},
		"all":       {Written: []string{"app", "reader", "apart", "auditor", "twin", "star"}},
		"auditor":   {Read: []string{"app", "reader", "apart", "all", "twin", "star"}},
		"unknown":   {},
	} {
		if diff := cmp.Diff(want, p.OverlapOf(name)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	for name, want := range map[string]string{
		"app": "",
		"all": `b.yaml:4:31: warning: components[0].permissions[0]: "apart" and "all" may both write prefix "/apart/"`,
		"star": `b.yaml:7:38: warning: components[3].permissions[0].key: the * is an ordinary character of the key
  hint: write {prefix: "/x"} if every key that begins so is meant`,
		"unknown": "",
	} {
		if diff := cmp.Diff(want, p.WarningsOf(name).Error()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
