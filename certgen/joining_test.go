package certgen_test

import (
	"slices"
	"strings"
	"testing"

	"lockstep/certgen"
	"lockstep/policies"
)

// fourth is a policy with one more member than w, and w's folder as it is when that member joins.
func fourth(t *testing.T) (*policies.Policy, world) {
	t.Helper()
	w := newWorld(t)
	p := small(t)
	m := policies.Member{Name: "etcd4", Hosts: []string{"10.0.0.14"}, ClientURL: "https://10.0.0.14:2379", PeerURL: "https://10.0.0.14:2380"}
	p.Cluster.Members = append(slices.Clone(p.Cluster.Members), m)
	p.Components = edge(t).Components
	w.state.Files[certgen.MemberEnvPath("etcd4")] = certgen.JoinEnv(p, m, p.Cluster.Members, 0xe2)
	return p, w
}

// writes is the files that the plan writes, with the reason of each.
func writes(p certgen.Plan) map[string]string {
	out := map[string]string{}
	for _, s := range p.Steps {
		if s.Action == certgen.Write && strings.HasSuffix(s.File, ".env") {
			out[s.File] = s.Reason
		}
	}
	return out
}

// While a member joins, its etcd.env stays as it is and no other file comes to name it: a file
// that is there keeps its list, and a new one lists the others.
func TestAJoiningMemberIsNamedNowhere(t *testing.T) {
	t.Parallel()
	p, w := fourth(t)
	plan := certgen.Diff(certgen.Desired(p), w.state, now)
	if got := writes(plan); len(got) != 1 || got["components/reader/etcdctl.env"] != certgen.Missing {
		t.Errorf("the plan writes %v", got)
	}
	for _, s := range plan.Steps {
		if s.File == "components/reader/etcdctl.env" && strings.Contains(string(s.Content), "10.0.0.14") {
			t.Errorf("the new component is told of the member that joins:\n%s", s.Content)
		}
	}
	if !w.state.Joining("etcd4") || w.state.Joining("etcd1") || w.state.Joining("none") {
		t.Error("it is not seen who joins")
	}
	if w.state.Replaces("etcd4") != 0xe2 || w.state.Replaces("etcd1") != 0 {
		t.Error("it is not seen whose place is taken")
	}
}

// What the policy says besides the lists is still brought into each file.
func TestAJoiningMemberGetsOtherChanges(t *testing.T) {
	t.Parallel()
	p, w := fourth(t)
	p.Cluster.Data = "/other"
	got := writes(certgen.Diff(certgen.Desired(p), w.state, now))
	for _, name := range []string{"etcd1", "etcd4"} {
		if got[certgen.MemberEnvPath(name)] != "differs from the policy" {
			t.Errorf("%s: %v", name, got)
		}
	}
	for _, s := range certgen.Diff(certgen.Desired(p), w.state, now).Steps {
		if s.File == certgen.MemberEnvPath("etcd4") && !strings.Contains(string(s.Content), "ETCD_INITIAL_CLUSTER_STATE=existing\n") {
			t.Errorf("it would found a cluster of its own:\n%s", s.Content)
		}
	}
}

// When it has joined, the others learn of it; that their etcd.env lists it counts at a first
// start alone.
func TestAMemberThatHasJoinedIsNamed(t *testing.T) {
	t.Parallel()
	p, w := fourth(t)
	w.state.Files[certgen.MemberEnvPath("etcd4")] = certgen.MemberEnv(p, p.Cluster.Members[1])
	plan := certgen.Diff(certgen.Desired(p), w.state, now)
	got := writes(plan)
	if got[certgen.MemberEnvPath("etcd1")] != certgen.FirstStart || got["components/flannel/etcdctl.env"] != "differs from the policy" || len(got) != 3 {
		t.Errorf("the plan writes %v", got)
	}
	for _, s := range plan.Steps {
		if s.File == certgen.MemberEnvPath("etcd1") && s.Outdates() {
			t.Error("copies of etcd1's etcd.env need not be made again")
		}
	}
}

// Where every member's etcd.env says that it joins there is no cluster to join.
func TestNotEveryMemberJoins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	name := certgen.MemberEnvPath("etcd1")
	w.state.Files[name] = certgen.JoinEnv(w.p, w.p.Cluster.Members[0], w.p.Cluster.Members, 0)
	if got := writes(certgen.Diff(certgen.Desired(w.p), w.state, now)); len(got) != 1 || got[name] == "" {
		t.Errorf("the plan writes %v", got)
	}
}
