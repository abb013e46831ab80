package members

import (
	"errors"
	"slices"
	"testing"

	"lockstep/policies"
	"lockstep/roles/store"
)

func policy(names ...string) *policies.Policy {
	p := &policies.Policy{}
	for _, n := range names {
		p.Cluster.Members = append(p.Cluster.Members, policies.Member{Name: n, ClientURL: "https://" + n + ":2379", PeerURL: "https://" + n})
	}
	return p
}

// The policy's members find their entries by address, else by name; entries that are left over
// stand behind them.
func TestMatched(t *testing.T) {
	t.Parallel()
	got := matched(policy("etcd1", "etcd2", "etcd3", "etcd4"), []store.Member{
		{ID: 9, Name: "etcd2", PeerURLs: []string{"https://former"}, ClientURLs: []string{"https://former:2379"}},
		{ID: 1, Name: "odd", PeerURLs: []string{"https://other", "https://etcd1"}},
		{ID: 22, PeerURLs: []string{"https://etcd2"}, Learner: true},
		{ID: 3, Name: "etcd3", PeerURLs: []string{"https://elsewhere"}, ClientURLs: []string{"https://elsewhere:2379"}},
		{ID: 0xab, PeerURLs: []string{"https://unknown"}},
	})
	for i, want := range []Member{
		{Name: "etcd1", Declared: true, Listed: true, At: true, URL: "https://etcd1:2379"},
		{Name: "etcd2", Declared: true, Listed: true, At: true, URL: "https://etcd2:2379"},
		{Name: "etcd3", Declared: true, Listed: true, URL: "https://elsewhere:2379"},
		{Name: "etcd4", Declared: true, URL: "https://etcd4:2379"},
		{Name: "etcd2", Listed: true, URL: "https://former:2379"},
		{Name: "ab", Listed: true},
	} {
		if m := got[i]; m.Name != want.Name || m.Declared != want.Declared || m.Listed != want.Listed || m.At != want.At || m.URL != want.URL {
			t.Errorf("%d: %+v, want %+v", i, m, want)
		}
	}
	if got[1].Entry.ID != 22 || got[4].Entry.ID != 9 || len(got) != 6 {
		t.Errorf("the former etcd2 is taken for its successor: %+v", got)
	}
}

// A member takes part if what answers at its URL is this member of this cluster, and knows a leader.
func TestTakesPart(t *testing.T) {
	t.Parallel()
	const url = "https://etcd1:2379"
	ours := store.Status{MemberID: 1, ClusterID: 7, Leader: 1, Version: "3.7.3"}
	with := func(change func(*store.Status)) store.Status { s := ours; change(&s); return s }
	for name, c := range map[string]struct {
		a    answer
		want string // why it does not take part
	}{
		"it does":            {answer{url: url, status: ours}, ""},
		"another cluster":    {answer{url: url, status: with(func(s *store.Status) { s.ClusterID = 8 })}, "what answers at https://etcd1:2379 belongs to cluster 8, and the others to 7"},
		"another member":     {answer{url: url, status: with(func(s *store.Status) { s.MemberID = 2 })}, "what answers at https://etcd1:2379 is the member 2, and not 1"},
		"no leader":          {answer{url: url, status: with(func(s *store.Status) { s.Leader = 0 })}, "it knows of no leader"},
		"down":               {answer{url: url, err: errDown}, "connection refused"},
		"nothing at its URL": {answer{url: "https://other"}, "the cluster does not list where it answers clients"},
	} {
		m := Member{Name: "etcd1", Listed: true, URL: url, Entry: store.Member{ID: 1}}
		m.take([]answer{c.a}, 7)
		if got := ""; m.Answers != (c.want == "") || m.Err != nil && m.Err.Error() != c.want || m.Err == nil && c.want != got {
			t.Errorf("%s: answers %v: %v", name, m.Answers, m.Err)
		}
		if m.Leader != (c.want == "") {
			t.Errorf("%s: leads: %v", name, m.Leader)
		}
	}
}

