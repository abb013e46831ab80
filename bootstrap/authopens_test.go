package bootstrap

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"lockstep/bootstrap/verify"
	"lockstep/certgen"
)

// formerOf is a retired certificate of a client.
func formerOf(name string, serial int64, until time.Time, revoked bool) certgen.Retired {
	return certgen.Retired{Identity: name, Revoked: revoked, Leaf: &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, NotAfter: until, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}}
}

func TestOpensTellsWhatEachClientMayDo(t *testing.T) {
	t.Parallel()
	refused := verify.Attempt{Outcome: verify.Refused}
	for name, c := range map[string]struct {
		retired []certgen.Retired
		members []verify.Member
		want    []string // parts of the text
		without []string
	}{
		"as it should be": {
			members: []verify.Member{{Name: "etcd1", Anonymous: refused}},
			want:    []string{"every client with a valid certificate of a CA that the members trust may read and write every key", "(1 component), whatever the policy gives it: writer", "a client without a certificate is refused by every member", "lockstep bootstrap turns auth on again"},
			without: []string{"former certificate"},
		},
		"former certificates": {
			retired: []certgen.Retired{formerOf("old", 1, noon.Add(time.Hour), false), formerOf("gone", 2, noon.Add(-time.Hour), false), formerOf("taken", 3, noon.Add(time.Hour), true)},
			members: []verify.Member{{Name: "etcd1", Anonymous: refused}},
			want:    []string{"valid and not revoked: old until 2026-11-24"},
			without: []string{"gone", "taken"},
		},
		"one takes clients without a certificate": {
			members: []verify.Member{{Name: "etcd1", Anonymous: refused}, {Name: "etcd2", Anonymous: verify.Attempt{Outcome: verify.Accepted}}},
			want:    []string{"every client without a certificate, through etcd2"},
			without: []string{"refused by every member", "through etcd1"},
		},
		"one speaks plain http": {
			members: []verify.Member{{Name: "etcd1", Anonymous: refused, Plain: []string{"http://10.0.0.11:2379"}}},
			want:    []string{"every client that reaches http://10.0.0.11:2379 of etcd1, without TLS"},
			without: []string{"refused by every member"},
		},
		"not known": {
			members: []verify.Member{{Name: "etcd1"}},
			without: []string{"refused by every member", "without a certificate, through"},
		},
	} {
		got := strings.Join(opens(policy(t), certgen.State{Retired: c.retired}, c.members, noon), "\n")
		for _, want := range c.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: no %q in\n%s", name, want, got)
			}
		}
		for _, other := range c.without {
			if strings.Contains(got, other) {
				t.Errorf("%s: %q in\n%s", name, other, got)
			}
		}
	}
}

func TestAuthIsSettledOnlyWhereEveryMemberLetsRootIn(t *testing.T) {
	t.Parallel()
	in, ignored := verify.Attempt{Outcome: verify.Accepted}, verify.Attempt{Outcome: verify.IdentityIgnored}
	on := verify.Member{AuthOn: true, Root: in}
	for name, c := range map[string]struct {
		members     []verify.Member
		settled, on bool
	}{
		"nothing asked": {},
		"all":           {members: []verify.Member{on, on}, settled: true, on: true},
		"off":           {members: []verify.Member{{}, {}}},
		"one is off":    {members: []verify.Member{on, {}}, on: true},
		"one is down":   {members: []verify.Member{on, {Err: errors.New("down")}}, on: true},
		"all are down":  {members: []verify.Member{{Err: errors.New("down"), AuthOn: true}}},
		"one ignores":   {members: []verify.Member{on, {AuthOn: true, Root: ignored}}, on: true},
		"not known":     {members: []verify.Member{on, {AuthOn: true}}, on: true},
		"a learner":     {members: []verify.Member{on, {AuthOn: true, Root: in, Learner: true}}, on: true},
		"learner alone": {members: []verify.Member{{AuthOn: true, Root: ignored, Learner: true}}},
	} {
		s := AuthState{Members: c.members}
		if s.Settled() != c.settled || s.On() != c.on {
			t.Errorf("%s: settled %v, on %v", name, s.Settled(), s.On())
		}
	}
}
