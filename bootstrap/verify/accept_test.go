package verify

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lockstep/policies"
	"lockstep/policies/keyrange"
	"lockstep/roles"
)

func accepting(t *testing.T, entries string) *policies.Policy {
	t.Helper()
	p, err := policies.Parse(policies.File{Name: "lockstep.yaml", Text: []byte(`apiVersion: lockstep/v1
kind: Policy
cluster: {name: edge, members: [{name: etcd1, hosts: [10.0.0.11]}]}
components:
  - {name: app, permissions: [{prefix: /app/, access: readwrite}]}
  - {name: a, role: shared, permissions: [{prefix: /s/, access: write}]}
  - {name: b, role: shared, permissions: [{prefix: /s/, access: write}]}
  - {name: auditor, permissions: [{everything: true, access: read}]}
accept:
` + entries)})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// An accepted finding is listed apart, to the end of the day that the policy names in
// UTC; then it counts again. One whose entry names another text counts. Only checks that say so can be accepted.
func TestAccepted(t *testing.T) {
	t.Parallel()
	p := accepting(t, `  - {check: a/soft, subject: x, reason: why, until: "2026-11-24"}
  - {check: a/hard, subject: x, reason: why, until: "2026-11-24"}
  - {check: a/soft, subject: gone, reason: why, until: "2026-11-24"}
  - {check: a/blind, subject: x, reason: why, until: "2026-11-24"}
  - {check: a/soft, subject: "y", finding: is harder, reason: why, until: "2026-11-24"}
  - {check: a/soft, subject: z, finding: is soft, reason: why, until: "2026-11-24"}
`)
	checks := append([]Check{
		{Code: "a/soft", Acceptable: true, Find: func(*judgement) (out findings) {
			for _, name := range []string{"x", "y", "z"} {
				out.add(Subject{SubjectUser, name}, "is soft")
			}
			return out
		}},
		{Code: "a/hard", Find: func(*judgement) findings { return findings{{Subject: Subject{SubjectUser, "x"}, Text: "is hard"}} }},
		{Code: "a/blind", Acceptable: true, Needs: NeedsAuth},
	}, acceptChecks()...)
	const unused = `warning accept/unused a/soft: accept[2] accepts a finding about "gone", and there is none`
	for now, want := range map[time.Time][]string{
		time.Date(2026, 11, 24, 23, 59, 59, 0, time.UTC): {"critical a/hard x: is hard", "critical a/soft y: is soft (accepted is another finding: is harder)", unused, "accepted a/soft x until 2026-11-24: why", "accepted a/soft z until 2026-11-24: why"},
		time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC):    {"critical a/hard x: is hard", "critical a/soft x: is soft (it was accepted until 2026-11-24: why)", "critical a/soft y: is soft (accepted is another finding: is harder)", "critical a/soft z: is soft (it was accepted until 2026-11-24: why)", unused},
	} {
		r := Judge(&Evidence{Policy: p, Now: now}, checks)
		var got []string
		for _, f := range r.Findings {
			got = append(got, f.Severity.String()+" "+f.Code+" "+f.Subject.Name+": "+f.Text)
		}
		for _, a := range r.Accepted {
			got = append(got, "accepted "+a.Code+" "+a.Subject.Name+" until "+a.Until.Format(time.DateOnly)+": "+a.Reason)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", now, diff)
		}
	}
}

// What opens etcd to every client, and what makes a report prove less than it says, is never
// accepted.
func TestWhatIsNeverAccepted(t *testing.T) {
	t.Parallel()
	for _, code := range []string{
		"auth/off", "auth/recovery", "members/anonymous", "members/blind", "members/unknown", "members/peer-port", "members/client-ca", "members/server-cn",
		"certificates/identity", "certificates/key-mode", "certificates/authority", "users/excess", "roles/excess", "proof/allowed", "proof/denied", "proof/inconclusive", "accept/unused",
	} {
		problems := JudgeAccept(accepting(t, `  - {check: `+code+`, subject: x, reason: why, until: "2026-11-24"}`+"\n"))
		if len(problems) != 1 || !strings.HasPrefix(problems[0].String(), "lockstep.yaml:10:5: accept[0].check: a finding of "+code+" cannot be accepted\n  hint: mend it: ") {
			t.Errorf("%s: got %v", code, problems)
		}
	}
	if problems := JudgeAccept(accepting(t, `  - {check: users/unmanaged-root, subject: x, reason: why, until: "2026-11-24"}`+"\n")); len(problems) != 0 {
		t.Errorf("got %v", problems)
	}
}