// What etcd.env of a member that joins lists: the cluster's members and itself, each name once.
func TestInitialCluster(t *testing.T) {
	t.Parallel()
	list := func(v View, name string) (out []string) {
		m, _ := policy("etcd1", "etcd2", "etcd3", "etcd4").Member(name)
		for _, e := range v.initialCluster(m) {
			out = append(out, e.Name+"="+e.PeerURL)
		}
		return out
	}
	for name, c := range map[string]struct {
		v    View
		who  string
		want []string
	}{
		"before it is added": {by(three(), voter(4, unlisted)), "etcd4", []string{"etcd1=https://etcd1", "etcd2=https://etcd2", "etcd3=https://etcd3", "etcd4=https://etcd4"}},
		"as a learner":       {by(three(), voter(4, learner, unstarted)), "etcd4", []string{"etcd1=https://etcd1", "etcd2=https://etcd2", "etcd3=https://etcd3", "etcd4=https://etcd4"}},
		"one was removed":    {of(voter(1, leads), voter(2), voter(3, unlisted), voter(4, learner)), "etcd4", []string{"etcd1=https://etcd1", "etcd2=https://etcd2", "etcd4=https://etcd4"}},
		"it replaces one at its address": {with1(2, of(voter(1, leads), voter(2, joining), voter(3))), "etcd2",
			[]string{"etcd1=https://etcd1", "etcd2=https://etcd2", "etcd3=https://etcd3"}},
		"it replaces one that stays for a while": {with1(2, of(voter(1, leads), voter(2, elsewhere), voter(3))), "etcd2",
			[]string{"etcd1=https://etcd1", "etcd2=https://etcd2", "etcd3=https://etcd3", "2=https://former"}},
		"beside it": {with1(2, of(voter(1, leads), voter(2, learner, func(m *Member) { m.Entry.ID = 22 }), voter(3), voter(2, elsewhere, unnamed))), "etcd2",
			[]string{"etcd1=https://etcd1", "etcd2=https://etcd2", "etcd3=https://etcd3", "2=https://former"}},
		"it replaces one that is lost elsewhere": {with1(2, of(voter(1, leads), voter(2, elsewhere, down), voter(3))), "etcd2",
			[]string{"etcd1=https://etcd1", "etcd2=https://etcd2", "etcd3=https://etcd3"}},
	} {
		if got := list(c.v, c.who); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// What a run shows before it asks ends where the operator has to act.
func TestForesee(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		decide Decision
		v      View
		want   []Kind
		after  Quorum
	}{
		"add":                {Addition("etcd4"), by(three(), voter(4, unlisted, unwritten)), []Kind{Write, AddLearner, AwaitStart}, Quorum{3, 3}},
		"add, goes on":       {Addition("etcd4"), by(three(), voter(4, learner)), []Kind{Prove, Promote, Settle}, Quorum{4, 4}},
		"replace, lost":      {Replacement("etcd2", false), of(voter(1, leads), voter(2, down), voter(3)), []Kind{Write, Remove, AddLearner, AwaitStart}, Quorum{2, 2}},
		"replace the leader": {Replacement("etcd1", true), three(), []Kind{Write, MoveLeader, Remove, AddLearner, AwaitStart}, Quorum{2, 2}},
		"move":               {Replacement("etcd2", false), of(voter(1, leads), voter(2, elsewhere), voter(3)), []Kind{Write, AddLearner, AwaitStart}, Quorum{3, 3}},
		"move, goes on": {Replacement("etcd2", false),
			with1(2, of(voter(1, leads), voter(2, learner, proven, func(m *Member) { m.Entry.ID = 22 }), voter(3), voter(2, elsewhere, unnamed))), []Kind{Promote, Remove, Settle}, Quorum{3, 3}},
		"remove the leader": {Removal("etcd1"), three(), []Kind{MoveLeader, Remove, Retire}, Quorum{2, 2}},
		"refused":           {Removal("etcd1"), of(voter(1)), nil, Quorum{1, 1}},
	} {
		steps, next := foresee(c.decide, c.v)
		var got []Kind
		for _, s := range steps {
			got = append(got, s.Kind)
			if s.String() == "" {
				t.Errorf("%s: %s says nothing", name, s.Kind)
			}
		}
		if !slices.Equal(got, c.want) || next.Quorum() != c.after {
			t.Errorf("%s: %q and %s, want %q and %s", name, got, next.Quorum(), c.want, c.after)
		}
	}
}

// In step is that policy and cluster name the same members, and each takes part and votes.
func TestInStep(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		v         View
		endpoints bool
		want      bool
	}{
		"three":                  {three(), false, true},
		"one is down":            {of(voter(1, leads), voter(2, down), voter(3)), false, false},
		"one is a learner":       {of(voter(1, leads), voter(2, learner)), false, false},
		"one is not named":       {of(voter(1, leads), voter(2, unnamed)), false, false},
		"one is elsewhere":       {of(voter(1, leads), voter(2, elsewhere)), false, false},
		"one is not listed":      {of(voter(1, leads), voter(2, unlisted)), false, false},
		"endpoints name none":    {of(voter(1, leads, unnamed), voter(2, unnamed)), true, true},
		"endpoints, one is down": {of(voter(1, leads, unnamed), voter(2, unnamed, down)), true, false},
	} {
		if got := c.v.InStep(c.endpoints); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// A refusal after something was done in the same run does not say that nothing was.
func TestRefusalSaysWhatWasDone(t *testing.T) {
	t.Parallel()
	refused := errors.New("no quorum")
	for want, did := range map[string][]Step{
		"no quorum; nothing was changed": {{Kind: Prove}},
		"no quorum":                      {{Kind: Prove}, {Kind: AddLearner}},
	} {
		r := &run{result: &Result{Did: did}}
		if got := r.refusal(Step{Kind: Refuse, Err: refused}); got.Error() != want || !errors.Is(got, refused) {
			t.Errorf("%v: %v", did, got)
		}
	}
}

// A member that was started as a cluster of its own does not speak for the others.
func TestHome(t *testing.T) {
	t.Parallel()
	in := func(cluster uint64, members int) answer {
		return answer{status: store.Status{ClusterID: cluster, Leader: 1}, own: make([]store.Member, members)}
	}
	down := answer{err: errDown}
	for name, c := range map[string]struct {
		answers []answer
		want    uint64
	}{
		"one cluster":        {[]answer{in(7, 3), in(7, 3), down}, 7},
		"one of its own":     {[]answer{in(8, 1), in(7, 3), in(7, 3)}, 7},
		"as many":            {[]answer{in(8, 1), in(7, 2)}, 7},
		"as many, the other": {[]answer{in(7, 2), in(8, 1)}, 7},
		"a learner alone":    {[]answer{{status: store.Status{ClusterID: 7}}}, 0},
		"none answers":       {[]answer{down}, 0},
	} {
		if got := home(c.answers); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}
