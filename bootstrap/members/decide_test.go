package members

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"lockstep/policies/hint"
	"lockstep/roles/store"
)

var errDown = errors.New("connection refused")

// voter is a member of policy and cluster that works.
func voter(n int, change ...func(*Member)) Member {
	name := fmt.Sprintf("etcd%d", n)
	m := Member{
		Name: name, Declared: true, Written: true, PeerURL: "https://" + name, Listed: true, At: true, Answers: true,
		Entry: store.Member{ID: uint64(n), Name: name, PeerURLs: []string{"https://" + name}},
	}
	for _, c := range change {
		c(&m)
	}
	return m
}

func leads(m *Member)     { m.Leader = true }
func down(m *Member)      { m.Answers, m.Leader, m.Err = false, false, errDown }
func joining(m *Member)   { m.Joining = true }
func unwritten(m *Member) { m.Written = false }
func behind(m *Member)    { m.Behind = true }
func proven(m *Member)    { m.Proven = true }
func unfit(m *Member)     { m.Unfit, m.Remedy = "ignores the CN", "start it otherwise" }
func learner(m *Member)   { m.Entry.Learner, m.Joining = true, true }
func unstarted(m *Member) { m.Entry.Name, m.Answers, m.Err = "", false, errDown }
func elsewhere(m *Member) { m.At, m.Entry.PeerURLs = false, []string{"https://former"} }
func unlisted(m *Member) {
	m.Listed, m.At, m.Answers, m.Entry, m.Err = false, false, false, store.Member{}, errDown
}
func unnamed(m *Member) { m.Declared, m.PeerURL = false, "" }

func of(list ...Member) View { return View{AuthOn: true, Members: list} }

func three() View { return of(voter(1, leads), voter(2), voter(3)) }

// what is the step in one word, and of a refusal its text.
func what(s Step) string {
	if s.Kind == Refuse {
		return s.Err.Error()
	}
	return strings.TrimSpace(string(s.Kind) + " " + s.To.Name)
}

// by is the list with others.
func by(v View, list ...Member) View {
	v.Members = append(slices.Clone(v.Members), list...)
	return v
}

func led(by uint64, v View) View { v.LeaderID = by; return v }

func with1(replaces uint64, v View) View { v.Replaces = replaces; return v }

func begun(v View) View { v.Begun = true; return v }

func TestAddition(t *testing.T) {
	t.Parallel()
	fourth := func(change ...func(*Member)) View { return by(three(), voter(4, change...)) }
	off := fourth(unlisted, unwritten)
	off.AuthOn = false
	for name, c := range map[string]struct {
		v    View
		want string
	}{
		"nothing is there":               {fourth(unlisted, unwritten), "write"},
		"etcd.env is there":              {fourth(unlisted, joining, unwritten), "write"},
		"all is written":                 {fourth(unlisted, joining), "add"},
		"no etcd.env that joins":         {fourth(unlisted), "write"},
		"listed, and never started":      {fourth(learner, unstarted), "start"},
		"the members have changed":       {fourth(learner, unstarted, unwritten), "write"},
		"added by hand":                  {fourth(func(m *Member) { m.Entry.Learner = true }), "write"},
		"started, and down":              {fourth(learner, down), "start"},
		"behind":                         {fourth(learner, behind), "catch up"},
		"caught up":                      {fourth(learner), "prove"},
		"not fit":                        {fourth(learner, unfit), "etcd4 does not get a vote: ignores the CN"},
		"behind and not fit":             {fourth(learner, behind, unfit), "catch up"},
		"proven":                         {fourth(learner, proven), "promote"},
		"it votes, and is named nowhere": {fourth(joining), "prove"},
		"it votes and is proven":         {fourth(joining, proven), "settle"},
		"it votes, and the policy file does not name it": {fourth(unwritten), "settle"},
		"done":                      {fourth(), "done"},
		"auth is off":               {off, "auth is off: whether etcd4 takes the user from the certificate could not be proven"},
		"another one joins":         {by(fourth(unlisted, unwritten), voter(5, unlisted, joining)), `one member joins at a time, and "etcd5" has not joined yet`},
		"another one is a learner":  {by(fourth(unlisted, unwritten), voter(5, learner, unnamed)), `one member joins at a time, and "etcd5" has not joined yet`},
		"another one never started": {by(fourth(unlisted, unwritten), voter(5, unstarted)), `one member joins at a time, and "etcd5" has not joined yet`},
		"a voter is down": {of(voter(1, leads), voter(2, down), voter(3), voter(4, unlisted, unwritten)),
			"no new member is taken while etcd2 does not take part: 3 members, 2 healthy; with etcd4, which is not started, 4 members need 3; etcd2: connection refused"},
		"one of five is down": {of(voter(1, leads), voter(2, down), voter(3), voter(5), voter(6), voter(4, unlisted, unwritten)), "write"},
		"one of four is down": {of(voter(1, leads), voter(2, down), voter(3), voter(5), voter(4, unlisted, unwritten)), "write"},
		"the second":          {of(voter(1, leads), voter(4, unlisted, unwritten)), "write"},
		"no quorum": {of(voter(1, leads), voter(2, down), voter(3, down), voter(4, unlisted, unwritten)),
			"the cluster has no quorum, so no member can be added or removed: 3 members, 1 healthy, and 3 members need 2; etcd2: connection refused"},
		"no quorum meanwhile": {of(voter(1, leads), voter(2, down), voter(3, down), voter(4, learner, proven)),
			"the cluster has no quorum, so no member can be added or removed: 3 members, 1 healthy, and 3 members need 2; etcd2: connection refused"},
		"a voter is down meanwhile": {of(voter(1, leads), voter(2, down), voter(3), voter(4, learner, proven)), "promote"},
		"the leader was not reached": {of(voter(1), voter(2), voter(3), voter(4, learner, proven)),
			"etcd4 does not get a vote: with a certificate that works through the leader alone, and the leader was not reached"},
		"the leader was not reached, and is known": {led(1, of(voter(1, down), voter(2), voter(3), voter(4, learner, behind))),
			"etcd4 does not get a vote: with a certificate that works through the leader alone, and etcd1, which leads, was not reached; etcd1: connection refused"},
		"it is replaced":           {with1(9, fourth(learner)), "etcd4 is being replaced"},
		"it is at another address": {fourth(elsewhere), "the cluster lists etcd4 at https://former"},
	} {
		s := Addition("etcd4")(c.v)
		if got := what(s); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if s.Kind == Refuse && (hint.Of(s.Err) != hint.Refused || hint.Text(s.Err) == "") {
			t.Errorf("%s: exit code %d, hint %q", name, hint.Of(s.Err), hint.Text(s.Err))
		}
	}
}

