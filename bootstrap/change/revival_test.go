package change

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lockstep/bootstrap/world"
	"lockstep/certgen"
	"lockstep/certgen/pkitest"
	"lockstep/policies/hint"
	"lockstep/roles"
)

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
		spoil func(p pkitest.PKI)
		now   time.Time
		plan  roles.Plan
		want  []revival
	}{
		{"never had one", func(pkitest.PKI) {}, noon, adding("c"), nil},
		{"its component holds one", func(pkitest.PKI) {}, noon, adding("a"), nil},
		{"retired", func(p pkitest.PKI) { p.Follow(pkitest.Edge(p.T, "b"), noon) }, noon, adding("a"), []revival{{user: "a", until: noon.Add(90 * day)}}},
		{"retired, and it is not added", func(p pkitest.PKI) { p.Follow(pkitest.Edge(p.T, "b"), noon) }, noon,
			roles.Plan{Steps: []roles.Step{{Action: roles.UserDelete, User: "a"}, {Action: roles.UserGrantRole, User: "a", Role: "a"}}}, nil},
		{"in its last second", func(p pkitest.PKI) { p.Follow(pkitest.Edge(p.T, "b"), noon) }, noon.Add(90*day - time.Second), adding("a"), []revival{{user: "a", until: noon.Add(90 * day)}}},
		{"run out", func(p pkitest.PKI) { p.Follow(pkitest.Edge(p.T, "b"), noon) }, noon.Add(90 * day), adding("a"), nil},
		{"replaced, and its component holds the next one", func(p pkitest.PKI) {
			p.Remove("components/a/client.key")
			p.Write("components/a/client.key", p.Read("components/b/client.key"))
			p.Follow(pkitest.Edge(p.T, "a", "b"), noon)
		}, noon, adding("a"), nil},
		{"a planted certificate in its name is none of its component", func(p pkitest.PKI) {
			p.Follow(pkitest.Edge(p.T, "b"), noon)
			stranger := pkitest.New(p.T, noon, "a")
			p.Follow(pkitest.Edge(p.T, "a", "b"), noon)
			p.Write("components/a/client.crt", stranger.Read("components/a/client.crt"))
		}, noon, adding("a"), []revival{{user: "a", until: noon.Add(90 * day)}}},
		{"several, by name", func(p pkitest.PKI) { p.Follow(pkitest.Edge(p.T), noon) }, noon, adding("b", "a"),
			[]revival{{user: "a", until: noon.Add(90 * day)}, {user: "b", until: noon.Add(90 * day)}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := pkitest.New(t, noon, "a", "b")
			test.spoil(p)
			if diff := cmp.Diff(test.want, revivals(p.State(), test.plan, test.now), cmp.AllowUnexported(revival{})); diff != "" {
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
	want := []revival{{user: "a", until: noon.AddDate(0, 0, 3)}}
	for _, list := range [][]certgen.Retired{{retired(1), retired(3), retired(2)}, {retired(3), retired(1)}, {retired(1), retired(3)}} {
		if diff := cmp.Diff(want, revivals(certgen.State{Retired: list}, adding("a"), noon), cmp.AllowUnexported(revival{})); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestRefuseRevival(t *testing.T) {
	t.Parallel()
	p := pkitest.New(t, noon, "a", "b")
	p.Follow(pkitest.Edge(p.T, "b"), noon)
	c := &Change{World: &world.World{Now: clock}, Folder: p.State()}
	if err := c.RefuseRevival(context.Background(), adding("b")); err != nil {
		t.Errorf("b: %v", err)
	}
	err := c.RefuseRevival(context.Background(), adding("a"))
	const want = `user "a" is not added: it had a certificate before, which is valid until 2027-02-22 and would be accepted again; nothing was changed`
	if err == nil || err.Error() != want || hint.Of(err) != hint.Refused {
		t.Errorf("got %v (exit %d), want %s (exit 3)", err, hint.Of(err), want)
	}
	if c.Scope.ReuseName = true; c.RefuseRevival(context.Background(), adding("a")) != nil {
		t.Error("refused although the operator permits it")
	}
	const advice = "Choose another name, wait until that certificate has expired, revoke it (lockstep certs revoke), or repeat with --reuse-name if no copy of its key exists."
	if got := hint.Text(err); got != advice {
		t.Errorf("hint %q, want %q", got, advice)
	}
}

// Of two that are revoked, only the one waits for a list that no list names yet.
func TestUnlistedUsers(t *testing.T) {
	t.Parallel()
	p := pkitest.New(t, noon, "a", "b", "c")
	p.Mkdir("retired")
	revoke := func(name string) {
		leaf := p.State().Pairs["components/"+name+"/client"].Leaf
		record := certgen.Retired{Identity: name, Leaf: leaf, Revoked: true}
		p.Mkdir("retired/" + name)
		p.Write(record.Path(), certgen.EncodeCertificate(leaf))
	}
	revoke("a")
	p.Follow(pkitest.Edge(t, "a", "b", "c"), noon) // signs the list
	revoke("b")
	if diff := cmp.Diff(map[string]bool{"b": true}, unlistedUsers(p.State(), noon)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := unlistedUsers(p.State(), noon.Add(91*24*time.Hour)); len(got) > 0 {
		t.Errorf("after its end: %v", got)
	}
}
