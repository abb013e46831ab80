package view

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lockstep/bootstrap/change"
	"lockstep/bootstrap/verify"
	"lockstep/certgen"
	"lockstep/policies"
	"lockstep/policies/keyrange"
	"lockstep/policies/pending"
	"lockstep/roles"
)

const shop = `
apiVersion: lockstep/v1
kind: Policy
cluster: {name: shop, members: [{name: etcd1, hosts: [10.0.0.11]}]}
components:
  - {name: till, permissions: [{prefix: /till/, access: read}]}
  - {name: spare, role: till, permissions: [{prefix: /till/, access: read}]}
  - {name: stock, user: stock-user, role: stock-role, permissions: [{prefix: /stock/, access: readwrite}]}
  - {name: boss, administrator: true}
  - {name: back, permissions: [{prefix: /back/, access: read}]}
`

func shopPolicy(t *testing.T) *policies.Policy {
	t.Helper()
	p, err := policies.Parse(policies.File{Name: "lockstep.yaml", Text: []byte(shop)})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func issue(path string, a certgen.Action, reason string) certgen.Step {
	return certgen.Step{Action: a, Profile: certgen.Profile{Path: path}, Reason: reason}
}

// everything is a plan with every kind of step, in the order in which it is done.
func everything() *change.Plan {
	p := &change.Plan{ClusterID: 0xabc, Policy: "aa", Observed: "bb", Folder: "cc", Enabled: true}
	p.Certificates.Steps = []certgen.Step{
		{Action: certgen.Finish, File: "components/till/client", Reason: "its writing was cut off"},
		issue("components/boss/client", certgen.Reissue, "its certificate expired on 2026-11-23"),
		issue("members/etcd1/server", certgen.Reissue, "its certificate is missing"),
		issue("components/stock/client", certgen.Issue, certgen.Missing),
		{Action: certgen.Write, File: "components/stock/ca.crt", Reason: certgen.Missing},
		{Action: certgen.Write, File: "members/etcd1/etcd.env", Reason: "differs from the policy"},
		{Action: certgen.Restrict, File: "components/till/client.key", Reason: "its mode is 0644"},
	}
	p.Retire = []certgen.Step{issue("components/gone/client", certgen.Retire, "the policy does not name it any more")}
	const refused = `user "stock-user" is refused from its deletion until it is bound again`
	p.Roles = roles.Plan{
		Revision: 41,
		Steps: []roles.Step{
			{Action: roles.RoleDelete, Role: "gone", Reason: "the policy no longer names this role"},
			{Action: roles.RoleAdd, Role: "till~bridge", Reason: "for a while"},
			{Action: roles.RoleGrantPermission, Role: "till", Permission: keyrange.Prefix("/till/", keyrange.Read), Was: keyrange.ReadWrite, Reason: "the policy allows less"},
			{Action: roles.RoleRevokePermission, Role: "till", Permission: keyrange.Prefix("/", keyrange.Read), Reason: "the policy does not allow it"},
			{Action: roles.RoleGrantPermission, Role: "stock-role", Permission: keyrange.Prefix("/stock/", keyrange.ReadWrite), Reason: "the policy allows it"},
			{Action: roles.UserDelete, User: "stock-user", Reason: "it may have a password", Interrupts: refused},
			{Action: roles.UserAdd, User: "stock-user", Reason: "it is made again", Interrupts: refused},
			{Action: roles.UserGrantRole, User: "stock-user", Role: "stock-role", Reason: "the policy gives the user this role"},
			{Action: roles.UserGrantRole, User: "boss", Role: "root", Reason: "the policy gives the user this role"},
			{Action: roles.UserAdd, User: "root", Reason: "the policy names this user"},
			{Action: roles.UserRevokeRole, User: "spare", Role: "root", Reason: "the policy does not give the user this role"},
		},
		Pending: []roles.Pending{
			{Needs: pending.Prune, Step: roles.Step{Action: roles.UserDelete, User: "old"}, Reason: "the policy no longer names this user"},
			{Needs: pending.ReuseName, Step: roles.Step{Action: roles.UserAdd, User: "back"}, Reason: "it had a certificate before, which is valid until 2027-02-22 and would be accepted again"},
		},
		Foreign: []string{`role "x" is not in the policy; no user holds it`},
	}
	p.Certificates.Pending = []certgen.Pending{{Step: issue("proxies/p1/client", certgen.Retire, ""), Reason: "the policy does not name it any more", Needs: pending.Prune}}
	p.Stray = []string{"spare"}
	return p
}

func TestPlanText(t *testing.T) {
	t.Parallel()
	refusedOnly := &change.Plan{Observed: "bb", Folder: "cc", Enabled: true}
	refusedOnly.Roles.Pending = everything().Roles.Pending[:1]
	removed := &change.Plan{Observed: "bb", Folder: "cc", Enabled: true, Former: change.Former{
		Users: map[string]string{"sales-user": "sales", "away-user": "away"}, Roles: map[string]string{"sales-role": "sales"},
	}}
	removed.Retire = []certgen.Step{issue("components/sales/client", certgen.Retire, "the policy does not name it any more")}
	removed.Roles.Steps = []roles.Step{{Action: roles.UserDelete, User: "sales-user"}, {Action: roles.RoleDelete, Role: "sales-role"}}
	removed.Roles.Pending = []roles.Pending{{Needs: pending.Prune, Step: roles.Step{Action: roles.UserDelete, User: "away-user"}}}
	narrow := roles.Step{Action: roles.RoleRevokePermission, Role: "till", Permission: keyrange.Prefix("/", keyrange.Read),
		Reason: "the policy does not allow it", Affects: `user "legacy" loses read on prefix "/"`}
	notes := []change.Note{{Component: "till", Preset: "shop/till", Text: "close the till first"}}
	narrowed := &change.Plan{Observed: "bb", Folder: "cc", Enabled: true, Notes: notes, Roles: roles.Plan{Steps: []roles.Step{narrow}}}
	waiting := &change.Plan{Observed: "bb", Folder: "cc", Enabled: true, Notes: notes,
		Roles: roles.Plan{Pending: []roles.Pending{{Step: narrow, Reason: narrow.Reason, Needs: pending.Adopt}}}}
	found := []verify.Finding{{Code: "auth/off"}}
	for _, user := range []string{"a", "b\x1b", "c", "d", "e", "f", "g"} {
		found = append(found, verify.Finding{Code: "users/unmanaged-root", Subject: verify.Subject{Kind: verify.SubjectUser, Name: user}})
	}
	tests := []struct {
		name    string
		p       *change.Plan
		applied bool
		want    string
	}{
		{"nothing", &change.Plan{Observed: "bb", Folder: "cc", Enabled: true}, false, "nothing to do\n"},
		{"nothing, applied", &change.Plan{Observed: "bb", Folder: "cc", Enabled: true}, true, "nothing to do\n"},
		{"auth off", &change.Plan{Observed: "bb", Folder: "cc"}, false, `warning: auth is off: etcd checks no permission until lockstep bootstrap has turned it on
nothing to do
`},
		{"nothing, and verify finds more", &change.Plan{Observed: "bb", Folder: "cc", Enabled: true, More: found}, false,
			"nothing to do\nlockstep verify finds more: auth is off; unmanaged superuser \"a\", \"b\\x1b\", \"c\", \"d\", \"e\", and 2 more\n"},
		{"no folder", &change.Plan{Observed: "bb", Enabled: true}, false, `warning: there is no PKI folder here: this is etcd's half only, and nothing tells which other users lockstep made
nothing to do in etcd
`},
		{"only refused", refusedOnly, false, `old
  ! delete user "old" (not without --prune: the policy no longer names this user)
to do: 0 to add, 0 to change, 0 to remove, 1 only with a flag
`},
		{"removed components whose users have other names", removed, false, `away
  ! delete user "away-user" (not without --prune: )
sales
  - delete user "sales-user"
  - delete role "sales-role"
  - retire components/sales/client (the policy does not name it any more)
to do: 0 to add, 0 to change, 3 to remove, 1 only with a flag
`},
		{"a permission is taken from an unmanaged user, and from a preset's component", narrowed, false, `till
  - revoke prefix "/" from role "till" (the policy does not allow it)
    affects: user "legacy" loses read on prefix "/"
Look after this before you go on:
  till: close the till first
to do: 0 to add, 0 to change, 1 to remove, 0 only with a flag
`},
		{"the same, applied", narrowed, true, "done: 0 added, 0 changed, 1 removed, 0 left for a flag\n"},
		{"the same waits", waiting, true, `till
  ! revoke prefix "/" from role "till" (not without --adopt: the policy does not allow it)
    affects: user "legacy" loses read on prefix "/"
Look after this before you go on:
  till: close the till first
done: 0 added, 0 changed, 0 removed, 1 left for a flag
`},
		{"everything", everything(), false, `cluster
  ~ reissue members/etcd1/server (its certificate is missing)
  ~ write members/etcd1/etcd.env (differs from the policy)
  + add user "root" without a password (the policy names this user)
  ! retire proxies/p1/client (not without --prune: the policy does not name it any more)
till
  ~ finish components/till/client (its writing was cut off)
  ~ restrict components/till/client.key to mode 0600 (its mode is 0644)
  + add role "till~bridge" (for a while)
  ~ grant role "till" read on prefix "/till/" (was readwrite) (the policy allows less)
  - revoke prefix "/" from role "till" (the policy does not allow it)
spare
  - unbind user "spare" from role "root" (the policy does not give the user this role)
stock
  + issue components/stock/client (missing)
  + write components/stock/ca.crt (missing)
  + grant role "stock-role" readwrite on prefix "/stock/" (the policy allows it)
  - delete user "stock-user" (it may have a password)
    interrupts: user "stock-user" is refused from its deletion until it is bound again
  + add user "stock-user" without a password (it is made again)
  + bind user "stock-user" to role "stock-role" (the policy gives the user this role)
boss
  ~ reissue components/boss/client (its certificate expired on 2026-11-23)
  + bind user "boss" to role "root" (the policy gives the user this role)
back
  ! add user "back" without a password (not without --reuse-name: it had a certificate before, which is valid until 2027-02-22 and would be accepted again)
gone
  - delete role "gone" (the policy no longer names this role)
  - retire components/gone/client (the policy does not name it any more)
old
  ! delete user "old" (not without --prune: the policy no longer names this user)
left alone: role "x" is not in the policy; no user holds it
left alone: spare in the PKI folder belongs to no member, proxy or component of the policy
to do: 8 to add, 6 to change, 5 to remove, 3 only with a flag
`},
		{"everything, applied: what was shown is not shown again", everything(), true, `cluster
  ! retire proxies/p1/client (not without --prune: the policy does not name it any more)
back
  ! add user "back" without a password (not without --reuse-name: it had a certificate before, which is valid until 2027-02-22 and would be accepted again)
old
  ! delete user "old" (not without --prune: the policy no longer names this user)
left alone: role "x" is not in the policy; no user holds it
left alone: spare in the PKI folder belongs to no member, proxy or component of the policy
done: 8 added, 6 changed, 5 removed, 3 left for a flag
`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := Plan{Of: shopPolicy(t), Plan: test.p, Applied: test.applied}
			if diff := cmp.Diff(test.want, told(p, false)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestPlanColour(t *testing.T) {
	t.Parallel()
	p := &change.Plan{Observed: "bb", Folder: "cc", Enabled: true}
	p.Roles.Steps = []roles.Step{
		{Action: roles.RoleAdd, Role: "till", Reason: "new"},
		{Action: roles.UserDelete, User: "till", Interrupts: "user\x1b[2J"},
	}
	const want = "\x1b[1mtill\x1b[0m\n" +
		"  \x1b[32m+\x1b[0m add role \"till\" (new)\n" +
		"  \x1b[31m-\x1b[0m delete user \"till\"\n" +
		"    \x1b[33minterrupts:\x1b[0m user\\x1b[2J\n" +
		"to do: 1 to add, 0 to change, 1 to remove, 0 only with a flag\n"
	if diff := cmp.Diff(want, told(Plan{Of: shopPolicy(t), Plan: p}, true)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPlanJSON(t *testing.T) {
	t.Parallel()
	p := everything()
	p.Notes = []change.Note{{Component: "till", Preset: "shop/till", Text: "close the till first"}}
	p.More = []verify.Finding{{Code: "users/unmanaged-root", Subject: verify.Subject{Kind: verify.SubjectUser, Name: "eve"}, Text: "holds role root", Remedy: "delete it"}}
	p.Accepted = []verify.AcceptedFinding{{
		Finding: verify.Finding{Code: "users/unsettled", Subject: verify.Subject{Kind: verify.SubjectUser, Name: "old"}, Text: "it has a password", Remedy: "look at it"},
		Until:   time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC), Reason: "its program needs it",
	}}
	p.Roles.Pending[0].Step.Affects = `user "legacy" loses read on key "/x"`
	p.Certificates.Steps, p.Retire = p.Certificates.Steps[6:], nil
	p.Roles.Steps = p.Roles.Steps[5:7]
	answer := Plan{Of: shopPolicy(t), Plan: p}
	var out bytes.Buffer
	if err := NewPrinter(&out, JSON, true).Print(answer); err != nil {
		t.Fatal(err)
	}
	want := `{
  "formatVersion": "lockstep/v1",
  "kind": "Plan",
  "cluster": "shop",
  "clusterID": "abc",
  "policy": "aa",
  "authRevision": 41,
  "observed": "bb",
  "folder": "cc",
  "fingerprint": "` + p.Fingerprint() + `",
  "auth": true,
  "inStep": false,
  "applied": false,
  "add": 1,
  "change": 1,
  "remove": 1,
  "refused": 3,
  "waiting": 0,
  "groups": [
    {
      "name": "cluster",
      "changes": [
        {
          "sign": "!",
          "half": "certificates",
          "text": "retire proxies/p1/client",
          "reason": "the policy does not name it any more",
          "flag": "--prune"
        }
      ]
    },
    {
      "name": "till",
      "changes": [
        {
          "sign": "~",
          "half": "certificates",
          "text": "restrict components/till/client.key to mode 0600",
          "reason": "its mode is 0644"
        }
      ]
    },
    {
      "name": "stock",
      "changes": [
        {
          "sign": "-",
          "half": "etcd",
          "text": "delete user \"stock-user\"",
          "reason": "it may have a password",
          "interrupts": "user \"stock-user\" is refused from its deletion until it is bound again"
        },
        {
          "sign": "+",
          "half": "etcd",
          "text": "add user \"stock-user\" without a password",
          "reason": "it is made again",
          "interrupts": "user \"stock-user\" is refused from its deletion until it is bound again"
        }
      ]
    },
    {
      "name": "back",
      "changes": [
        {
          "sign": "!",
          "half": "etcd",
          "text": "add user \"back\" without a password",
          "reason": "it had a certificate before, which is valid until 2027-02-22 and would be accepted again",
          "flag": "--reuse-name"
        }
      ]
    },
    {
      "name": "old",
      "changes": [
        {
          "sign": "!",
          "half": "etcd",
          "text": "delete user \"old\"",
          "reason": "the policy no longer names this user",
          "affects": "user \"legacy\" loses read on key \"/x\"",
          "flag": "--prune"
        }
      ]
    }
  ],
  "foreign": [
    "role \"x\" is not in the policy; no user holds it",
    "spare in the PKI folder belongs to no member, proxy or component of the policy"
  ],
  "more": [
    {
      "code": "users/unmanaged-root",
      "severity": "critical",
      "subject": "eve",
      "text": "holds role root",
      "remedy": "delete it"
    }
  ],
  "accepted": [
    {
      "code": "users/unsettled",
      "severity": "critical",
      "subject": "old",
      "text": "it has a password",
      "remedy": "look at it",
      "until": "2026-11-24",
      "reason": "its program needs it"
    }
  ],
  "notes": [
    {
      "component": "till",
      "preset": "shop/till",
      "text": "close the till first"
    }
  ]
}
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var back PlanDocument
	if err := json.Unmarshal(out.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(answer.Saved(), back); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
}

// An empty plan has empty lists, never null: it is compared word for word when it was saved.
func TestEmptyProposalJSON(t *testing.T) {
	t.Parallel()
	answer := Plan{Of: shopPolicy(t), Plan: &change.Plan{Observed: "bb", Folder: "cc", Enabled: true}}
	text, err := json.Marshal(answer.Document())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text, []byte(`"groups":[],"foreign":[],"more":[],"accepted":[],"notes":[]`)) || !bytes.Contains(text, []byte(`"inStep":true`)) {
		t.Errorf("%s", text)
	}
	var back PlanDocument
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(answer.Saved(), back); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
}

// Every field of the document is in docs/plan.md.
func TestPlanFieldsAreDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/plan.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, document := range []any{Header{}, PlanDocument{}, GroupDocument{}, changeDocument{}, noteDocument{}} {
		for field := range reflect.TypeOf(document).Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if name != "" && !bytes.Contains(page, []byte("`"+name+"`")) {
				t.Errorf("docs/plan.md does not name %q of %T", name, document)
			}
		}
	}
}

// Before auth is turned on, a plan says what it does last and which clients will notice.
func TestPlanThatTurnsAuthOn(t *testing.T) {
	t.Parallel()
	p := &change.Plan{Observed: "bb", Folder: "cc", EnableAuth: true, Affected: []string{
		"user \"eve\x1b\" will be accepted", "etcd does not tell who connects: a client with a certificate whose CN is no user is refused on every key"}}
	const want = `in etcd, last: turn auth on, and off again if root does not get in by certificate
The cluster holds keys, so clients use it. When auth is turned on:
  - user "eve\x1b" will be accepted
  - etcd does not tell who connects: a client with a certificate whose CN is no
    user is refused on every key
to do: 0 to add, 0 to change, 0 to remove, 0 only with a flag
`
	if diff := cmp.Diff(want, told(Plan{Of: shopPolicy(t), Plan: p}, false)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A plan of the folder alone says nothing about etcd, which was not read; the diff of the
// policy file comes first.
func TestPlanOfTheFolder(t *testing.T) {
	t.Parallel()
	p := &change.Plan{Diff: "+ a\n"}
	if got := told(Plan{Of: shopPolicy(t), Plan: p}, false); got != "+ a\n" {
		t.Errorf("got %q", got)
	}
	p.Certificates.Steps = []certgen.Step{{Action: certgen.Write, File: "members/etcd1/etcd.env", Reason: certgen.Missing}}
	const want = "+ a\ncluster\n  + write members/etcd1/etcd.env (missing)\nto do: 1 to add, 0 to change, 0 to remove, 0 only with a flag\n"
	if got := told(Plan{Of: shopPolicy(t), Plan: p}, false); got != want {
		t.Errorf("got %q", got)
	}
}
