package roles_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/policies/keyrange"
	"lockstep/roles"
)

// scene is a state in one line per entry: `user a: r1 r2` (`user a!: r1` has a
// password, `user a?: r1` may have one), `role r: readwrite /d*, read /d`.
func scene(t testing.TB, text string) roles.State {
	t.Helper()
	s := roles.State{Enabled: true}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		head, list, _ := strings.Cut(line, ":")
		kind, name, _ := strings.Cut(head, " ")
		switch kind {
		case "off":
			s.Enabled = false
		case "user":
			u := roles.User{Name: strings.TrimRight(name, "!?"), Roles: strings.Fields(list), Password: roles.PasswordAbsent}
			if strings.HasSuffix(name, "!") {
				u.Password = roles.PasswordPresent
			}
			if strings.HasSuffix(name, "?") {
				u.Password = roles.PasswordUnknown
			}
			s.Users = append(s.Users, u)
		case "role":
			s.Roles = append(s.Roles, roles.Role{Name: name, Permissions: entries(list)})
		default:
			t.Fatalf("no such line: %s", line)
		}
	}
	slices.SortFunc(s.Users, func(a, b roles.User) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(s.Roles, func(a, b roles.Role) int { return strings.Compare(a.Name, b.Name) })
	return s
}

func entries(list string) []keyrange.Permission {
	var out []keyrange.Permission
	for entry := range strings.SplitSeq(list, ",") {
		access, key, found := strings.Cut(strings.TrimSpace(entry), " ")
		if !found {
			continue
		}
		if prefix, is := strings.CutSuffix(key, "*"); is {
			out = append(out, keyrange.Prefix(prefix, keyrange.Access(access)))
			continue
		}
		out = append(out, keyrange.Key(key, keyrange.Access(access)))
	}
	return out
}

// script is a plan as text: phases apart by a blank line, what was refused, what is
// foreign.
func script(p roles.Plan) string {
	var b strings.Builder
	for i, s := range p.Steps {
		if i > 0 && s.Phase != p.Steps[i-1].Phase {
			b.WriteString("--\n")
		}
		fmt.Fprintln(&b, s)
		if s.Interrupts != "" {
			fmt.Fprintf(&b, "  (%s)\n", s.Interrupts)
		}
		if s.Affects != "" {
			fmt.Fprintf(&b, "  affects: %s\n", s.Affects)
		}
	}
	for _, waits := range p.Pending {
		fmt.Fprintf(&b, "pending, needs %s: %s: %s\n", waits.Needs, waits.Step, waits.Reason)
		if waits.Step.Affects != "" {
			fmt.Fprintf(&b, "  affects: %s\n", waits.Step.Affects)
		}
	}
	for _, f := range p.Foreign {
		fmt.Fprintf(&b, "foreign: %s\n", f)
	}
	return b.String()
}

func ownedBy(names ...string) roles.Ownership {
	return func(user string) bool { return slices.Contains(names, user) }
}