func TestRemoval(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		v    View
		want string
	}{
		"one of three":            {of(voter(1, leads), voter(2), voter(3)), "remove"},
		"the leader":              {of(voter(1), voter(2, leads), voter(3)), "move leader etcd1"},
		"the leader, one is down": {of(voter(1, down), voter(2, leads), voter(3)), "without etcd2 the cluster would have no quorum: 3 members, 2 healthy; after the removal 2 members need 2, and 1 would be healthy"},
		"one that is down":        {of(voter(1, leads), voter(2, down), voter(3)), "remove"},
		"another one is down": {of(voter(1, leads), voter(2), voter(3, down)),
			"without etcd2 the cluster would have no quorum: 3 members, 2 healthy; after the removal 2 members need 2, and 1 would be healthy"},
		"one of two":                 {of(voter(1, leads), voter(2)), "remove"},
		"one of two, the other down": {of(voter(1, down), voter(2)), "the cluster has no quorum, so no member can be added or removed: 2 members, 1 healthy, and 2 members need 2; etcd1: connection refused"},
		"the only one":               {of(voter(2, leads)), "etcd2 is the policy's only member"},
		"the only one that votes": {of(voter(1, learner, proven), voter(2, leads)),
			"without etcd2 the cluster would have no quorum: 1 member, 1 healthy; after the removal 0 members need 1, and 0 would be healthy"},
		"it is no member any more": {of(voter(1, leads), voter(2, unlisted), voter(3)), "retire"},
		"it has no vote yet":       {of(voter(1, leads), voter(2, learner), voter(3, down), voter(4)), "remove"},
		"it was never started":     {of(voter(1, leads), voter(2, learner, unstarted)), "remove"},
		"five, two are down": {of(voter(1, leads), voter(2), voter(3), voter(4, down), voter(5, down)),
			"without etcd2 the cluster would have no quorum: 5 members, 3 healthy; after the removal 4 members need 3, and 2 would be healthy"},
		"it is replaced": {with1(9, of(voter(1, leads), voter(2, learner), voter(9, unnamed))), "etcd2 is being replaced"},
	} {
		s := Removal("etcd2")(c.v)
		if got := what(s); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if s.Kind == Refuse && (hint.Of(s.Err) != hint.Refused || hint.Text(s.Err) == "") {
			t.Errorf("%s: exit code %d, hint %q", name, hint.Of(s.Err), hint.Text(s.Err))
		}
	}
}

