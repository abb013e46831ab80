// Package pending describes changes that a plan leaves out because they wait for the
// operator or for an external issuer. It is a leaf, so that plans of both halves use it.
//
// A plan names what a change needs as a value of [Needs]. Only the command line spells
// that value as a flag.
package pending

import "slices"

// Needs is what a change waits for. The zero value is [Operator]: no flag allows the change.
type Needs int

const (
	Operator    Needs = iota // the operator has to mend something by hand
	Prune                    // permission to remove what the policy no longer names
	Adopt                    // permission to take over a user, or to change a role that an unmanaged user holds
	Recreate                 // permission to delete a user and add it again without a password; it includes Adopt
	ReuseName                // permission to add a user whose earlier certificate is still valid
	CAKey                    // the key of the CA that the policy names, for one run
	FolderKey                // the key of lockstep's own CA, in the PKI folder
	Certificate              // the certificate of the user that would be added
	Issuer                   // the issuer of an external certificate has to make it again
	Members                  // the members have to load a revocation list
)

func (n Needs) String() string {
	return [...]string{"operator", "prune", "adopt", "recreate", "reuse-name", "ca-key", "folder-key", "certificate", "issuer", "members"}[n]
}

// Allowed reports whether a permission of the operator is all that the change waits for.
func (n Needs) Allowed() bool { return n >= Prune && n <= CAKey }

// Change is a step that is not executed, and why. Step is a step of either half.
type Change[Step any] struct {
	Step   Step
	Reason string // why the step waits, or why it would be executed where that says it
	Needs  Needs
}

// Needing returns the changes of list that wait for one of needs, in order.
func Needing[Step any](list []Change[Step], needs ...Needs) []Change[Step] {
	var out []Change[Step]
	for _, c := range list {
		if slices.Contains(needs, c.Needs) {
			out = append(out, c)
		}
	}
	return out
}

// Steps returns the steps of list, in order.
func Steps[Step any](list []Change[Step]) []Step {
	var out []Step
	for _, c := range list {
		out = append(out, c.Step)
	}
	return out
}
