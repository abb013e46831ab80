package main

import (
	"fmt"
	"os"

	"lockstep/bootstrap/adopt/tlssetup"
	"lockstep/policies/count"
)

// runInitFromTLSSetup writes down what a folder of hack/tls-setup made.
func runInitFromTLSSetup(opts initOptions) error {
	description, err := tlssetup.Policy(os.DirFS(opts.tlsSetup))
	if err != nil {
		return fmt.Errorf("looking into %s: %w", opts.tlsSetup, err)
	}
	return opts.begin(string(description.Text), fmt.Sprintf("read it (%s, %s), write what each component may do, then: lockstep lint -f %s",
		count.Of(description.Members, "member"), count.Of(description.Components, "component"), opts.policy[0]))
}