func TestReplacement(t *testing.T) {
	t.Parallel()
	second := func(change ...func(*Member)) View { return of(voter(1, leads), voter(2, change...), voter(3)) }
	leading := of(voter(1), voter(2, leads, joining), voter(3))
	new2 := func(m *Member) { learner(m); m.Entry.ID = 22 }
	old2 := func(m *Member) { unnamed(m); elsewhere(m); m.At = false }
	for name, c := range map[string]struct {
		v      View
		living bool
		want   string
	}{
		"it works":                     {second(), false, "done"},
		"it works, and that is meant":  {second(), true, "write"},
		"it is down":                   {second(down), false, "write"},
		"it has joined in this run":    {begun(second()), true, "done"},
		"it has joined, and is silent": {begun(second(down)), true, "done"},
		"it is to be elsewhere":        {second(elsewhere), false, "write"},
		"down and elsewhere":           {second(down, elsewhere), false, "write"},

		"the etcd.env joins":              {with1(2, second(joining)), true, "remove"},
		"the etcd.env joins, it leads":    {with1(2, leading), true, "move leader etcd1"},
		"the etcd.env joins, it is down":  {with1(2, second(joining, down)), false, "remove"},
		"the etcd.env joins elsewhere":    {with1(2, second(joining, elsewhere)), false, "add"},
		"elsewhere, it is down meanwhile": {with1(2, second(joining, elsewhere, down)), false, "remove"},
		"elsewhere, not all is written":   {with1(2, second(joining, elsewhere, unwritten)), false, "write"},

		"it is removed":               {with1(2, second(unlisted, joining)), false, "add"},
		"it is removed by hand":       {second(unlisted), false, "write"},
		"its successor has no vote":   {with1(2, second(new2, unstarted)), false, "start"},
		"its successor is behind":     {with1(2, second(new2, behind)), false, "catch up"},
		"its successor is not fit":    {with1(2, second(new2, unfit)), false, "etcd2 does not get a vote: ignores the CN"},
		"its successor is proven":     {with1(2, second(new2, proven)), false, "promote"},
		"its successor votes":         {with1(2, second(func(m *Member) { m.Joining, m.Entry.ID = true, 22 }, proven)), false, "settle"},
		"beside it, no vote":          {with1(2, by(second(new2, proven), voter(2, old2))), false, "promote"},
		"beside it, a vote":           {with1(2, by(second(func(m *Member) { m.Joining, m.Entry.ID = true, 22 }, proven), voter(2, old2))), false, "remove"},
		"beside it, a vote, it leads": {with1(2, by(of(voter(1), voter(2, func(m *Member) { m.Joining, m.Entry.ID = true, 22 }, proven), voter(3)), voter(2, old2, leads))), false, "move leader etcd1"},

		"another one is down": {of(voter(1, leads), voter(2), voter(3, down)), true,
			"without etcd2 the cluster would have no quorum: 3 members, 2 healthy; after the removal 2 members need 2, and 1 would be healthy"},
		"another one is down, it has begun": {with1(2, of(voter(1, leads), voter(2, joining), voter(3, down))), true,
			"without etcd2 the cluster would have no quorum: 3 members, 2 healthy; after the removal 2 members need 2, and 1 would be healthy"},
		"elsewhere, another one is down": {of(voter(1, leads), voter(2, elsewhere), voter(3, down)), false,
			"no new member is taken while etcd3 does not take part: 3 members, 2 healthy; with etcd2, which is not started, 4 members need 3; etcd3: connection refused"},
		"two of three are down": {of(voter(1), voter(2, down), voter(3, down)), false,
			"the cluster has no quorum, so no member can be added or removed: 3 members, 1 healthy, and 3 members need 2; etcd2: connection refused"},
		"the only one":         {of(voter(2, leads)), true, "etcd2 is the cluster's only member that votes"},
		"another one joins":    {by(second(down), voter(4, learner)), false, `one member joins at a time, and "etcd4" has not joined yet`},
		"two of five are down": {of(voter(1, leads), voter(2, down), voter(3), voter(4, down), voter(5)), false, "write"},
	} {
		s := Replacement("etcd2", c.living)(c.v)
		if got := what(s); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if s.Kind == Refuse && (hint.Of(s.Err) != hint.Refused || hint.Text(s.Err) == "") {
			t.Errorf("%s: exit code %d, hint %q", name, hint.Of(s.Err), hint.Text(s.Err))
		}
	}
}

