package roles_test

import (
	"fmt"

	"lockstep/policies"
	"lockstep/policies/keyrange"
	"lockstep/roles"
)

// A role that allows too much is narrowed; each step says why.
func ExampleDiff() {
	p, err := policies.Parse(policies.File{Name: "lockstep.yaml", Text: []byte(`apiVersion: lockstep/v1
kind: Policy
cluster: {name: edge, endpoints: ["https://10.0.0.11:2379"]}
components:
  - {name: reader, permissions: [{prefix: /app/, access: read}]}
`)})
	if err != nil {
		fmt.Println(err)
		return
	}
	observed := roles.Desired(p)
	observed.Roles = []roles.Role{{Name: "reader", Permissions: []keyrange.Permission{keyrange.Prefix("/app/", keyrange.ReadWrite)}}}
	ours := func(user string) bool { return user == "reader" || user == "root" }
	for _, step := range roles.Diff(roles.Desired(p), observed, ours, roles.Allow{}).Steps {
		fmt.Printf("%s: %s\n", step, step.Reason)
	}
	// Output:
	// grant role "reader" read on prefix "/app/" (was readwrite): the policy allows less
}
