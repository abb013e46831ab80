package change

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/bootstrap/world"
	"lockstep/certgen"
	"lockstep/certgen/pkitest"
	"lockstep/policies/hint"
	"lockstep/policies/pending"
	"lockstep/roles"
	"lockstep/roles/store"
)

// proposeCertificates is the folder's half: what is removed needs a flag, and strays
// are named unless they are a member's own data.
func TestProposeFolder(t *testing.T) {
	t.Parallel()
	p := pkitest.New(t, noon, "a", "b")
	p.Write("spare", []byte("x"))
	p.Mkdir("members/etcd1/data")
	policy := pkitest.Edge(t, "a", "c")
	policy.Cluster.Data = "data/etcd"
	propose := func(prune bool) Plan {
		var out Plan
		c := &Change{World: &world.World{Policy: policy, Folder: p.Folder, Now: clock}, Folder: p.State()}
		c.Scope.Prune = prune
		if err := c.proposeFolder(t.Context(), &out); err != nil {
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
	for _, got := range []Plan{plain, pruning} {
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
	policy := pkitest.Edge(t, "a", "b", "c", "d")
	c := &Change{World: &world.World{Policy: policy}, Owned: func(user string) bool { return user == "b" }}
	issue := func(name string) certgen.Step {
		return certgen.Step{Action: certgen.Issue, Profile: certgen.Profile{Path: "components/" + name + "/client"}, Reason: certgen.Missing}
	}
	p := &Plan{}
	p.Certificates.Steps = []certgen.Step{issue("a"), issue("ab"), issue("b"), issue("c"), issue("d")}
	p.Roles.Pending = []roles.Pending{
		{Needs: pending.Adopt, Step: roles.Step{User: "a", TakesOver: true}},
		{Needs: pending.Recreate, Step: roles.Step{User: "b", TakesOver: true}}, // ours: it has its certificate, or had one
		{Needs: pending.Prune, Step: roles.Step{User: "c"}},
		{Needs: pending.Adopt, Step: roles.Step{User: "d"}},
	}
	c.withholdCertificates(p)
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

// What interrupted runs left goes first, and only that.
func TestSweep(t *testing.T) {
	t.Parallel()
	steps := sweep(roles.State{Users: []roles.User{{Name: "bob"}, {Name: roles.RecoveryPrefix + "ABCDEFGH"}, {Name: "writer"}}})
	if len(steps) != 1 || steps[0].Action != roles.UserDelete || steps[0].User != roles.RecoveryPrefix+"ABCDEFGH" {
		t.Errorf("got %v", steps)
	}
}

// The whole proposal, made of a folder and of the fake: what the policy names and etcd does
// not have is planned, what lockstep did not make is pending, with its certificate.
func TestPropose(t *testing.T) {
	t.Parallel()
	p := pkitest.Edge(t, "a", "b", "c", "d")
	observed := settled(pkitest.Edge(t, "a"))
	observed.Users = append(observed.Users, roles.User{Name: "d", Password: roles.PasswordPresent})
	slices.SortFunc(observed.Users, func(a, b roles.User) int { return strings.Compare(a.Name, b.Name) })
	c, _, _ := changing(t, p, observed)
	plan, err := c.Propose(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if plan.ClusterID != 0xabc || !plan.Enabled || plan.Folder == "" || plan.Observed == "" || plan.InStep() || plan.Empty() {
		t.Errorf("made on %+v", plan)
	}
	var adds []string
	for _, s := range plan.Roles.Steps {
		if s.Action == roles.UserAdd {
			adds = append(adds, s.User)
		}
	}
	if diff := cmp.Diff([]string{"b", "c"}, adds); diff != "" {
		t.Errorf("added (-want +got):\n%s", diff)
	}
	for _, s := range plan.Certificates.Steps {
		if Concerns(s, "d") {
			t.Errorf("%s, and lockstep did not make its user", s)
		}
	}
	if needs := plan.Needs(); !slices.Equal(needs, []pending.Needs{pending.Recreate}) {
		t.Errorf("needs %v", needs)
	}
}

// Nothing is removed while a user waits for its certificate, because the component may
// still use what would be removed.
func TestNothingIsRemovedWhileAUserWaits(t *testing.T) {
	t.Parallel()
	p := pkitest.Edge(t, "a", "b", "c")
	c, _, _ := changing(t, p, settled(pkitest.Edge(t, "a", "b")))
	if err := os.Remove(filepath.Join(c.World.Folder.Path(), "ca", "client.key")); err != nil {
		t.Fatal(err)
	}
	if err := c.ReadFolder(); err != nil {
		t.Fatal(err)
	}
	plan, err := c.Propose(t.Context())
	if err != nil || len(pending.Needing(plan.Roles.Pending, pending.Certificate)) != 1 || len(pending.Needing(plan.Certificates.Pending, pending.FolderKey)) == 0 {
		t.Fatalf("got %+v, %v", plan, err)
	}
	pruning, _, _ := changing(t, p, settled(pkitest.Edge(t, "a", "b")))
	pruning.World.Folder, pruning.Folder, pruning.Scope.Prune = c.World.Folder, c.Folder, true
	const want = `nothing is removed while a user waits for its certificate: user "c" cannot be added yet: components/c/client must be signed first: missing`
	if _, err := pruning.Propose(t.Context()); err == nil || err.Error() != want || hint.Of(err) != hint.Refused {
		t.Errorf("got %v, want %s", err, want)
	}
}

// Where no member's certificate is accepted, the hint names the command that renews them
// without asking a member.
func TestBootstrapRenewsWhatNoMemberCanBeAskedAbout(t *testing.T) {
	t.Parallel()
	renewal := certgen.Plan{Steps: []certgen.Step{{Action: certgen.Reissue, Profile: certgen.Profile{Kind: certgen.KindServer, Path: "members/etcd1/server"}}}}
	expired := &x509.Certificate{}
	distrusted := fmt.Errorf("connecting: %w", &store.HandshakeError{Err: &tls.CertificateVerificationError{UnverifiedCertificates: []*x509.Certificate{expired}, Err: x509.CertificateInvalidError{Cert: expired, Reason: x509.Expired}}})
	for name, c := range map[string]struct {
		plan certgen.Plan
		err  error
		said bool
	}{
		"the member's certificate expired":             {renewal, distrusted, true},
		"it expired, and the folder need not renew it": {certgen.Plan{}, distrusted, false},
		"another CA signed it":                         {renewal, x509.UnknownAuthorityError{}, false},
		"another error":                                {renewal, errors.New("no"), false},
	} {
		err := bootstrapRenews(c.plan, c.err)
		if said := strings.HasPrefix(hint.Text(err), "lockstep bootstrap renews members/etcd1/server without asking a member."); said != c.said || !errors.Is(err, c.err) {
			t.Errorf("%s: %v, hint %q", name, err, hint.Text(err))
		}
	}
}
