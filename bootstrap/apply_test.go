package bootstrap

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/bootstrap/world"
	"lockstep/certgen"
	"lockstep/certgen/folder"
	"lockstep/policies/hint"
	"lockstep/policies/keyrange"
	"lockstep/policies/pending"
	"lockstep/roles"
)

// What needs no cluster to be refused is refused before there is a connection.
func TestRefusedWithoutCluster(t *testing.T) {
	t.Parallel()
	empty, err := folder.Create(filepath.Join(t.TempDir(), "pki"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { empty.Close() })
	anywhere := &world.Admin{Endpoints: []string{"https://127.0.0.1:1"}}
	propose := func(w *world.World) error {
		_, err := Propose(t.Context(), w, Allowed{})
		return err
	}
	apply := func(w *world.World) error {
		_, err := Apply(t.Context(), w, Allowed{}, func(*Proposal) error { return errors.New("asked") })
		return err
	}
	const (
		nobody  = "there is no PKI folder here, and without it nobody knows whom to trust and who is root"
		unknown = "there is no PKI folder here: certificates would fall out of step with etcd, and nobody could tell whose users are whose"
		noCA    = "the PKI folder holds no client CA"
	)
	tests := []struct {
		name  string
		world *world.World
		run   func(*world.World) error
		want  string
		exit  hint.Exit
	}{
		{"apply, no folder", &world.World{}, apply, unknown, hint.Refused},
		{"apply, no folder, whatever the administrator", &world.World{Admin: &world.Admin{Servers: x509.NewCertPool(), User: "root"}}, apply, unknown, hint.Refused},
		{"plan, no folder, no administrator", &world.World{}, propose, nobody, hint.Failed},
		{"plan, no folder, endpoints only", &world.World{Admin: anywhere}, propose, nobody, hint.Failed},
		{"plan, no folder, no identity", &world.World{Admin: &world.Admin{Servers: x509.NewCertPool()}}, propose, nobody, hint.Failed},
		{"plan, no folder, nobody to trust", &world.World{Admin: &world.Admin{Certificate: &tls.Certificate{}}}, propose, nobody, hint.Failed},
		{"plan, no CA", &world.World{Folder: empty, Admin: anywhere}, propose, noCA, hint.Refused},
		{"apply, no CA", &world.World{Folder: empty, Admin: anywhere}, apply, noCA, hint.Refused},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := test.world
			w.Policy = edge(t, "a")
			err := test.run(w)
			if err == nil || err.Error() != test.want || hint.Of(err) != test.exit || hint.Text(err) == "" {
				t.Errorf("got %v (exit %d, hint %q), want %s (exit %d)", err, hint.Of(err), hint.Text(err), test.want, test.exit)
			}
		})
	}
}

func TestRefuseCAs(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, want string
		plan       certgen.Plan
	}{
		{"nothing", "", certgen.Plan{}},
		{"a certificate", "", certgen.Plan{Steps: []certgen.Step{{Action: certgen.Issue}}}},
		{"a CA", "the client CA is not in the PKI folder", certgen.Plan{Steps: []certgen.Step{
			{Action: certgen.Issue}, {Action: certgen.MakeCA, Profile: certgen.Profile{CA: certgen.ClientCA}}}}},
		{"blocked", "the PKI folder cannot be used: one; two", certgen.Plan{Pending: []certgen.Pending{{Reason: "one"}, {Reason: "two"}}}},
		{"a brought CA", "the CA does not do", certgen.Plan{Brought: "ca.pem", Pending: []certgen.Pending{{Reason: "the CA does not do"}}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := refuseCAs(test.plan)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != test.want || err != nil && hint.Of(err) != hint.Refused {
				t.Errorf("got %q (exit %d), want %q", got, hint.Of(err), test.want)
			}
		})
	}
}

// proposal is one with something of everything.
func proposal() Proposal {
	p := Proposal{ClusterID: 1, Policy: "p", Observed: "o", Folder: "f", Enabled: true}
	p.Certificates.Steps = []certgen.Step{{Action: certgen.Restrict, File: "components/a/client.key", Reason: "its mode is 0644"}}
	p.Retire = []certgen.Step{{Action: certgen.Retire, File: "components/b/client", Reason: "not named"}}
	p.Roles.Revision = 7
	p.Roles.Steps = []roles.Step{{Action: roles.RoleAdd, Role: "a", Reason: "missing"}, {Action: roles.UserAdd, User: "a", Reason: "missing"}}
	return p
}

