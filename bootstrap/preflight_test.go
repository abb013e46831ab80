package bootstrap

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lockstep/bootstrap/change"
	"lockstep/bootstrap/verify"
	"lockstep/bootstrap/world"
	"lockstep/certgen"
	"lockstep/policies"
)

// Before auth is turned on one certificate of each kind of key that this run issued is
// shown to every member, and every one that was there before.
func TestOneCertificateOfEachKindOfKeyIsShown(t *testing.T) {
	t.Parallel()
	step := func(action certgen.Action, user string, key policies.KeyAlgorithm) certgen.Step {
		p := profileOf(t, user)
		p.Key = key
		return certgen.Step{Action: action, Profile: p}
	}
	got := represented([]certgen.Step{
		step(certgen.Issue, "a", policies.ECDSAP256),
		{Action: certgen.Write, File: "components/a/ca.crt"},
		step(certgen.Issue, "b", policies.ECDSAP256),
		step(certgen.Reissue, "c", policies.ECDSAP256),
		step(certgen.Issue, "d", policies.RSA2048),
		step(certgen.Note, "e", policies.RSA2048),
		step(certgen.Reissue, "f", policies.RSA2048),
	})
	if diff := cmp.Diff(map[string]bool{"components/b/client": true, "components/c/client": true, "components/f/client": true}, got); diff != "" {
		t.Error(diff)
	}
}

// What the policy accepts counts once auth is on, and not before it is turned on.
func TestPreflightAcceptsNothingBeforeAuth(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)
	policy := &policies.Policy{Accept: []policies.Accept{{Check: "members/learner", Subject: "etcd4", Reason: "it catches up", Until: now}}}
	for _, on := range []bool{false, true} {
		member := func(name string, id uint64) verify.Member {
			return verify.Member{
				Name: name, ID: id, ClusterID: 7, Described: true, Version: "3.7.3", AuthOn: on,
				Peers: []verify.Peer{{ID: 1, Name: "etcd1"}, {ID: 4, Name: "etcd4"}}, Root: verify.Attempt{Outcome: verify.Accepted},
				Anonymous: verify.Attempt{Outcome: verify.Refused},
			}
		}
		voter, learner := member("etcd1", 1), member("etcd4", 4)
		learner.Learner = true
		r := &run{Change: &change.Change{World: &world.World{Policy: policy, Now: func() time.Time { return now }}}, members: []verify.Member{voter, learner}}
		err := r.judgeMembers("nothing was changed in etcd")
		if on && err != nil {
			t.Errorf("auth is on: %v", err)
		}
		if want := "the members are not as they must be; nothing was changed in etcd: etcd4: is a learner"; !on && (err == nil || err.Error() != want) {
			t.Errorf("auth is off: got %v, want %s", err, want)
		}
	}
}
