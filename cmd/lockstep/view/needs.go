package view

import (
	"lockstep/certgen"
	"lockstep/policies/pending"
)

// Flag is the flag by which the operator permits what a pending change needs; "" where no
// flag does.
func Flag(needs pending.Needs) string {
	return map[pending.Needs]string{
		pending.Prune:     "--prune",
		pending.Adopt:     "--adopt",
		pending.Recreate:  "--adopt=recreate",
		pending.ReuseName: "--reuse-name",
		pending.CAKey:     "--ca-key FILE",
	}[needs]
}

// awaited is what a pending change waits for where no flag permits it; signer is the CA
// whose key it needs.
func awaited(needs pending.Needs, signer certgen.CA) string {
	switch needs {
	case pending.Operator:
		return "the operator"
	case pending.FolderKey:
		return certgen.CAPath(signer) + ".key"
	case pending.Certificate:
		return "its certificate"
	case pending.Issuer:
		return "its issuer"
	case pending.Members:
		return "the members"
	}
	return ""
}
