package view

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lockstep/bootstrap"
	"lockstep/bootstrap/verify"
	"lockstep/roles"
)

// What a member says of auth has one word and one reason for people and for programs.
func TestAuthState(t *testing.T) {
	t.Parallel()
	in, ignored := verify.Attempt{Outcome: verify.Accepted}, verify.Attempt{Outcome: verify.IdentityIgnored, Err: errors.New("user name is empty")}
	for name, c := range map[string]struct {
		member    verify.Member
		row, json string
	}{
		"gets in": {verify.Member{Name: "a", AuthOn: true, AuthRevision: 7, Root: in, Described: true, ClusterID: 0xabc},
			"a on 7 gets in", `{"name":"a","clusterID":"abc","auth":"on","authRevision":7,"root":"accepted"}`},
		"is ignored": {verify.Member{Name: "a", AuthOn: true, Root: ignored},
			"a on - is taken and its CN ignored: restart this member with --client-cert-auth", `{"name":"a","auth":"on","authRevision":0,"root":"ignored","reason":"is taken and its CN ignored: restart this member with --client-cert-auth"}`},
		"off": {verify.Member{Name: "a", AuthRevision: 7},
			"a off 7 not known while auth is off", `{"name":"a","auth":"off","authRevision":7,"root":"unknown","reason":"not known while auth is off"}`},
		"down": {verify.Member{Name: "a", Err: errors.New("no route")},
			"a unknown - not known: no route", `{"name":"a","auth":"unknown","authRevision":0,"root":"unknown","reason":"not known: no route"}`},
		"a learner": {verify.Member{Name: "a", Learner: true},
			"a unknown - not known: a learner does not tell", `{"name":"a","auth":"unknown","authRevision":0,"root":"unknown","reason":"not known: a learner does not tell"}`},
		"refused": {verify.Member{Name: "a", AuthOn: true, Root: verify.Attempt{Err: errors.New("permission denied")}},
			"a on - not known: permission denied", `{"name":"a","auth":"on","authRevision":0,"root":"unknown","reason":"not known: permission denied"}`},
		"not asked": {verify.Member{Name: "a", AuthOn: true},
			"a on - not known", `{"name":"a","auth":"on","authRevision":0,"root":"unknown","reason":"not known"}`},
	} {
		a := AuthState{AuthState: bootstrap.AuthState{Members: []verify.Member{c.member}}, Cluster: "edge"}
		got := strings.Join(strings.Fields(shownText(t, a)), " ")
		if want := "MEMBER AUTH REVISION ROOT'S CERTIFICATE " + c.row; got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
		document, err := json.Marshal(a.Document().(authStateDocument).Members)
		if diff := cmp.Diff("["+c.json+"]", string(document)); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
}

func TestSuperusers(t *testing.T) {
	t.Parallel()
	a := AuthState{Cluster: "edge", AuthState: bootstrap.AuthState{As: verify.As{Shown: `"boss"`}, Unread: errors.New("time is up"), Superusers: []bootstrap.Superuser{
		{Name: "boss", Component: "office", Password: roles.PasswordAbsent}, {Name: "eve\x1b[2J", Password: roles.PasswordPresent}, {Name: "grown", Password: roles.PasswordOurs}, {Name: "root", Root: true},
	}}}
	const want = `MEMBER  AUTH  REVISION  "BOSS"'S CERTIFICATE
warning: the users with role root are not known: time is up
role root: user "boss" (component office), no password
role root: user "eve\x1b[2J" (not in the policy), with a password
role root: user "grown" (not in the policy), with a password
role root: user "root" (lockstep's own, by a certificate), whether it has a password is not known
`
	if diff := cmp.Diff(want, shownText(t, a)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	document, err := json.Marshal(a.Document())
	const wantJSON = `{"formatVersion":"lockstep/v1","kind":"AuthStatus","cluster":"edge","as":"boss","inStep":false,"members":[],"superusers":[` +
		`{"user":"boss","component":"office","password":"none"},{"user":"eve\u001b[2J","password":"set"},{"user":"grown","password":"set"},{"user":"root","password":"unknown"}],"superusersUnknown":"time is up"}`
	if diff := cmp.Diff(wantJSON, string(document)); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// The reason that the operator gave stands in the answer, and never as a line of its own.
func TestAuthOff(t *testing.T) {
	t.Parallel()
	o := bootstrap.Opening{Reason: "a\nb", ClusterID: 0xabc, Members: []string{"etcd1", "etcd2"}, At: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), Revision: 9}
	const off = `auth of cluster "edge" (abc) is off on etcd1, etcd2 since 2026-11-24T12:00:00Z, for: a\nb
lockstep bootstrap turns it on again
`
	if diff := cmp.Diff(off, shownText(t, AuthOff{o, "edge"})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	document, err := json.Marshal(AuthOff{o, "edge"}.Document())
	const wantJSON = `{"formatVersion":"lockstep/v1","kind":"AuthOff","cluster":"edge","clusterID":"abc","reason":"a\nb","time":"2026-11-24T12:00:00Z","already":false,"authRevision":9,"members":["etcd1","etcd2"],"opens":[]}`
	if diff := cmp.Diff(wantJSON, string(document)); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	o.Already = true
	const already = `auth of cluster "edge" (abc) was off already on etcd1, etcd2; nothing was changed
lockstep bootstrap turns it on again
`
	if diff := cmp.Diff(already, shownText(t, AuthOff{o, "edge"})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
