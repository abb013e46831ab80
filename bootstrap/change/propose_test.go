package change

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/bootstrap/world"
	"lockstep/certgen"
	"lockstep/policies/pending"
	"lockstep/roles"
)

// proposeCertificates is the folder's half: what is removed needs a flag, and strays
// are named unless they are a member's own data.
func TestProposeFolder(t *testing.T) {
	t.Parallel()
	p := newPKI(t, "a", "b")
	p.write("spare", []byte("x"))
	p.mkdir("members/etcd1/data")
	policy := edge(t, "a", "c")
	policy.Cluster.Data = "data/etcd"
	propose := func(prune bool) Plan {
		var out Plan
		c := &Change{World: &world.World{Policy: policy, Folder: p.Folder, Now: clock}, Folder: p.state()}
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
	policy := edge(t, "a", "b", "c", "d")
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
