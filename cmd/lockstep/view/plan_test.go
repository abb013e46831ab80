package view

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/bootstrap/change"
	"lockstep/bootstrap/verify"
	"lockstep/certgen"
	"lockstep/policies/pending"
	"lockstep/roles"
)

func TestStarts(t *testing.T) {
	t.Parallel()
	away := change.Start{Member: "etcd1", Folder: "pki/members/etcd1", Host: "10.0.0.11", Target: "/etc/etcd", URL: "https://10.0.0.11:2379"}
	here := change.Start{Member: "etcd2", Folder: "pki/members/etcd2", Host: "10.0.0.12", Target: ".", URL: "https://10.0.0.12:2379"}
	running, seeded, seededHere := away, away, here
	running.Plain = true
	seeded.Seed, seededHere.Seed = "pki/seed.db", "pki/seed.db"
	for name, c := range map[string]struct {
		list []change.Start
		want string
	}{
		"new hosts": {[]change.Start{away, here}, `No member answers yet. For each member, copy its folder to its host and start etcd there:

  etcd1 (10.0.0.11)
    copy   scp -rp pki/members/etcd1/. 10.0.0.11:/etc/etcd
    start  cd /etc/etcd && set -a && . ./etcd.env && exec etcd
    it then answers at https://10.0.0.11:2379

  etcd2 (10.0.0.12)
    start  cd pki/members/etcd2 && set -a && . ./etcd.env && exec etcd
    it then answers at https://10.0.0.12:2379

The keys belong to the user that etcd runs as, with mode 0600. As a service: EnvironmentFile= its etcd.env and WorkingDirectory= its folder.
`},
		"with a seed": {[]change.Start{seeded, seededHere}, `No member answers yet. For each member, copy its folder and the seed to its host, restore its data there, and start etcd:

  etcd1 (10.0.0.11)
    copy   scp -rp pki/members/etcd1/. pki/seed.db 10.0.0.11:/etc/etcd
    data   (cd /etc/etcd && sh restore.sh)
    start  cd /etc/etcd && set -a && . ./etcd.env && exec etcd
    it then answers at https://10.0.0.11:2379

  etcd2 (10.0.0.12)
    data   (cd pki/members/etcd2 && sh restore.sh)
    start  cd pki/members/etcd2 && set -a && . ./etcd.env && exec etcd
    it then answers at https://10.0.0.12:2379

etcdutl comes with etcd. Run restore.sh as the user that etcd runs as: the data belong to it. It restores nothing over data that are there.
The keys belong to the user that etcd runs as, with mode 0600. As a service: EnvironmentFile= its etcd.env and WorkingDirectory= its folder.
`},
		"hosts with etcd on plain http": {[]change.Start{running}, `No member answers with TLS yet, and there is plain http. Copy each member's folder to its host:

  etcd1 (10.0.0.11)
    copy   scp -rp pki/members/etcd1/. 10.0.0.11:/etc/etcd

A cluster that runs goes over to TLS one member at a time, in two rounds: docs/plain-http.md. Do not restart all of it with etcd.env at once.
The keys belong to the user that etcd runs as, with mode 0600. As a service: EnvironmentFile= its etcd.env and WorkingDirectory= its folder.
`},
	} {
		if diff := cmp.Diff(c.want, told(Starts(c.list), false)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A long plan ends with a number, but what it takes away or changes is never left out.
func TestALongPlanEndsWithANumber(t *testing.T) {
	t.Parallel()
	var steps []roles.Step
	for i := range 100 {
		steps = append(steps, roles.Step{Action: roles.RoleAdd, Role: fmt.Sprintf("r%02d", i)})
	}
	steps = append(steps, roles.Step{Action: roles.UserDelete, User: "old"})
	plan := &change.Plan{Observed: "bb", Folder: "cc", Enabled: true}
	plan.Roles.Steps = steps
	for name, c := range map[string]struct {
		m    Message
		ends string
		adds int
	}{
		"short":   {Plan{Of: shopPolicy(t), Plan: plan}, "\n... and 40 more (-v shows all)\nto do: 100 to add, 0 to change, 1 to remove, 0 only with a flag\n", 60},
		"verbose": {Plan{Of: shopPolicy(t), Plan: plan, Verbose: true}, "to do: 100 to add, 0 to change, 1 to remove, 0 only with a flag\n", 100},
	} {
		text := told(c.m, false)
		if !strings.HasSuffix(text, c.ends) || strings.Count(text, "add role") != c.adds || !strings.Contains(text, `delete user "old"`) {
			t.Errorf("%s: %d additions in\n%s", name, strings.Count(text, "add role"), text)
		}
	}
}

// Every permission has a flag, and a check's remedy names the same one.
func TestFlags(t *testing.T) {
	t.Parallel()
	for needs := pending.Operator; needs <= pending.Issuer; needs++ {
		if (Flag(needs) != "") != needs.Allowed() || (Flag(needs) == "") != (awaited(needs, certgen.ClientCA) != "") {
			t.Errorf("%s: flag %q, waits for %q", needs, Flag(needs), awaited(needs, certgen.ClientCA))
		}
	}
	for _, needs := range []pending.Needs{pending.Prune, pending.Adopt, pending.Recreate} {
		if got, want := verify.Permitting(needs), "lockstep apply "+Flag(needs); got != want {
			t.Errorf("%s: the remedy is %q, want %q", needs, got, want)
		}
	}
}
