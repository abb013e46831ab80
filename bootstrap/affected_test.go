package bootstrap

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lockstep/certgen/pkitest"
	"lockstep/policies/keyrange"
	"lockstep/roles"
	"lockstep/roles/store"
)

func TestCountsAsSentences(t *testing.T) {
	t.Parallel()
	const which = ": from the HTTP gateway, which will answer a certificate that has a CN with HTTP 400 (write such software into the policy first: - {name: NAME, identity: password, permissions: [{prefix: /PREFIX/, access: readwrite}]}, or by a preset such as patroni or apisix), or from clients in other languages or in Go before 3.4.5"
	for name, test := range map[string]struct {
		counts counts
		want   []string
	}{
		"Go clients only": {counts{Requests: store.Requests{Handled: 7}}, nil},
		"the gateway": {counts{Requests: store.Requests{Versionless: 3, Started: noon}},
			[]string{"etcd1 has answered requests without a client version (3 since 2026-11-24 12:00 UTC)" + which}},
		"since an unknown time": {counts{Requests: store.Requests{Versionless: 1}},
			[]string{"etcd1 has answered requests without a client version (1 since its start)" + which}},
		"watches": {counts{Requests: store.Requests{Watches: 2}}, []string{"etcd1 has open watches (2), which auth does not end"}},
		"not read": {counts{err: errors.New("no route"), Requests: store.Requests{Watches: 2}},
			[]string{"etcd1 does not tell who asks it: no route"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, test.counts.sentences("etcd1")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestForeignUsersBecomeLive(t *testing.T) {
	t.Parallel()
	after := roles.State{
		Users: []roles.User{
			{Name: "a", Roles: []string{"a"}}, {Name: "eve\x1b", Roles: []string{"other", "readers"}}, {Name: "idle"},
			{Name: "mallory", Roles: []string{"root"}}, {Name: "peer", Roles: []string{"other"}}, {Name: "root", Roles: []string{"root"}},
		},
		Roles: []roles.Role{{Name: "a"}, {Name: "other"}, {Name: "readers", Permissions: []keyrange.Permission{keyrange.Key("/a/x", keyrange.Write)}}},
	}
	want := []string{
		`user "eve\x1b" is not in the policy and will be accepted with its roles: "other", "readers", and may write key "/a/x", which component "a" reads`,
		`user "idle" is not in the policy and holds no role: it is refused on every key`,
		`user "mallory" is not in the policy and will be accepted with its roles: "root", and holds role root: it may read and write everything, and change users and roles`,
		`user "peer" is not in the policy and will be accepted with its roles: "other"`,
	}
	if diff := cmp.Diff(want, unmanagedUsers(pkitest.Edge(t, "a"), after)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A certificate in a component's folder whose CN is no user afterwards: of a component
// that left the policy, or whose user is another one now.
func TestNamesThatAreNoUsers(t *testing.T) {
	t.Parallel()
	b := []string{`components/b/client.crt names "b", which will be no user: a client that shows it is refused on every key`}
	users := func(names ...string) (s roles.State) {
		for _, name := range names {
			s.Users = append(s.Users, roles.User{Name: name})
		}
		return s
	}
	for name, test := range map[string]struct {
		spoil func(pkitest.PKI)
		after roles.State
		now   time.Time
		want  []string
	}{
		"all are users":      {func(pkitest.PKI) {}, users("a", "b"), noon, nil},
		"one is none":        {func(pkitest.PKI) {}, users("a", "c"), noon, b},
		"in its last second": {func(pkitest.PKI) {}, users("a"), noon.AddDate(0, 0, 90), b},
		"run out":            {func(pkitest.PKI) {}, users("a"), noon.AddDate(0, 0, 90).Add(time.Second), nil},
		"another CA": {func(p pkitest.PKI) {
			p.Write("components/b/client.crt", pkitest.New(p.T, noon, "b").Read("components/b/client.crt"))
		}, users("a"), noon, nil},
		"no certificate":               {func(p pkitest.PKI) { p.Remove("components/b/client.crt") }, users("a"), noon, nil},
		"retired: no component has it": {func(p pkitest.PKI) { p.Follow(pkitest.Edge(p.T, "a"), noon) }, users("a"), noon, nil},
		"an unreadable certificate":    {func(p pkitest.PKI) { p.Write("components/b/client.crt", []byte("x")) }, users("a"), noon, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := pkitest.New(t, noon, "a", "b")
			test.spoil(p)
			if diff := cmp.Diff(test.want, certificatesOfNoUser(p.State(), test.after, test.now)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
