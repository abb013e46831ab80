package policies_test

import (
	"fmt"

	"lockstep/policies"
)

// All problems of all files come together, each with its place and a hint.
func ExampleParse() {
	_, err := policies.Parse(policies.File{Name: "lockstep.yaml", Text: []byte(`apiVersion: lockstep/v1
kind: Policy
cluster: {name: edge, endpoints: ["https://10.0.0.11:2379"]}
components:
  - {name: reader, permisions: [{prefix: /app/, access: read}]}
`)})
	fmt.Println(err)
	// Output:
	// lockstep.yaml:5:20: components[0].permisions: unknown field
	//   hint: did you mean "permissions"?
}