// Each case is a kind of drift, and the whole plan that mends it.
func TestDiff(t *testing.T) {
	t.Parallel()
	const policy = `
		user flannel: flannel
		role flannel: readwrite /net/*`
	for _, c := range []struct {
		name, desired, observed string
		owned                   []string
		allow                   roles.Allow
		want                    string
	}{
		{name: "in step", desired: policy, observed: policy},
		{name: "a fresh cluster", desired: "user root: root\nuser backup: root\n" + policy, observed: "off", want: `
			add role "flannel"
			--
			grant role "flannel" readwrite on prefix "/net/"
			--
			add user "backup" without a password
			add user "flannel" without a password
			add user "root" without a password
			--
			bind user "backup" to role "root"
			bind user "flannel" to role "flannel"
			bind user "root" to role "root"`},
		{name: "a binding is missing", desired: policy, observed: "user flannel:\nrole flannel: readwrite /net/*", want: `
			bind user "flannel" to role "flannel"`},
		{name: "a role was taken away", desired: policy, observed: "user flannel: x\nrole x: read /x", want: `
			add role "flannel"
			--
			grant role "flannel" readwrite on prefix "/net/"
			--
			bind user "flannel" to role "flannel"
			--
			unbind user "flannel" from role "x"
			foreign: role "x" is not in the policy; held by "flannel"`},
		{name: "less than it should", desired: policy, observed: "user flannel: flannel\nrole flannel: read /net/*", want: `
			grant role "flannel" readwrite on prefix "/net/" (was read)`},
		{name: "more than it should", desired: "user flannel: flannel\nrole flannel: read /net/*", observed: policy, want: `
			grant role "flannel" read on prefix "/net/" (was readwrite)`},
		{name: "read for write goes through both", desired: "user flannel: flannel\nrole flannel: write /net/*", observed: "user flannel: flannel\nrole flannel: read /net/*", want: `
			grant role "flannel" readwrite on prefix "/net/" (was read)
			--
			grant role "flannel" write on prefix "/net/" (was readwrite)`},
		{name: "a wider range", desired: policy, observed: "user flannel: flannel\nrole flannel: readwrite /net*", want: `
			grant role "flannel" readwrite on prefix "/net/"
			--
			revoke prefix "/net" from role "flannel"`},
		{name: "fact 20: lowered beside an entry with the same key", desired: "user a: r\nrole r: readwrite /d, read /d*", observed: "user a: r\nrole r: readwrite /d, readwrite /d*", want: `
			add role "r~bridge"
			--
			grant role "r~bridge" read on prefix "/d"
			--
			bind user "a" to role "r~bridge"
			--
			revoke prefix "/d" from role "r"
			--
			grant role "r" read on prefix "/d"
			--
			delete role "r~bridge"`},
		{name: "lowered after its neighbour is gone", desired: "user a: r\nrole r: read /d*", observed: "user a: r\nrole r: readwrite /d, readwrite /d*", want: `
			revoke key "/d" from role "r"
			--
			grant role "r" read on prefix "/d" (was readwrite)`},
		{name: "an entry twice", desired: policy, observed: "user flannel: flannel\nrole flannel: read /net/*, readwrite /net/*", want: `
			add role "flannel~bridge"
			--
			grant role "flannel~bridge" readwrite on prefix "/net/"
			--
			bind user "flannel" to role "flannel~bridge"
			--
			revoke prefix "/net/" from role "flannel"
			--
			grant role "flannel" readwrite on prefix "/net/"
			--
			delete role "flannel~bridge"`},
		{name: "an entry twice that no user relies on", desired: policy, observed: "role flannel: read /net/*, readwrite /net/*", want: `
			revoke prefix "/net/" from role "flannel"
			--
			grant role "flannel" readwrite on prefix "/net/"
			--
			add user "flannel" without a password
			--
			bind user "flannel" to role "flannel"`},
		{name: "an entry twice that an unmanaged user relies on", desired: policy, observed: "user x: flannel\nuser flannel:\nrole flannel: read /net/*, readwrite /net/*", want: `
			bind user "flannel" to role "flannel"
			pending, needs adopt: revoke prefix "/net/" from role "flannel": etcd cannot change this entry beside another one with the same key, and user "x", which is left as it is, holds the role
			pending, needs adopt: grant role "flannel" readwrite on prefix "/net/": the policy allows it, and user "x", which is left as it is, holds the role
			foreign: user "x" is not in the policy; it holds "flannel"; the policy has "flannel"`},
		{name: "the same, adopted", desired: policy, allow: roles.Allow{Adopt: true}, observed: "user x: flannel\nuser flannel:\nrole flannel: read /net/*, readwrite /net/*", want: `
			revoke prefix "/net/" from role "flannel"
			  ("x" may be refused for a moment)
			--
			grant role "flannel" readwrite on prefix "/net/"
			--
			bind user "flannel" to role "flannel"
			foreign: user "x" is not in the policy; it holds "flannel"; the policy has "flannel"`},
		{name: "a role that an unmanaged user holds is narrowed", desired: "user nginx: web\nrole web: read /a01/nginx/*", observed: "user nginx: web\nuser legacy: web\nrole web: readwrite /a01/nginx*", want: `
			pending, needs adopt: grant role "web" read on prefix "/a01/nginx/": the policy allows it, and user "legacy", which is left as it is, holds the role
			pending, needs adopt: revoke prefix "/a01/nginx" from role "web": the policy does not allow it, and user "legacy", which is left as it is, holds the role
			  affects: user "legacy" loses readwrite on prefix "/a01/nginx", and keeps read on prefix "/a01/nginx/"
			foreign: user "legacy" is not in the policy; it holds "web"; the policy has "web"`},
		{name: "the same, with --adopt", desired: "user nginx: web\nrole web: read /a01/nginx/*", observed: "user nginx: web\nuser legacy: web\nrole web: readwrite /a01/nginx*", allow: roles.Allow{Adopt: true}, want: `
			grant role "web" read on prefix "/a01/nginx/"
			--
			revoke prefix "/a01/nginx" from role "web"
			  affects: user "legacy" loses readwrite on prefix "/a01/nginx", and keeps read on prefix "/a01/nginx/"`},
		{name: "an unmanaged user gains nothing unasked", desired: "user nginx: web\nrole web: readwrite /a/*", observed: "user nginx: web\nuser y: web\nuser z: all web\nrole web: read /a/*\nrole all: write /a*", want: `
			pending, needs adopt: grant role "web" readwrite on prefix "/a/" (was read): the policy allows more, and users "y", "z", which are left as they are, hold the role
			  affects: user "y" gains write on prefix "/a/"
			foreign: role "all" is not in the policy; held by "z"
			foreign: user "y" is not in the policy; it holds "web"; the policy has "web"
			foreign: user "z" is not in the policy; it holds "all", "web"; the policy has "web"`},
		{name: "lowered, and another role still gives it to one of them", desired: "user nginx: web\nrole web: read /a/*", observed: "user nginx: web\nuser y: web\nuser z: all web\nrole web: readwrite /a/*\nrole all: write /a*", want: `
			pending, needs adopt: grant role "web" read on prefix "/a/" (was readwrite): the policy allows less, and users "y", "z", which are left as they are, hold the role
			  affects: user "y" loses write on prefix "/a/"
			foreign: role "all" is not in the policy; held by "z"
			foreign: user "y" is not in the policy; it holds "web"; the policy has "web"
			foreign: user "z" is not in the policy; it holds "all", "web"; the policy has "web"`},
		{name: "the role of a user that waits for its own flag", desired: policy, observed: "user flannel!: flannel\nrole flannel: readwrite /net/*, read /x", allow: roles.Allow{Adopt: true}, want: `
			pending, needs recreate: delete user "flannel": it has a password, which etcd takes away only by deleting the user and adding it again
			pending, needs recreate: revoke key "/x" from role "flannel": the policy does not allow it, and user "flannel", which is left as it is, holds the role
			  affects: user "flannel" loses read on key "/x"`},
		{name: "the role of a user that waits for --prune", desired: policy, observed: "user flannel: flannel\nuser old: flannel\nrole flannel: readwrite /net/*, read /x", owned: []string{"old"}, want: `
			pending, needs prune: delete user "old": the policy no longer names this user
			pending, needs prune: revoke key "/x" from role "flannel": the policy does not allow it, and user "old", which is left as it is, holds the role
			  affects: user "old" loses read on key "/x"`},
		{name: "no user is added to a role that holds too much and waits", desired: "user nginx: web\nrole web: read /a", observed: "user legacy: web\nrole web: readwrite /a", want: `
			pending, needs adopt: add user "nginx" without a password: role "web", which the policy gives the user, is not changed without the flag either
			pending, needs adopt: grant role "web" read on key "/a" (was readwrite): the policy allows less, and user "legacy", which is left as it is, holds the role
			  affects: user "legacy" loses write on key "/a"
			foreign: user "legacy" is not in the policy; it holds "web"; the policy has "web"`},
		{name: "no user loses what it has for a role that lacks it and waits", desired: "user a: web\nrole web: read /a, read /b", observed: "user a: old web\nuser legacy: web\nrole web: read /a\nrole old: read /b", owned: []string{"a"}, want: `
			pending, needs adopt: unbind user "a" from role "old": role "web", which the policy gives the user, is not changed without the flag either
			pending, needs adopt: grant role "web" read on key "/b": the policy allows it, and users "a", "legacy", which are left as they are, hold the role
			  affects: user "legacy" gains read on key "/b"
			foreign: role "old" is not in the policy; held by "a"
			foreign: user "legacy" is not in the policy; it holds "web"; the policy has "web"`},
		{name: "a bridge is left over", desired: policy, observed: policy + "\nuser flannel: flannel~bridge flannel\nrole flannel~bridge: read /net/*", want: `
			delete role "flannel~bridge"`},
		{name: "a bridge is left over and its role is not right", desired: policy, observed: "user flannel: flannel flannel~bridge\nrole flannel:\nrole flannel~bridge: readwrite /net/*", want: `
			grant role "flannel" readwrite on prefix "/net/"
			--
			delete role "flannel~bridge"`},
		{name: "a user leaves a role that grows", desired: "user a: a\nuser b: b\nrole a: read /x, read /y\nrole b: read /x", observed: "user a: a\nuser b: a\nrole a: read /x", want: `
			add role "a~bridge"
			add role "b"
			--
			grant role "a~bridge" read on key "/x"
			grant role "a~bridge" read on key "/y"
			grant role "b" read on key "/x"
			--
			bind user "a" to role "a~bridge"
			bind user "b" to role "b"
			--
			unbind user "b" from role "a"
			--
			grant role "a" read on key "/y"
			--
			delete role "a~bridge"`},
		{name: "a component is gone", desired: policy, observed: policy + "\nuser old: old\nrole old: read /old", owned: []string{"old"}, want: `
			pending, needs prune: delete user "old": the policy no longer names this user
			pending, needs prune: delete role "old": the policy no longer names this role`},
		{name: "a component is gone, and may go", desired: policy, observed: policy + "\nuser old: old\nrole old: read /old", owned: []string{"old"}, allow: roles.Allow{Prune: true}, want: `
			delete role "old"
			--
			delete user "old"`},
		{name: "what a removed component left", desired: policy, observed: policy + "\nrole old: read /old", owned: []string{"old"}, allow: roles.Allow{Prune: true}, want: `
			delete role "old"`},
		{name: "unmanaged", desired: policy, observed: policy + "\nuser \"x\": r\nrole r: read /x\nrole idle:", allow: roles.Allow{Prune: true, Adopt: true}, want: `
			foreign: role "idle" is not in the policy; no user holds it
			foreign: role "r" is not in the policy; held by "\"x\""
			foreign: user "\"x\"" is not in the policy; it holds "r"`},
		{name: "an unmanaged user with a policy's name", desired: policy, observed: "user flannel?: flannel\nrole flannel: readwrite /net/*", want: `
			pending, needs adopt: bind user "flannel" to role "flannel": lockstep did not make this user, and it may have a password`},
		{name: "adopted", desired: policy, observed: "user flannel?:\nrole flannel: readwrite /net/*", allow: roles.Allow{Adopt: true}, want: `
			bind user "flannel" to role "flannel"`},
		{name: "it has a password", desired: policy, observed: "user flannel!: flannel\nrole flannel: readwrite /net/*", allow: roles.Allow{Adopt: true}, owned: []string{"flannel"}, want: `
			pending, needs recreate: delete user "flannel": it has a password, which etcd takes away only by deleting the user and adding it again`},
		{name: "recreated", desired: policy, observed: "user flannel!: flannel\nrole flannel: readwrite /net/*", allow: roles.Allow{Recreate: true}, want: `
			delete user "flannel"
			  (user "flannel" is refused from its deletion until it is bound again)
			--
			add user "flannel" without a password
			  (user "flannel" is refused from its deletion until it is bound again)
			--
			bind user "flannel" to role "flannel"`},
		{name: "recreated while auth is off", desired: "user root: root\n" + policy, observed: "off\nuser root?: root\nuser flannel: flannel\nrole flannel: readwrite /net/*", allow: roles.Allow{Recreate: true}, want: `
			delete user "root"
			--
			add user "root" without a password
			--
			bind user "root" to role "root"`},
		{name: "root's password", desired: "user root: root", observed: "user root!: root", allow: roles.Allow{Recreate: true}, want: `
			foreign: user "root" has a password, which etcd cannot take away while auth is on`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			plan := roles.Diff(scene(t, c.desired), scene(t, c.observed), ownedBy(c.owned...), c.allow)
			if diff := cmp.Diff(unindent(c.want), script(plan)); diff != "" {
				t.Errorf("want -, got +:\n%s", diff)
			}
			for _, s := range plan.Steps {
				if s.Reason == "" {
					t.Errorf("no reason to %s", s)
				}
			}
		})
	}
}

func unindent(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimPrefix(strings.TrimRight(line, "\n"), "\t\t\t")
		if strings.TrimSpace(line) != "" {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}