// The fingerprint tells apart whatever a reviewer would have to see again.
func TestFingerprint(t *testing.T) {
	t.Parallel()
	first := proposal()
	want := first.Fingerprint()
	if again := proposal(); again.Fingerprint() != want || len(want) != 64 {
		t.Errorf("twice the same: %s and %s", want, again.Fingerprint())
	}
	changes := map[string]func(*Proposal){
		"cluster":          func(p *Proposal) { p.ClusterID = 2 },
		"policy":           func(p *Proposal) { p.Policy = "q" },
		"observed":         func(p *Proposal) { p.Observed = "q" },
		"folder":           func(p *Proposal) { p.Folder = "q" },
		"revision":         func(p *Proposal) { p.Roles.Revision = 8 },
		"order":            func(p *Proposal) { s := p.Roles.Steps; s[0], s[1] = s[1], s[0] },
		"a step more":      func(p *Proposal) { p.Roles.Steps = append(p.Roles.Steps, roles.Step{Action: roles.RoleAdd, Role: "b"}) },
		"a step less":      func(p *Proposal) { p.Roles.Steps = p.Roles.Steps[:1] },
		"a reason in etcd": func(p *Proposal) { p.Roles.Steps[0].Reason = "other" },
		"a reason on disk": func(p *Proposal) { p.Certificates.Steps[0].Reason = "other" },
		"a path":           func(p *Proposal) { p.Certificates.Steps[0].File = "components/c/client.key" },
		"removal":          func(p *Proposal) { p.Retire = nil },
		"moved between lists": func(p *Proposal) {
			p.Certificates.Steps, p.Retire = p.Retire, p.Certificates.Steps
		},
		"permission": func(p *Proposal) {
			p.Roles.Steps[0] = roles.Step{Action: roles.RoleGrantPermission, Role: "a", Permission: keyrange.Permission{Key: "k", Access: keyrange.Read}, Reason: "missing"}
		},
	}
	seen := map[string]string{want: "unchanged"}
	for name, change := range changes {
		p := proposal()
		change(&p)
		got := p.Fingerprint()
		if other, dup := seen[got]; dup {
			t.Errorf("%s has the fingerprint of %s", name, other)
		}
		seen[got] = name
	}
}

func TestNeeds(t *testing.T) {
	t.Parallel()
	waiting := func(needs ...pending.Needs) Proposal {
		var p Proposal
		for _, n := range needs {
			p.Roles.Pending = append(p.Roles.Pending, roles.Pending{Needs: n})
		}
		return p
	}
	full, onDisk := proposal(), waiting()
	onDisk.Certificates.Pending = []certgen.Pending{{Needs: pending.Prune}, {Needs: pending.FolderKey}, {Needs: pending.Adopt}, {Needs: pending.Prune}}
	tests := []struct {
		name          string
		p             Proposal
		needs         []pending.Needs
		steps         int
		empty, inStep bool
	}{
		{"nothing", Proposal{}, nil, 0, true, true},
		{"everything is allowed", full, nil, 4, false, false},
		{"pending in etcd", waiting(pending.Recreate, pending.Adopt, pending.Recreate), []pending.Needs{pending.Adopt, pending.Recreate}, 0, true, false},
		{"pending on disk", onDisk, []pending.Needs{pending.Prune, pending.Adopt}, 0, true, false},
		{"an earlier certificate", waiting(pending.ReuseName, pending.Certificate, pending.Prune), []pending.Needs{pending.Prune, pending.ReuseName}, 0, true, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.needs, test.p.Needs()); diff != "" {
				t.Errorf("needs (-want +got):\n%s", diff)
			}
			if steps, empty, inStep := test.p.Steps(), test.p.Empty(), test.p.InStep(); steps != test.steps || empty != test.empty || inStep != test.inStep {
				t.Errorf("steps %d, empty %v, in step %v; want %d, %v, %v", steps, empty, inStep, test.steps, test.empty, test.inStep)
			}
		})
	}
}

// After a lost answer the rest of what was shown may be done, and nothing else.
func TestOnlyListed(t *testing.T) {
	t.Parallel()
	full := proposal()
	judge := onlyListed(full.Roles)
	for name, next := range map[string]roles.Plan{
		"nothing": {}, "all": full.Roles, "the rest": {Steps: full.Roles.Steps[1:]},
		"for another reason": {Steps: []roles.Step{{Action: roles.UserAdd, User: "a", Reason: "it is made again"}}},
	} {
		if err := judge(next); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	err := judge(roles.Plan{Steps: append(full.Roles.Steps[:1:1], roles.Step{Action: roles.UserDelete, User: "b", Reason: "unknown"})})
	const want = `somebody else changed etcd's users or roles meanwhile; what was shown has been done, and this was not shown: delete user "b" (unknown)`
	if err == nil || err.Error() != want || hint.Of(err) != hint.NotInStep {
		t.Errorf("got %v (exit %d), want %s (exit 2)", err, hint.Of(err), want)
	}
}

// The folder's digest is for what a plan is made of: CAs may come and go with their
// mount, and root's certificate is nobody's state.
func TestFolderDigest(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		change  func(p pki)
		changed bool
	}{
		{"nothing", func(pki) {}, false},
		{"the CAs are elsewhere", func(p pki) {
			for _, name := range []string{"client.key", "server.key", "peer.key", "client.crt"} {
				p.remove("ca/" + name)
			}
		}, false},
		{"root's certificate", func(p pki) {
			p.mkdir("root")
			p.write("root/client.crt", readFile(p.t, p.path, "components/a/client.crt"))
			p.write("root/ca.crt", readFile(p.t, p.path, "components/a/ca.crt"))
		}, false},
		{"a stray file", func(p pki) { p.write("spare", []byte("x")) }, false},
		{"a certificate", func(p pki) { p.write("components/a/client.crt", readFile(p.t, p.path, "components/b/client.crt")) }, true},
		{"a certificate gone", func(p pki) { p.remove("components/a/client.crt") }, true},
		{"a key", func(p pki) { p.write("components/a/client.key", readFile(p.t, p.path, "components/b/client.key")) }, true},
		{"a key gone", func(p pki) { p.remove("components/a/client.key") }, true},
		{"a key's mode", func(p pki) {
			if err := os.Chmod(filepath.Join(p.path, "components/a/client.key"), 0o644); err != nil {
				p.t.Fatal(err)
			}
		}, true},
		{"a file", func(p pki) { p.write("members/etcd1/etcd.env", []byte("x")) }, true},
		{"a file gone", func(p pki) { p.remove("client.crl") }, true},
		{"a file half written", func(p pki) { p.write("components/a/client.crt.new", []byte("x")) }, true},
		{"a member's certificate", func(p pki) { p.remove("members/etcd1/server.crt") }, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newPKI(t, "a", "b")
			before := folderDigest(p.state())
			test.change(p)
			if after := folderDigest(p.state()); (after != before) != test.changed {
				t.Errorf("changed: %v, want %v", after != before, test.changed)
			}
		})
	}
}

