package change

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/certgen"
	"lockstep/certgen/pkitest"
	"lockstep/policies/keyrange"
	"lockstep/policies/pending"
	"lockstep/roles"
)

// full is a plan with something of everything.
func full() Plan {
	p := Plan{ClusterID: 1, Policy: "p", Observed: "o", Folder: "f", Enabled: true}
	p.Certificates.Steps = []certgen.Step{{Action: certgen.Restrict, File: "components/a/client.key", Reason: "its mode is 0644"}}
	p.Retire = []certgen.Step{{Action: certgen.Retire, File: "components/b/client", Reason: "not named"}}
	p.Roles.Revision = 7
	p.Roles.Steps = []roles.Step{{Action: roles.RoleAdd, Role: "a", Reason: "missing"}, {Action: roles.UserAdd, User: "a", Reason: "missing"}}
	return p
}

// The fingerprint tells apart whatever a reviewer would have to see again.
func TestFingerprint(t *testing.T) {
	t.Parallel()
	first := full()
	want := first.Fingerprint()
	if again := full(); again.Fingerprint() != want || len(want) != 64 {
		t.Errorf("twice the same: %s and %s", want, again.Fingerprint())
	}
	changes := map[string]func(*Plan){
		"cluster":          func(p *Plan) { p.ClusterID = 2 },
		"policy":           func(p *Plan) { p.Policy = "q" },
		"observed":         func(p *Plan) { p.Observed = "q" },
		"folder":           func(p *Plan) { p.Folder = "q" },
		"revision":         func(p *Plan) { p.Roles.Revision = 8 },
		"order":            func(p *Plan) { s := p.Roles.Steps; s[0], s[1] = s[1], s[0] },
		"a step more":      func(p *Plan) { p.Roles.Steps = append(p.Roles.Steps, roles.Step{Action: roles.RoleAdd, Role: "b"}) },
		"a step less":      func(p *Plan) { p.Roles.Steps = p.Roles.Steps[:1] },
		"a reason in etcd": func(p *Plan) { p.Roles.Steps[0].Reason = "other" },
		"a reason on disk": func(p *Plan) { p.Certificates.Steps[0].Reason = "other" },
		"a path":           func(p *Plan) { p.Certificates.Steps[0].File = "components/c/client.key" },
		"removal":          func(p *Plan) { p.Retire = nil },
		"moved between lists": func(p *Plan) {
			p.Certificates.Steps, p.Retire = p.Retire, p.Certificates.Steps
		},
		"permission": func(p *Plan) {
			p.Roles.Steps[0] = roles.Step{Action: roles.RoleGrantPermission, Role: "a", Permission: keyrange.Permission{Key: "k", Access: keyrange.Read}, Reason: "missing"}
		},
	}
	seen := map[string]string{want: "unchanged"}
	for name, change := range changes {
		p := full()
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
	waiting := func(needs ...pending.Needs) Plan {
		var p Plan
		for _, n := range needs {
			p.Roles.Pending = append(p.Roles.Pending, roles.Pending{Needs: n})
		}
		return p
	}
	onDisk := waiting()
	onDisk.Certificates.Pending = []certgen.Pending{{Needs: pending.Prune}, {Needs: pending.FolderKey}, {Needs: pending.Adopt}, {Needs: pending.Prune}}
	tests := []struct {
		name          string
		p             Plan
		needs         []pending.Needs
		steps         int
		empty, inStep bool
	}{
		{"nothing", Plan{}, nil, 0, true, true},
		{"everything is allowed", full(), nil, 4, false, false},
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

// The folder's digest is for what a plan is made of: CAs may come and go with their
// mount, and root's certificate is no state.
func TestFolderDigest(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		change  func(p pkitest.PKI)
		changed bool
	}{
		{"nothing", func(pkitest.PKI) {}, false},
		{"the CAs are elsewhere", func(p pkitest.PKI) {
			for _, name := range []string{"client.key", "server.key", "peer.key", "client.crt"} {
				p.Remove("ca/" + name)
			}
		}, false},
		{"root's certificate", func(p pkitest.PKI) {
			p.Mkdir("root")
			p.Write("root/client.crt", p.Read("components/a/client.crt"))
			p.Write("root/ca.crt", p.Read("components/a/ca.crt"))
		}, false},
		{"a stray file", func(p pkitest.PKI) { p.Write("spare", []byte("x")) }, false},
		{"a certificate", func(p pkitest.PKI) { p.Write("components/a/client.crt", p.Read("components/b/client.crt")) }, true},
		{"a certificate gone", func(p pkitest.PKI) { p.Remove("components/a/client.crt") }, true},
		{"a key", func(p pkitest.PKI) { p.Write("components/a/client.key", p.Read("components/b/client.key")) }, true},
		{"a key gone", func(p pkitest.PKI) { p.Remove("components/a/client.key") }, true},
		{"a key's mode", func(p pkitest.PKI) {
			if err := os.Chmod(filepath.Join(p.Dir, "components/a/client.key"), 0o644); err != nil {
				p.T.Fatal(err)
			}
		}, true},
		{"a file", func(p pkitest.PKI) { p.Write("members/etcd1/etcd.env", []byte("x")) }, true},
		{"a file gone", func(p pkitest.PKI) { p.Remove("client.crl") }, true},
		{"a file half written", func(p pkitest.PKI) { p.Write("components/a/client.crt.new", []byte("x")) }, true},
		{"a member's certificate", func(p pkitest.PKI) { p.Remove("members/etcd1/server.crt") }, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := pkitest.New(t, noon, "a", "b")
			before := folderDigest(p.State())
			test.change(p)
			if after := folderDigest(p.State()); (after != before) != test.changed {
				t.Errorf("changed: %v, want %v", after != before, test.changed)
			}
		})
	}
}