// A finding names who, what access, which keys and whose, and stays readable where there
// are many.
func TestUnmanagedUsersAreNamedExactly(t *testing.T) {
	t.Parallel()
	s := roles.State{
		Users: []roles.User{
			{Name: "eve", Roles: []string{"wide"}}, {Name: "keys", Roles: []string{"keys"}},
			{Name: roles.RecoveryPrefix + "ABCDEFGH", Roles: []string{"root"}}, {Name: "out", Roles: []string{"out"}}, {Name: "root", Roles: []string{"root"}},
		},
		Roles: []roles.Role{
			{Name: "keys", Permissions: []keyrange.Permission{
				keyrange.Key("/app/1", keyrange.Read), keyrange.Key("/app/2", keyrange.Read), keyrange.Key("/app/3", keyrange.Read), keyrange.Key("/app/4", keyrange.Read), keyrange.Key("/app/5", keyrange.Read)}},
			{Name: "out", Permissions: []keyrange.Permission{keyrange.Prefix("/out/", keyrange.ReadWrite)}},
			{Name: "wide", Permissions: []keyrange.Permission{keyrange.Everything(keyrange.Write)}},
		},
	}
	want := []UnmanagedUser{
		{"eve", "users/unmanaged-write", `may write prefix "/app/", which component "app" may write; may write prefix "/s/", which role "shared" ("a", "b") may write`, false},
		{"eve", "users/unmanaged-input", `may write range ["\x00", "/app/"), range ["/app0", "/s/"), from key "/s0", which component "auditor" reads`, true},
		{"keys", "users/unmanaged-read", `may read key "/app/1", key "/app/2", key "/app/3", 2 more ranges, which component "app" may write (digest of all: 40aad6270433d151)`, false},
		{"out", "users/unmanaged-input", `may write prefix "/out/", which component "auditor" reads`, true},
	}
	if diff := cmp.Diff(want, Unmanaged(accepting(t, "  []\n"), s)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// An acceptance is unused only where its subject was seen without the finding: nothing is
// said of a member that is down and of a password that cannot be known.
func TestAcceptanceOfWhatWasNotSeenIsNotUnused(t *testing.T) {
	t.Parallel()
	entry := func(check, subject string) string {
		return `  - {check: ` + check + `, subject: ` + subject + `, reason: why, until: "2099-12-31"}` + "\n"
	}
	unused := func(check, subject string) []string {
		return []string{`warning accept/unused: ` + check + `: accept[0] accepts a finding about "` + subject + `", and there is none`}
	}
	auth := func(on bool, password roles.Password) *roles.State {
		return &roles.State{Enabled: on, Users: []roles.User{{Name: "app", Roles: []string{"app"}, Password: password}}}
	}
	for _, c := range []struct {
		name           string
		check, subject string
		spoil          func(*Evidence)
		want           []string
	}{
		{"promoted", "members/learner", "etcd1", func(*Evidence) {}, unused("members/learner", "etcd1")},
		{"down", "members/learner", "etcd1", func(e *Evidence) { e.Members[0].Err = errors.New("connection refused") }, nil},
		{"silent about itself", "members/version", "etcd1", func(e *Evidence) { e.Members[0].Described = false }, nil},
		{"no such member", "members/learner", "etcd9", func(*Evidence) {}, unused("members/learner", "etcd9")},
		{"peer port seen", "members/peer-ca-shared", "etcd1", func(*Evidence) {}, unused("members/peer-ca-shared", "etcd1")},
		{"peer port not seen", "members/peer-ca-shared", "etcd1", func(e *Evidence) { e.Members[0].PeerPort = PeerPort{} }, nil},
		{"no password", "users/password", "app", func(e *Evidence) { e.Auth = auth(true, roles.PasswordAbsent) }, unused("users/password", "app")},
		{"password not known", "users/password", "app", func(e *Evidence) { e.Auth = auth(true, roles.PasswordUnknown) }, nil},
		{"auth is off", "users/unsettled", "app", func(e *Evidence) { e.Auth = auth(false, roles.PasswordUnknown) }, nil},
		{"users not read", "users/password", "app", func(*Evidence) {}, nil},
	} {
		e := sound()
		c.spoil(e)
		e.Policy = accepting(t, entry(c.check, c.subject))
		var got []string
		for _, line := range lines(e, slices.Concat(MemberChecks(), authChecks(), acceptChecks())) {
			if strings.Contains(line, "accept/unused") {
				got = append(got, line)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// Two users that reach different keys never have the same finding, also where the text
// leaves ranges out: an acceptance of the text holds for its keys alone.
func TestFindingsOfDifferentKeysDiffer(t *testing.T) {
	t.Parallel()
	text := func(keys ...string) string {
		role := roles.Role{Name: "keys"}
		for _, key := range keys {
			role.Permissions = append(role.Permissions, keyrange.Key(key, keyrange.Read))
		}
		s := roles.State{Users: []roles.User{{Name: "keys", Roles: []string{"keys"}}}, Roles: []roles.Role{role}}
		return Unmanaged(accepting(t, "  []\n"), s)[0].Text
	}
	accepted := text("/app/1", "/app/2", "/app/3", "/app/4")
	if again := text("/app/1", "/app/2", "/app/3", "/app/4"); again != accepted {
		t.Errorf("the same keys: got %q, want %q", again, accepted)
	}
	if other := text("/app/1", "/app/2", "/app/3", "/app/5"); other == accepted {
		t.Errorf("other keys have the same text %q", other)
	}
}
