package handover_test

import (
	"fmt"

	"lockstep/certgen/handover"
	"lockstep/policies"
)

// A component is found by its name, its files are read (folder.Handout does both), and a
// format makes of them what is handed over.
func ExampleTLSSetup() {
	p, err := policies.Parse(policies.File{Name: "lockstep.yaml", Text: []byte(edge)})
	if err != nil {
		fmt.Println(err)
		return
	}
	id, err := handover.Find(p, "cni")
	if err != nil {
		fmt.Println(err)
		return
	}
	id.Files = []handover.File{
		{Name: "client.crt", Content: []byte("a certificate")},
		{Name: "client.key", Content: []byte("its key")},
		{Name: "ca.crt", Content: []byte("the server CA")},
	}
	export, err := handover.TLSSetup(id)
	for _, f := range export.Files {
		fmt.Println(f.Name, f.Mode)
	}
	fmt.Println(err)
	// Output:
	// cni.pem -rw-r--r--
	// cni-key.pem -rw-------
	// ca.pem -rw-r--r--
	// <nil>
}
