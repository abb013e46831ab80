package bootstrap

import (
	"errors"
	"strings"
	"testing"

	"lockstep/bootstrap/verify"
	"lockstep/bootstrap/world"
	"lockstep/certgen"
	"lockstep/policies/hint"
)

// Auth is turned off only where every member of one cluster answers, and the policy names it.
func TestAuthStaysOnWhereAMemberIsNotKnown(t *testing.T) {
	t.Parallel()
	member := func(id uint64, peers ...string) verify.Member {
		m := verify.Member{Name: "etcd1", ID: id, ClusterID: 7, Described: true, AuthOn: true}
		for i, name := range peers {
			m.Peers = append(m.Peers, verify.Peer{ID: uint64(i + 1), Name: name})
		}
		return m
	}
	for name, c := range map[string]struct {
		members []verify.Member
		want    string // part of the refusal; "" for none
	}{
		"all answer":             {members: []verify.Member{member(1, "etcd1")}},
		"one is down":            {members: []verify.Member{{Name: "etcd1", Err: errors.New("no route")}}, want: "nothing was changed: etcd1 cannot be asked: no route"},
		"one is not named":       {members: []verify.Member{member(1, "etcd1", "etcd2")}, want: "etcd2: is a member of the cluster and not of the policy"},
		"one was never started":  {members: []verify.Member{member(1, "etcd1", "")}, want: "the cluster lists a member that has never been started"},
		"it is no member of its": {members: []verify.Member{member(9, "etcd1")}, want: "is not a member of the cluster"},
	} {
		w := &world.World{Policy: policy(t), Now: clock}
		err := refuseUnasked(w, certgen.State{}, c.members)
		if c.want == "" && err != nil || c.want != "" && (hint.Of(err) != hint.Refused || !strings.Contains(err.Error(), c.want) || hint.Text(err) == "") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Root goes in where it was seen to get in, and never through a learner or a member that was not asked.
func TestGettingIn(t *testing.T) {
	t.Parallel()
	in := verify.Attempt{Outcome: verify.Accepted}
	got := strings.Join(gettingIn([]verify.Member{
		{URL: "a", Root: in}, {URL: "b", Root: verify.Attempt{Outcome: verify.IdentityIgnored}}, {URL: "c", Root: in, Learner: true}, {URL: "d"}, {URL: "e", Root: in},
	}), " ")
	if got != "a e" {
		t.Errorf("got %q", got)
	}
}