func (p pki) mkdir(name string) {
	p.t.Helper()
	if err := os.Mkdir(filepath.Join(p.path, name), 0o700); err != nil {
		p.t.Fatal(err)
	}
}

// proposeCertificates is the folder's half: what is removed needs a flag, and strays
// are named unless they are a member's own data.
func TestProposeCertificates(t *testing.T) {
	t.Parallel()
	p := newPKI(t, "a", "b")
	p.write("spare", []byte("x"))
	p.mkdir("members/etcd1/data")
	policy := edge(t, "a", "c")
	policy.Cluster.Data = "data/etcd"
	propose := func(prune bool) Proposal {
		var out Proposal
		r := &run{World: &world.World{Policy: policy, Folder: p.Folder, Now: clock}, folder: p.state()}
		r.allow.Prune = prune
		if err := r.proposeCertificates(t.Context(), &out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	sentences := func(steps []certgen.Step) (out []string) {
		for _, s := range steps {
			out = append(out, s.String())
		}
		return out
	}
	todo := []string{
		`issue components/c/client to user "c"`, "write components/c/etcdctl.env",
		"write members/etcd1/etcd.env", "write components/c/ca.crt",
	}
	plain, pruning := propose(false), propose(true)
	for _, got := range []Proposal{plain, pruning} {
		if diff := cmp.Diff(todo, sentences(got.Certificates.Steps)); diff != "" {
			t.Errorf("steps (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"spare"}, got.Stray); diff != "" {
			t.Errorf("stray (-want +got):\n%s", diff)
		}
	}
	if list := plain.Certificates.Pending; len(list) != 1 || list[0].Step.String() != "retire components/b/client" || list[0].Needs != pending.Prune || len(plain.Retire) != 0 {
		t.Errorf("without permission: pending %v, retired %v", list, plain.Retire)
	}
	if diff := cmp.Diff([]string{"retire components/b/client"}, sentences(pruning.Retire)); diff != "" || len(pruning.Certificates.Pending) != 0 {
		t.Errorf("with permission: pending %v, retired (-want +got):\n%s", pruning.Certificates.Pending, diff)
	}
}

// A certificate in the name of a user that is taken over only with a flag would make it
// ours. One whose role waits for a flag is ours already.
func TestWithholdCertificates(t *testing.T) {
	t.Parallel()
	policy := edge(t, "a", "b", "c", "d")
	r := &run{World: &world.World{Policy: policy}, owned: func(user string) bool { return user == "b" }}
	issue := func(name string) certgen.Step {
		return certgen.Step{Action: certgen.Issue, Profile: certgen.Profile{Path: "components/" + name + "/client"}, Reason: certgen.Missing}
	}
	p := &Proposal{}
	p.Certificates.Steps = []certgen.Step{issue("a"), issue("ab"), issue("b"), issue("c"), issue("d")}
	p.Roles.Pending = []roles.Pending{
		{Needs: pending.Adopt, Step: roles.Step{User: "a", TakesOver: true}},
		{Needs: pending.Recreate, Step: roles.Step{User: "b", TakesOver: true}}, // ours: it has its certificate, or had one
		{Needs: pending.Prune, Step: roles.Step{User: "c"}},
		{Needs: pending.Adopt, Step: roles.Step{User: "d"}},
	}
	r.withholdCertificates(p)
	var left []string
	for _, s := range p.Certificates.Steps {
		left = append(left, s.Path())
	}
	if diff := cmp.Diff([]string{"components/ab/client", "components/b/client", "components/c/client", "components/d/client"}, left); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	if list := p.Certificates.Pending; len(list) != 1 || list[0].Step.Path() != "components/a/client" || list[0].Needs != pending.Adopt {
		t.Errorf("pending %+v", list)
	}
}
