package change

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"lockstep/certgen"
	"lockstep/certgen/folder"
	"lockstep/policies"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// pki is a real folder, as certgen makes and changes it.
type pki struct {
	*folder.Folder
	t    *testing.T
	path string
}

func clock() time.Time { return noon }

// edge is a policy with these components, certificates for 90 days.
func edge(t *testing.T, components ...string) *policies.Policy {
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

func newPKI(t *testing.T, components ...string) pki {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pki")
	f, err := folder.Create(path, folder.External{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	p := pki{f, t, path}
	p.follow(edge(t, components...), noon)
	return p
}

// follow does all that the policy asks of the folder at the time now, removals included.
func (p pki) follow(policy *policies.Policy, now time.Time) {
	p.t.Helper()
	plan := certgen.Diff(certgen.Desired(policy), p.state(), now)
	plan.Steps = slices.Concat(plan.Steps, plan.Removals())
	if err := p.Apply(p.t.Context(), plan, func() time.Time { return now }, 4, func(certgen.Step) {}); err != nil {
		p.t.Fatal(err)
	}
}

func (p pki) state() certgen.State {
	p.t.Helper()
	s, err := p.Observe()
	if err != nil {
		p.t.Fatal(err)
	}
	return s
}

func (p pki) write(name string, content []byte) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.path, name), content, 0o600); err != nil {
		p.t.Fatal(err)
	}
}

func (p pki) remove(name string) {
	p.t.Helper()
	if err := os.Remove(filepath.Join(p.path, name)); err != nil {
		p.t.Fatal(err)
	}
}

func readFile(t *testing.T, dir, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(text)
}

func (p pki) mkdir(name string) {
	p.t.Helper()
	if err := os.Mkdir(filepath.Join(p.path, name), 0o700); err != nil {
		p.t.Fatal(err)
	}
}
