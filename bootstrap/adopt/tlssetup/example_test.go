package tlssetup_test

import (
	"fmt"
	"strings"
	"testing/fstest"

	"lockstep/bootstrap/adopt/tlssetup"
)

func ExamplePolicy() {
	description, err := tlssetup.Policy(fstest.MapFS{
		"config/req-etcd1.json":   &fstest.MapFile{Data: []byte(`{"CN": "etcd", "hosts": ["10.0.0.11"], "key": {"algo": "ecdsa", "size": 384}}`)},
		"config/req-billing.json": &fstest.MapFile{Data: []byte(`{"CN": "billing", "hosts": [""]}`)},
	})
	for line := range strings.Lines(string(description.Text)) {
		if !strings.HasPrefix(strings.TrimSpace(line), "#") {
			fmt.Print(line)
		}
	}
	fmt.Println(description.Members, description.Components, err)
	// Output:
	// apiVersion: lockstep/v1
	// kind: Policy
	//
	// cluster:
	//   name: "etcd"
	//   members:
	//     - {name: "etcd1", hosts: ["10.0.0.11"]}
	//
	// certificates:
	//   key: ecdsa-p384
	//
	// components:
	//   - {name: "billing", permissions: []}
	// 1 1 <nil>
}
