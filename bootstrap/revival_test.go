package bootstrap

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lockstep/certgen"
	"lockstep/certgen/folder"
	"lockstep/policies"
	"lockstep/policies/hint"
	"lockstep/roles"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

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

// pki is a real folder, as certgen makes and changes it.
type pki struct {
	*folder.Folder
	t    *testing.T
	path string
}

func newPKI(t *testing.T, components ...string) pki {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pki")
	f, err := folder.Create(path)
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

func adding(users ...string) roles.Plan {
	var p roles.Plan
	for _, u := range users {
		p.Steps = append(p.Steps, roles.Step{Action: roles.UserAdd, User: u})
	}
	return p
}

// A user that is added comes back to life when an earlier certificate in its name is
// still valid and its component has given the name up.
func TestRevivals(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	tests := []struct {
		name  string
		spoil func(p pki)
		now   time.Time
		plan  roles.Plan
		want  []revival
	}{
		{"never had one", func(pki) {}, noon, adding("c"), nil},
		{"its component holds one", func(pki) {}, noon, adding("a"), nil},
		{"retired", func(p pki) { p.follow(edge(p.t, "b"), noon) }, noon, adding("a"), []revival{{"a", noon.Add(90 * day)}}},
		{"retired, and it is not added", func(p pki) { p.follow(edge(p.t, "b"), noon) }, noon,
			roles.Plan{Steps: []roles.Step{{Action: roles.UserDelete, User: "a"}, {Action: roles.UserGrantRole, User: "a", Role: "a"}}}, nil},
		{"in its last second", func(p pki) { p.follow(edge(p.t, "b"), noon) }, noon.Add(90*day - time.Second), adding("a"), []revival{{"a", noon.Add(90 * day)}}},
		{"run out", func(p pki) { p.follow(edge(p.t, "b"), noon) }, noon.Add(90 * day), adding("a"), nil},
		{"replaced, and its component holds the next one", func(p pki) {
			p.remove("components/a/client.key")
			p.write("components/a/client.key", readFile(p.t, p.path, "components/b/client.key"))
			p.follow(edge(p.t, "a", "b"), noon)
		}, noon, adding("a"), nil},
		{"a planted certificate in its name is none of its component", func(p pki) {
			p.follow(edge(p.t, "b"), noon)
			stranger := newPKI(p.t, "a")
			p.follow(edge(p.t, "a", "b"), noon)
			p.write("components/a/client.crt", readFile(p.t, stranger.path, "components/a/client.crt"))
		}, noon, adding("a"), []revival{{"a", noon.Add(90 * day)}}},
		{"several, by name", func(p pki) { p.follow(edge(p.t), noon) }, noon, adding("b", "a"),
			[]revival{{"a", noon.Add(90 * day)}, {"b", noon.Add(90 * day)}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newPKI(t, "a", "b")
			test.spoil(p)
			if diff := cmp.Diff(test.want, revivals(p.state(), test.plan, test.now), cmp.AllowUnexported(revival{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Of several retired certificates the one that ends last counts, wherever it stands.
func TestRevivalUntil(t *testing.T) {
	t.Parallel()
	retired := func(days int) certgen.Retired {
		return certgen.Retired{Identity: "a", Leaf: &x509.Certificate{Subject: pkix.Name{CommonName: "a"}, NotAfter: noon.AddDate(0, 0, days)}}
	}
	want := []revival{{"a", noon.AddDate(0, 0, 3)}}
	for _, list := range [][]certgen.Retired{{retired(1), retired(3), retired(2)}, {retired(3), retired(1)}, {retired(1), retired(3)}} {
		if diff := cmp.Diff(want, revivals(certgen.State{Retired: list}, adding("a"), noon), cmp.AllowUnexported(revival{})); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
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

func TestRefuseRevival(t *testing.T) {
	t.Parallel()
	p := newPKI(t, "a", "b")
	p.follow(edge(p.t, "b"), noon)
	if err := refuseRevival(p.state(), adding("b"), noon); err != nil {
		t.Errorf("b: %v", err)
	}
	err := refuseRevival(p.state(), adding("a"), noon)
	const want = `user "a" is not added: it had a certificate before, which is valid until 2027-02-22 and would come back to life with the user; nothing was changed`
	if err == nil || err.Error() != want || hint.Of(err) != hint.Refused {
		t.Errorf("got %v (exit %d), want %s (exit 3)", err, hint.Of(err), want)
	}
	const advice = "Choose another name, wait until that certificate has expired, or repeat with --reuse-name if no copy of its key exists."
	if got := hint.Text(err); got != advice {
		t.Errorf("hint %q, want %q", got, advice)
	}
}
