package verify

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	grpc "google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"lockstep/policies"
	"lockstep/roles"
	"lockstep/roles/store"
)

// through is a policy with a component behind the gateway, and its proof at every member.
func through(t *testing.T, errs ...error) *Evidence {
	t.Helper()
	user, err := policies.ParseUserName("db")
	if err != nil {
		t.Fatal(err)
	}
	role, err := policies.ParseRoleName("db")
	if err != nil {
		t.Fatal(err)
	}
	e := sound()
	e.Policy = &policies.Policy{Components: []policies.Component{{Name: "db", User: user, Role: role, Password: true}}}
	p := Proof{Component: "db", User: user, Role: "db", Allowed: 1}
	for i := range e.Members {
		m := &e.Members[i]
		m.Gateway, m.GatewayCN = Accepted, Attempt{Outcome: Refused}
		at := GatewayLogin{Member: m.Name}
		if i < len(errs) {
			at.Err = errs[i]
		}
		if at.Err != nil && p.Err == nil {
			p.Err = at.Err
		}
		p.Gateways = append(p.Gateways, at)
	}
	e.Proofs = []Proof{p}
	e.Auth = &roles.State{Enabled: true, Users: []roles.User{
		{Name: "db", Roles: []string{"db"}, Password: roles.PasswordOurs}, {Name: "root", Roles: []string{"root"}, Password: roles.PasswordAbsent},
	}, Roles: []roles.Role{{Name: "db"}}}
	return e
}

func TestGatewayChecks(t *testing.T) {
	t.Parallel()
	off, cut := &store.GatewayError{Status: 404, Text: "404 page not found"}, status.Error(grpc.Unavailable, "connection closed")
	refused := errors.New("etcdserver: authentication failed")
	const unsettled = `error users/unsettled: db: lockstep did not make this user, and it does not log in with the password in its folder; to mend: bind user "db" to role "db" (needs --adopt)`
	for name, c := range map[string]struct {
		evidence *Evidence
		spoil    func(*Evidence)
		want     []string
	}{
		"sound": {evidence: through(t)},
		"not needed": {evidence: through(t), spoil: func(e *Evidence) { e.Policy, e.Proofs = &policies.Policy{}, nil; e.Auth = nil },
			want: []string{
				"info members/gateway: etcd1: answers the HTTP gateway (/v3/...): it refuses a certificate with a CN, and takes a password of any user",
				"info members/gateway: etcd2: answers the HTTP gateway (/v3/...): it refuses a certificate with a CN, and takes a password of any user",
				"info members/gateway: etcd3: answers the HTTP gateway (/v3/...): it refuses a certificate with a CN, and takes a password of any user",
			}},
		"off": {evidence: through(t, nil, off), spoil: func(e *Evidence) { e.Members[1].Gateway = Refused },
			want: []string{`error members/gateway-off: etcd2: does not answer the HTTP gateway (/v3/...), which is needed by "db"`}},
		"cut": {evidence: through(t, cut),
			want: []string{"error members/gateway-cut: etcd1: its HTTP gateway does not reach the member itself: rpc error: code = Unavailable desc = connection closed"}},
		"takes a CN": {evidence: through(t), spoil: func(e *Evidence) { e.Members[2].GatewayCN.Outcome = Accepted },
			want: []string{"critical members/gateway-cn: etcd3: its HTTP gateway takes a certificate with a CN"}},
		"ignores the CN": {evidence: through(t), spoil: func(e *Evidence) {
			e.Members[2].GatewayCN, e.Members[2].Root = Attempt{Err: errors.New("user name is empty")}, Attempt{Outcome: IdentityIgnored}
		}},
		"another password": {evidence: through(t, refused, refused, refused), spoil: func(e *Evidence) { e.Auth.Users[0].Password = roles.PasswordOther },
			want: []string{unsettled}},
		"an empty password": {evidence: through(t), spoil: func(e *Evidence) { e.Auth.Users[0].Password, e.Empty = roles.PasswordOther, []string{"db"} },
			want: []string{"critical users/empty-password: db: has an empty password: every client can log in as it", unsettled}},
		"a name as password": {evidence: through(t), spoil: func(e *Evidence) { e.Folder = nil; e.Passwords = map[string]string{"db": "is a name"} }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.spoil != nil {
				c.spoil(c.evidence)
			}
			checks := append(append(gatewayChecks(), settingChecks()[3:]...), append(userChecks(), proofChecks()...)...)
			if diff := cmp.Diff(c.want, lines(c.evidence, checks)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
