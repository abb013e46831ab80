// Package pkitest makes real PKI folders for tests: certgen plans them, and package folder
// writes them.
package pkitest

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"lockstep/certgen"
	"lockstep/certgen/folder"
	"lockstep/policies"
)

// PKI is a real folder, as certgen makes and changes it.
type PKI struct {
	*folder.Folder
	T   *testing.T
	Dir string
}

// Edge is a policy with one member and these components; their certificates live 90 days.
func Edge(t *testing.T, components ...string) *policies.Policy {
	t.Helper()
	text := "apiVersion: lockstep/v1\nkind: Policy\ncluster: {name: edge, members: [{name: etcd1, hosts: [10.0.0.11]}]}\ncomponents: [\n"
	for _, name := range components {
		text += "  {name: " + name + ", permissions: [{prefix: /" + name + "/, access: read}]},\n"
	}
	text += "]\n"
	p, err := policies.Parse(policies.File{Name: "lockstep.yaml", Text: []byte(text)})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// New is the folder of [Edge], made at the time now.
func New(t *testing.T, now time.Time, components ...string) PKI {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "pki")
	f, err := folder.Create(dir, folder.External{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	p := PKI{f, t, dir}
	p.Follow(Edge(t, components...), now)
	return p
}

// Follow does all that the policy asks of the folder at the time now, removals included.
func (p PKI) Follow(policy *policies.Policy, now time.Time) {
	p.T.Helper()
	plan := certgen.Diff(certgen.Desired(policy), p.State(), now)
	plan.Steps = slices.Concat(plan.Steps, plan.Removals())
	if err := p.Apply(p.T.Context(), plan, func() time.Time { return now }, 4, func(certgen.Step) {}); err != nil {
		p.T.Fatal(err)
	}
}

// State is what the folder holds.
func (p PKI) State() certgen.State {
	p.T.Helper()
	s, err := p.Observe()
	if err != nil {
		p.T.Fatal(err)
	}
	return s
}

// File is the path of a file of the folder.
func (p PKI) File(name string) string { return filepath.Join(p.Dir, name) }

// Read is what a file of the folder holds.
func (p PKI) Read(name string) []byte {
	p.T.Helper()
	content, err := os.ReadFile(p.File(name))
	if err != nil {
		p.T.Fatal(err)
	}
	return content
}

// Write writes a file of the folder, with mode 0600.
func (p PKI) Write(name string, content []byte) {
	p.T.Helper()
	if err := os.WriteFile(p.File(name), content, 0o600); err != nil {
		p.T.Fatal(err)
	}
}

// Remove removes a file of the folder.
func (p PKI) Remove(name string) {
	p.T.Helper()
	if err := os.Remove(p.File(name)); err != nil {
		p.T.Fatal(err)
	}
}

// Mkdir makes a folder in it.
func (p PKI) Mkdir(name string) {
	p.T.Helper()
	if err := os.Mkdir(p.File(name), 0o700); err != nil {
		p.T.Fatal(err)
	}
}
