package view

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/bootstrap/change"
	"lockstep/bootstrap/members"
	"lockstep/policies"
	"lockstep/roles/store"
)

// grown is three members, the second down, and a fourth that was added.
func grown() members.View {
	one := func(name string, id uint64, m members.Member) members.Member {
		m.Name, m.Listed, m.URL, m.Entry.ID = name, true, "https://"+name+":2379", id
		m.Entry.PeerURLs = []string{"https://" + name + ":2380"}
		return m
	}
	started := func(name string) store.Member { return store.Member{Name: name} }
	return members.View{ClusterID: 0xabc, AuthOn: true, Members: []members.Member{
		one("etcd1", 1, members.Member{Declared: true, At: true, Entry: started("etcd1"), Answers: true, Leader: true, Version: "3.7.3"}),
		one("etcd2", 2, members.Member{Declared: true, At: true, Entry: started("etcd2"), Err: errors.New("connection refused")}),
		one("etcd3", 3, members.Member{Entry: started("etcd3"), Answers: true, Version: "3.7.3"}),
		one("etcd4", 4, members.Member{Declared: true, At: true, Entry: store.Member{Learner: true}}),
		{Name: "etcd5", Declared: true, URL: "https://etcd5:2379"},
	}}
}

func TestMembersText(t *testing.T) {
	t.Parallel()
	const want = `MEMBER  VOTE       STATE               VERSION  WHERE
etcd1   leader     takes part          3.7.3    https://etcd1:2379
etcd2   yes        does not take part  -        https://etcd2:2379: connection
                                                refused
etcd3   yes        takes part          3.7.3    https://etcd3:2379, not in the
                                                policy
etcd4   none yet   never started       -        https://etcd4:2379
etcd5   no member  does not take part  -        https://etcd5:2379

3 members with a vote, 2 healthy, 2 needed: none may fail
`
	if diff := cmp.Diff(want, shownText(t, Members{View: grown()})); diff != "" {
		t.Error(diff)
	}
}

func TestQuorumText(t *testing.T) {
	t.Parallel()
	for q, want := range map[members.Quorum]string{
		{Voters: 1, Healthy: 1}: "1 member with a vote, 1 healthy, 1 needed: none may fail",
		{Voters: 3, Healthy: 3}: "3 members with a vote, 3 healthy, 2 needed: 1 may fail",
		{Voters: 5, Healthy: 5}: "5 members with a vote, 5 healthy, 3 needed: 2 may fail",
		{Voters: 3, Healthy: 1}: "3 members with a vote, 1 healthy, 2 needed: there is no quorum",
	} {
		if got := quorum(q); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// waiting is a run of members add that waits for the operator.
func waiting() MemberChange {
	p := &policies.Policy{Cluster: policies.Cluster{
		Install: "/etc/etcd", Data: "/var/lib/etcd", Members: []policies.Member{{Name: "etcd4", Hosts: []string{"10.0.0.14"}, ClientURL: "https://10.0.0.14:2379"}},
	}}
	m := members.Member{Name: "etcd4"}
	return MemberChange{Verb: "add", Name: "etcd4", Policy: p, Folder: "pki", Result: members.Result{
		Did: []members.Step{{Kind: members.Write, Member: m}, {Kind: members.AddLearner, Member: m}}, Waiting: members.Step{Kind: members.AwaitStart, Member: m}, View: grown(),
		Start: change.Start{Member: "etcd4", Folder: "pki/members/etcd4", Host: "10.0.0.14", Target: "/etc/etcd", URL: "https://10.0.0.14:2379"},
	}}
}

func TestMemberChangeText(t *testing.T) {
	t.Parallel()
	known := waiting()
	known.Verb, known.Known = "replace", true
	behind := waiting()
	behind.Waiting.Kind = members.AwaitLog
	nothing := waiting()
	nothing.Done, nothing.Did = true, nil
	for name, c := range map[string]struct {
		answer MemberChange
		want   string
	}{
		"to be started": {waiting(), `etcd4 is a member without a vote, and does not answer yet
  etcd4 (10.0.0.14)
    empty  /var/lib/etcd: etcd must not run there, and the folder must be empty or absent
    copy   scp -rp pki/members/etcd4/. 10.0.0.14:/etc/etcd
    start  cd /etc/etcd && set -a && . ./etcd.env && exec etcd
    it then answers at https://10.0.0.14:2379
  The keys belong to the user that etcd runs as, with mode 0600.
when that is done: lockstep members add etcd4
`},
		"clients have its address": {known, `etcd4 is a member without a vote, and does not answer yet
  etcd4 (10.0.0.14)
    empty  /var/lib/etcd: etcd must not run there, and the folder must be empty or absent
    copy   scp -rp pki/members/etcd4/. 10.0.0.14:/etc/etcd
    start  cd /etc/etcd && set -a && . ./etcd.env && exec etcd
    it then answers at https://10.0.0.14:2379
  The keys belong to the user that etcd runs as, with mode 0600.
  Clients have its address already, and it refuses them until it has a vote. To
  keep that short, run lockstep members replace etcd4 --wait 10m before you
  start it.
when that is done: lockstep members replace etcd4
`},
		"behind": {behind, `etcd4 has not caught up with the cluster yet
when that is done: lockstep members add etcd4
`},
		"nothing to do": {nothing, `etcd4 is a member with a vote and takes part: there is nothing to do
3 members with a vote, 2 healthy, 2 needed: none may fail
`},
	} {
		if diff := cmp.Diff(c.want, shownText(t, c.answer)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestMemberChangeDocument(t *testing.T) {
	t.Parallel()
	got, err := json.Marshal(waiting().Document())
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"formatVersion":"lockstep/v1","kind":"MemberChange","verb":"add","name":"etcd4","done":false,` +
		`"steps":["write policy, certificates and etcd.env of etcd4","add etcd4 to the cluster without a vote"],"waits":"wait until etcd4 is started",` +
		`"start":{"folder":"pki/members/etcd4","host":"10.0.0.14","target":"/etc/etcd","data":"/var/lib/etcd",` +
		`"command":"cd /etc/etcd \u0026\u0026 set -a \u0026\u0026 . ./etcd.env \u0026\u0026 exec etcd","url":"https://10.0.0.14:2379","known":false},` +
		`"changed":[],"quorum":{"voters":3,"healthy":2,"needed":2,"holds":true},"next":"lockstep members add etcd4"}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}
