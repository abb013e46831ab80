package main

import (
	"os"
	"path/filepath"

	"lockstep/bootstrap/verify"
	"lockstep/cmd/lockstep/view"
	"lockstep/policies"
)

// readPolicy reads what -f names and returns the policy. How many warnings it has goes
// to stderr: lint shows them.
func (g *globals) readPolicy() (*policies.Policy, error) {
	files, err := policies.Read(g.policy, g.stdin)
	if err != nil {
		return nil, err
	}
	p, err := parsePolicy(files...)
	if err != nil {
		return nil, err
	}
	_ = g.tell(view.PolicyWarnings(len(p.Warnings))) // a closed stderr stops nothing
	return p, nil
}

// parsePolicy is policies.Parse, which does not know the checks that a policy may accept
// findings of.
func parsePolicy(files ...policies.File) (*policies.Policy, error) {
	p, err := policies.Parse(files...)
	if err != nil {
		return nil, err
	}
	if wrong := verify.JudgeAccept(p); len(wrong) > 0 {
		return nil, wrong
	}
	return p, nil
}

// pkiFolder is the path of the PKI folder: --pki, or pki beside the (first) policy.
func (g *globals) pkiFolder() string {
	if g.pki != "" {
		return g.pki
	}
	first := g.policy[0]
	if first == "-" {
		return "pki"
	}
	if about, err := os.Stat(first); err == nil && about.IsDir() {
		return filepath.Join(first, "pki")
	}
	return filepath.Join(filepath.Dir(first), "pki")
}
