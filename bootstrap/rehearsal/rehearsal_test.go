package rehearsal_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"lockstep/bootstrap"
	"lockstep/bootstrap/change"
	"lockstep/bootstrap/rehearsal"
	"lockstep/bootstrap/verify"
	"lockstep/bootstrap/world"
	"lockstep/certgen/folder"
	"lockstep/policies"
	"lockstep/policies/edit"
	"lockstep/policies/hint"
	"lockstep/policies/keyrange"
	"lockstep/policies/pending"
	"lockstep/policies/presets"
	"lockstep/roles"
)

const text = `apiVersion: lockstep/v1
kind: Policy
cluster:
  name: edge
  install: .
  data: data
  members:
%s
components:
  - {name: app, permissions: [{prefix: /app/, access: readwrite}]}
  - {name: reader, permissions: [{prefix: /app/, access: read}]}
`

// run is one cluster of real members and its policy.
type run struct {
	*testing.T
	file    policies.File
	folder  *folder.Folder
	cluster rehearsal.Cluster
	etcd    string

	mu   sync.Mutex
	said []string
}

func newRun(t *testing.T, members int) *run {
	t.Helper()
	dir := t.TempDir()
	etcd := filepath.Join(dir, "etcd")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-C", filepath.Join("..", "..", "etcd"), "-o", etcd, ".").CombinedOutput(); err != nil {
		t.Fatalf("building etcd: %v\n%s", err, out)
	}
	ports, err := rehearsal.FreePorts(members)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for i, p := range ports {
		list = append(list, fmt.Sprintf("    - {name: etcd%d, hosts: [127.0.0.1], clientURL: \"https://127.0.0.1:%d\", peerURL: \"https://127.0.0.1:%d\"}", i+1, p[0], p[1]))
	}
	f, err := folder.Create(filepath.Join(dir, "pki"), folder.External{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	r := &run{T: t, folder: f, etcd: etcd, file: policies.File{Name: filepath.Join(dir, "lockstep.yaml"), Text: fmt.Appendf(nil, text, strings.Join(list, "\n"))}}
	if err := os.WriteFile(r.file.Name, r.file.Text, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.cluster.Stop)
	return r
}

func (r *run) report(e world.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said = append(r.said, e.String())
}

// world is a new one, as every command begins with.
func (r *run) world(p *policies.Policy) *world.World {
	return &world.World{Policy: p, Folder: r.folder, Now: time.Now, InFlight: 16, CallTimeout: 5 * time.Second, Report: r.report}
}

func (r *run) parse(f policies.File) *policies.Policy {
	r.Helper()
	p, err := policies.Parse(f)
	if err != nil {
		r.Fatal(err)
	}
	return p
}

func (r *run) operator(w *world.World) rehearsal.Operator {
	_, cancel := context.WithCancelCause(r.Context())
	return rehearsal.Operator{World: w, Cluster: &r.cluster, Etcd: r.etcd, End: cancel}
}

func (r *run) bootstrap() (*bootstrap.Result, error) {
	w := r.world(r.parse(r.file))
	return bootstrap.Run(r.Context(), w, bootstrap.Options{Operator: r.operator(w), Wait: time.Minute, Exhaustive: true, Soak: time.Second})
}

func (r *run) propose(permitted change.Permitted) *change.Plan {
	r.Helper()
	p, err := bootstrap.Propose(r.Context(), r.world(r.parse(r.file)), permitted)
	if err != nil {
		r.Fatal(err)
	}
	return p
}

// verify demands that lockstep verify finds nothing.
func (r *run) verify() {
	r.Helper()
	e, err := verify.Gather(r.Context(), r.world(r.parse(r.file)), verify.Options{})
	if err != nil {
		r.Fatal(err)
	}
	if report := verify.Judge(e, verify.Checks()); !report.InStep() {
		r.Errorf("findings: %+v", report.Findings)
	}
}

// no is the operator who confirms nothing.
type no struct{}

var errNo = errors.New("no")

func (no) Confirm(context.Context, *change.Plan) error { return errNo }
func (no) Await(context.Context, []change.Start) error { return errNo }
func (no) Tell(*change.Plan)                           {}

// One cluster lives through every verb. Each leaves etcd and the folder in step, and what
// was not confirmed is not done.
func TestEveryVerb(t *testing.T) {
	t.Parallel()
	r := newRun(t, 3)

	if _, err := bootstrap.Run(t.Context(), r.world(r.parse(r.file)), bootstrap.Options{}); hint.Of(err) != hint.Refused {
		t.Errorf("without an operator: %v", err)
	}
	if left, err := os.ReadDir(r.folder.Path()); err != nil || len(left) != 1 || left[0].Name() != ".gitignore" {
		t.Errorf("without an operator something was written: %v, %v", left, err)
	}
	result, err := r.bootstrap()
	if err != nil || !result.Changed || !result.Report.InStep() || result.Soak == nil || len(result.Soak.Refused) > 0 {
		t.Fatalf("bootstrap: %+v, %v; it said %q", result, err, r.said)
	}
	if result, err = r.bootstrap(); err != nil || result.Changed {
		t.Errorf("a second bootstrap: %+v, %v", result, err)
	}
	if p := r.propose(change.Permitted{}); !p.InStep() || p.Folder == "" || p.ClusterID == 0 {
		t.Errorf("after bootstrap: %+v", p)
	}
	r.add("web")
	r.remove("web")
	r.prune()
	r.verify()
}

func (r *run) add(name string) {
	r.Helper()
	after, err := edit.Add(r.file, edit.Component{Name: name, Permissions: []presets.Permission{{Form: presets.Prefix, First: "/" + name + "/", Access: keyrange.ReadWrite}}})
	if err != nil {
		r.Fatal(err)
	}
	add := bootstrap.ComponentChange{Name: name, Before: r.file, After: after}
	w := r.world(r.parse(after))
	if _, err := bootstrap.Add(r.Context(), w, add, no{}); !errors.Is(err, errNo) {
		r.Errorf("adding without yes: %v", err)
	}
	if p := r.propose(change.Permitted{}); !p.InStep() {
		r.Errorf("adding without yes changed something: %+v", p)
	}
	proofs, err := bootstrap.Add(r.Context(), w, add, r.operator(w))
	if err != nil || !proofs[0].Proven() {
		r.Fatalf("adding %s: %+v, %v", name, proofs, err)
	}
	r.fileIs(after)
	r.file = after
	if p := r.propose(change.Permitted{}); !p.InStep() {
		r.Errorf("after adding: %+v", p)
	}
}

func (r *run) remove(name string) {
	r.Helper()
	after, err := edit.Remove(r.file, name)
	if err != nil {
		r.Fatal(err)
	}
	w := r.world(r.parse(r.file))
	if err := bootstrap.Remove(r.Context(), w, r.parse(after), bootstrap.ComponentChange{Name: name, Before: r.file, After: after}, r.operator(w)); err != nil {
		r.Fatalf("removing %s: %v", name, err)
	}
	r.fileIs(after)
	r.file = after
	if p := r.propose(change.Permitted{}); !p.InStep() {
		r.Errorf("after removing: %+v", p)
	}
	// The certificate of the removed component is still valid: its user is not added unasked.
	again, err := edit.Add(r.file, edit.Component{Name: name, Permissions: []presets.Permission{{Form: presets.Prefix, First: "/x/", Access: keyrange.Read}}})
	if err != nil {
		r.Fatal(err)
	}
	w = r.world(r.parse(again))
	if _, err := bootstrap.Add(r.Context(), w, bootstrap.ComponentChange{Name: name, Before: r.file, After: again}, r.operator(w)); hint.Of(err) != hint.Refused {
		r.Errorf("adding the name again: %v", err)
	}
	r.fileIs(after)
}

// prune leaves a component out of the policy: it is pending, and with permission it goes.
func (r *run) prune() {
	r.Helper()
	after, err := edit.Remove(r.file, "reader")
	if err != nil {
		r.Fatal(err)
	}
	r.file = after
	p := r.propose(change.Permitted{})
	if needs := p.Needs(); !p.Empty() || len(needs) != 1 || needs[0] != pending.Prune {
		r.Errorf("without permission: %d steps, needs %v", p.Steps(), needs)
	}
	permitted := change.Permitted{Allow: roles.Allow{Prune: true}}
	w := r.world(r.parse(r.file))
	if _, err := bootstrap.Apply(r.Context(), w, permitted, nil); hint.Of(err) != hint.Refused {
		r.Errorf("applying without an operator: %v", err)
	}
	done, err := bootstrap.Apply(r.Context(), w, permitted, r.operator(w))
	if err != nil || len(done.Retire) != 1 {
		r.Fatalf("applying: %+v, %v", done, err)
	}
	if p := r.propose(permitted); !p.InStep() {
		r.Errorf("after applying: %+v", p)
	}
}

func (r *run) fileIs(want policies.File) {
	r.Helper()
	got, err := os.ReadFile(r.file.Name)
	if err != nil || string(got) != string(want.Text) {
		r.Errorf("the policy file is (%v)\n%s", err, got)
	}
}

// A program that ends by itself ends the rehearsal with its last line.
func TestAMemberThatEnds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "etcd.env"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "etcd")
	if err := os.WriteFile(program, []byte("#!/bin/sh\necho first\necho the port is in use\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	var c rehearsal.Cluster
	if err := c.Start(program, dir, filepath.Join(dir, "log")); err != nil {
		t.Fatal(err)
	}
	defer c.Stop()
	err := c.Watch(t.Context())
	if err == nil || !strings.HasSuffix(err.Error(), "ended by itself; its last line: the port is in use") || hint.Text(err) == "" {
		t.Errorf("got %v", err)
	}
}

// The policy moves to loopback; its components stay as they are.
func TestRewrite(t *testing.T) {
	t.Parallel()
	p, err := policies.Parse(policies.File{Name: "lockstep.yaml", Text: fmt.Appendf(nil, text, "    - {name: etcd1, hosts: [10.0.0.11]}")})
	if err != nil {
		t.Fatal(err)
	}
	local := rehearsal.Rewrite(p, [][2]int{{1, 2}, {3, 4}})
	m := local.Cluster.Members
	if len(m) != 2 || m[0].Name != "etcd1" || m[0].ClientURL != "https://127.0.0.1:1" || m[1].Name != "rehearsal2" || m[1].PeerURL != "https://127.0.0.1:4" {
		t.Errorf("members %+v", m)
	}
	if len(local.Components) != 2 || p.Cluster.Members[0].Hosts[0] != "10.0.0.11" {
		t.Errorf("components %+v, and the policy became %+v", local.Components, p.Cluster)
	}
}

func TestFindEtcd(t *testing.T) {
	t.Parallel()
	if found, err := rehearsal.FindEtcd("sh"); err != nil || !filepath.IsAbs(found) {
		t.Errorf("got %q, %v", found, err)
	}
	if found, err := rehearsal.FindEtcd("/nowhere/etcd"); err == nil || hint.Text(err) == "" {
		t.Errorf("got %q, %v", found, err)
	}
}