// What etcd does with a step is etcd's: the model is [after], which says so of each. Whatever
// verbs are run in whatever order, cut off anywhere, with members that fail and come back: a step
// never takes the quorum, a member gets its vote only when it is proven, at most one joins, and a
// run in which one has joined ends.
func TestNoSequenceGoesBelowTheQuorum(t *testing.T) {
	t.Parallel()
	done := map[string]int{}
	for seed := range uint64(600) {
		r := rand.New(rand.NewPCG(seed, 7))
		v := of(voter(1, leads))
		for n := 2; n <= 1+r.IntN(5); n++ {
			v.Members = append(v.Members, voter(n))
		}
		for range 60 {
			v = disturb(r, v)
			name := v.Members[r.IntN(len(v.Members))].Name
			verb, decide := "add", Addition(name)
			switch r.IntN(3) {
			case 1:
				verb, decide = "replace", Replacement(name, r.IntN(2) == 0)
			case 2:
				verb, decide = "remove", Removal(name)
			}
			m, _ := v.named(name)
			v.Begun = m.Joining
			if v = runFor(t, seed, 1+r.IntN(8), decide, v); v.Members == nil {
				return
			}
			if s := decide(v); s.Kind == Done {
				done[verb]++
			}
		}
	}
	if done["add"] < 100 || done["replace"] < 100 {
		t.Errorf("the sequences come to an end too seldom: %v", done)
	}
}

// runFor executes up to steps decisions, and checks each.
func runFor(t *testing.T, seed uint64, steps int, decide Decision, v View) View {
	t.Helper()
	settled := false
	for range steps {
		s := decide(v)
		if s.Ends() || s.Waits() {
			return v
		}
		if s.Kind == Prove || s.Kind == Retire { // see disturb
			next := after(v, s)
			if s.Kind == Retire {
				next.Members = slices.DeleteFunc(next.Members, func(m Member) bool { return m.Name == s.Member.Name && m.Declared })
			}
			v = next
			continue
		}
		next := after(v, s)
		switch changes := s.Kind == AddLearner || s.Kind == Promote || s.Kind == Remove || s.Kind == MoveLeader; {
		case changes && !v.Quorum().Holds():
			t.Errorf("seed %d: without a quorum: %s", seed, s)
		case changes && !next.Quorum().Holds():
			t.Errorf("seed %d: %s leaves %s", seed, s, next.Quorum())
		case s.Kind == Promote && (!s.Member.Proven || s.Member.Behind || s.Member.Unfit != ""):
			t.Errorf("seed %d: a vote for one that is not proven: %+v", seed, s.Member)
		case s.Kind == AddLearner && len(v.where(func(m Member) bool { return m.Entry.Learner })) > 0:
			t.Errorf("seed %d: two learners", seed)
		case settled:
			t.Errorf("seed %d: after the member has joined: %s", seed, s)
		case s.Kind == Remove && s.Member.Leader && next.Quorum().Voters > 0:
			t.Errorf("seed %d: the leader is removed before another one leads", seed)
		default:
			v, settled = next, s.Kind == Settle
			continue
		}
		return View{}
	}
	return v
}

// disturb is what the operator and the world do meanwhile: members fail, come back, are started,
// declared; another one leads.
func disturb(r *rand.Rand, v View) View {
	v.Members = slices.Clone(v.Members)
	for i := range v.Members {
		m := &v.Members[i]
		m.Proven = false
		switch {
		case m.Listed && r.IntN(12) == 0:
			m.Answers, m.Leader, m.Err = false, false, errDown
		case m.Listed && r.IntN(3) > 0:
			m.Answers, m.Err, m.Entry.Name, m.Behind = true, nil, m.Name, r.IntN(4) == 0
			if m.Unfit = ""; m.Entry.Learner && r.IntN(6) == 0 {
				m.Unfit, m.Remedy = "ignores the CN", "start it otherwise"
			}
		}
	}
	if _, led := v.Leader(); !led && v.Quorum().Holds() {
		i := slices.IndexFunc(v.Members, func(m Member) bool { return m.Votes() && m.Answers })
		v.Members[i].Leader = true
	}
	if declared := v.where(func(m Member) bool { return m.Declared }); len(declared) < 5 && r.IntN(3) == 0 {
		n := 1
		for slices.ContainsFunc(v.Members, func(m Member) bool { return m.Name == fmt.Sprintf("etcd%d", n) }) {
			n++
		}
		v.Members = append(v.Members, voter(n, unlisted, unwritten))
	}
	return v
}

// The arithmetic of etcd: more than half of those that vote.
func TestQuorum(t *testing.T) {
	t.Parallel()
	for q, want := range map[Quorum]int{{1, 1}: 1, {2, 2}: 2, {3, 2}: 2, {4, 3}: 3, {5, 3}: 3, {7, 4}: 4} {
		if q.Needed() != want || !q.Holds() || (Quorum{q.Voters, want - 1}).Holds() {
			t.Errorf("%s: needs %d", q, q.Needed())
		}
	}
	if (Quorum{}).Holds() {
		t.Error("no member is a quorum")
	}
}
