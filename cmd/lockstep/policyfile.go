package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"lockstep/bootstrap/verify"
	"lockstep/cmd/lockstep/view"
	"lockstep/policies"
	"lockstep/policies/hint"
	"lockstep/policies/strict"
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

// declared is the component of that name, the policy, and the policy file that declares it.
// otherwise is the advice where the policy names none that is like it.
func (g *globals) declared(files []policies.File, name, otherwise string) (policies.Component, *policies.Policy, policies.File, error) {
	p, err := parsePolicy(files...)
	if err != nil {
		return policies.Component{}, nil, policies.File{}, err
	}
	c, found := p.Component(name)
	if !found {
		near := strict.Suggest(name, componentNames(p), "")
		return c, p, policies.File{}, hint.With(fmt.Errorf("the policy names no component %q", name), cmp.Or(near, otherwise))
	}
	file, err := g.file(files, c.At.File)
	return c, p, file, err
}

// file is the policy file to change: the one asked for, or the only one there is.
func (g *globals) file(files []policies.File, into string) (policies.File, error) {
	if into == "" && len(files) == 1 {
		return files[0], g.writable(files[0])
	}
	var names []string
	for _, f := range files {
		if into != "" && filepath.Clean(f.Name) == filepath.Clean(into) {
			return f, g.writable(f)
		}
		names = append(names, f.Name)
	}
	if into == "" {
		return policies.File{}, hint.With(errors.New("the policy has several files"), "Say which one to write with --into: "+strings.Join(names, ", ")+".")
	}
	return policies.File{}, hint.With(fmt.Errorf("--into %s is no file of this policy", into), "Its files are "+strings.Join(names, ", ")+"; -f adds one.")
}

// writable refuses the policy that came from stdin, before anything is done.
func (g *globals) writable(f policies.File) error {
	if f.Name == "stdin" && slices.Contains(g.policy, "-") {
		return hint.Refuse("Name a file with -f.", "the policy came from stdin: there is no file to change; nothing was changed")
	}
	return nil
}

// replaced is the files with one of them changed.
func replaced(files []policies.File, after policies.File) []policies.File {
	out := slices.Clone(files)
	for i := range out {
		if out[i].Name == after.Name {
			out[i] = after
		}
	}
	return out
}
