package edit_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"lockstep/policies"
	"lockstep/policies/edit"
	"lockstep/policies/hint"
)

func etcd4() edit.Member {
	return edit.Member{Name: "etcd4", Hosts: []string{"10.0.0.14", "etcd4.edge"}, ClientURL: "https://etcd4.edge:2479"}
}

// memberStyles is cluster.members as operators write it; %s is the entry that is added, in that
// style, and "" before.
func memberStyles() map[string]string {
	const before, after = "apiVersion: lockstep/v1\nkind: Policy\n", "components: [] # none yet\n"
	const flow = "{name: etcd4, hosts: [10.0.0.14, etcd4.edge], clientURL: \"https://etcd4.edge:2479\"}"
	return map[string]string{
		"lines of braces": before + `cluster:
  name: edge
  members: # three soon
    # the first
    - {name: etcd1, hosts: [10.0.0.11]}

    # the second
    - {name: etcd2, hosts: [10.0.0.12]} # rack 2
+

    - ` + flow + `
-
  install: .
` + after,
		"fields on lines": before + `cluster:
  members:
  - name: etcd1
    hosts: [10.0.0.11]
  - name: etcd2 # rack 2
    hosts:
      - 10.0.0.12 # the only one
+
  - name: etcd4
    hosts: [10.0.0.14, etcd4.edge]
    clientURL: "https://etcd4.edge:2479"
-
  # what they are called together
  name: edge
` + after,
		"one line": before + "cluster: {name: edge, members: [{name: etcd1, hosts: [10.0.0.11]}, {name: etcd2, hosts: [10.0.0.12]}+\n, " + flow + "-\n], install: .}\n" + after,
		"the last field of all": after + before + `cluster:
    name: edge
    members:
        - { name: etcd1, hosts: [10.0.0.11] }
        - { name: etcd2, hosts: [10.0.0.12] }
+
        - { name: etcd4, hosts: [10.0.0.14, etcd4.edge], clientURL: "https://etcd4.edge:2479" }
-
`,
	}
}

// marked is the text of a style without and with what stands between + and -.
func marked(style string) (without, with string) {
	before, rest, _ := strings.Cut(style, "+\n")
	entry, after, _ := strings.Cut(rest, "-\n")
	return before + after, before + entry + after
}

// A member is added in the style of the last one, and its removal gives back every byte.
func TestMembersAreAddedAndRemoved(t *testing.T) {
	t.Parallel()
	for name, style := range memberStyles() {
		for _, eol := range []string{"\n", "\r\n"} {
			before, with := marked(style)
			before, with = strings.ReplaceAll(before, "\n", eol), strings.ReplaceAll(with, "\n", eol)
			added, err := edit.AddMember(file(before), etcd4())
			if err != nil || string(added.Text) != with {
				t.Errorf("%s: %v\n%s", name, err, edit.Diff(file(with), added))
				continue
			}
			if again, err := edit.AddMember(added, etcd4()); err != nil || string(again.Text) != string(added.Text) {
				t.Errorf("%s, again: %v", name, err)
			}
			back, err := edit.RemoveMember(added, "etcd4")
			if err != nil || string(back.Text) != before {
				t.Errorf("%s, removed: %v\n%s", name, err, edit.Diff(file(before), back))
			}
			p, err := policies.Parse(added)
			if err != nil || len(p.Cluster.Members) != 3 || p.Cluster.Members[2].PeerURL != "https://10.0.0.14:2380" {
				t.Errorf("%s: read again: %v %+v", name, err, p)
			}
		}
	}
}

// Another host for a member: its fields change, and its comments stay.
func TestMembersAreMoved(t *testing.T) {
	t.Parallel()
	for before, want := range map[string]string{
		"    - {name: etcd1, hosts: [10.0.0.11, a.b], metricsURL: \"http://127.0.0.1:2381\"} # rack 1\n":                         "    - {name: etcd1, hosts: [10.0.0.21], metricsURL: \"http://127.0.0.1:2381\", clientURL: \"https://10.0.0.21:2479\"} # rack 1\n",
		"    - {clientURL: \"https://10.0.0.11:2579\", hosts: [10.0.0.11], name: etcd1}\n":                                       "    - {clientURL: \"https://10.0.0.21:2479\", hosts: [10.0.0.21], name: etcd1}\n",
		"    - name: etcd1 # rack 1\n      hosts: [10.0.0.11] # the only one\n      clientURL: https://10.0.0.11:2579 # odd\n\n": "    - name: etcd1 # rack 1\n      hosts: [10.0.0.21] # the only one\n      clientURL: \"https://10.0.0.21:2479\" # odd\n\n",
	} {
		text := func(entry string) string {
			return "apiVersion: lockstep/v1\nkind: Policy\ncluster:\n  name: edge\n  members:\n" + entry + "    # the second\n    - {name: etcd2, hosts: [10.0.0.12]}\ncomponents: []\n"
		}
		got, err := edit.MoveMember(file(text(before)), edit.Member{Name: "etcd1", Hosts: []string{"10.0.0.21"}, ClientURL: "https://10.0.0.21:2479"})
		if err != nil || string(got.Text) != text(want) {
			t.Errorf("%v\n%s", err, edit.Diff(file(text(want)), got))
		}
	}
}

func TestMemberEditsThatAreRefused(t *testing.T) {
	t.Parallel()
	const head = "apiVersion: lockstep/v1\nkind: Policy\n"
	one := file(head + "cluster:\n  name: edge\n  members: [{name: etcd1, hosts: [10.0.0.11]}]\n")
	endpoints := file(head + "cluster: {name: edge, endpoints: [\"https://a:1\"]}\n")
	lines := file(head + "cluster:\n  name: edge\n  members:\n    - name: etcd1\n      hosts:\n        - 10.0.0.11\n")
	for name, c := range map[string]struct {
		err  error
		exit hint.Exit
		want string
	}{
		"the name is taken":    {second(edit.AddMember(one, edit.Member{Name: "etcd1", Hosts: []string{"10.0.0.12"}})), hint.Refused, `member "etcd1" is already declared at lockstep.yaml:5:13, in another way`},
		"there are no members": {second(edit.AddMember(endpoints, etcd4())), hint.Refused, "there is no cluster.members here"},
		"no such member":       {second(edit.RemoveMember(one, "etcd2")), hint.Failed, `removing member "etcd2": lockstep.yaml declares no such member`},
		"a wrong host":         {second(edit.AddMember(one, edit.Member{Name: "etcd2", Hosts: []string{"*.a"}})), hint.Failed, `adding member "etcd2": hosts[0]: "*.a" is a wildcard`},
		"the last member":      {second(edit.RemoveMember(one, "etcd1")), hint.Refused, "without touching anything else is not safe here"},
		"hosts on lines":       {second(edit.MoveMember(lines, edit.Member{Name: "etcd1", Hosts: []string{"10.0.0.12"}})), hint.Refused, "where this value ends is not clear"},
	} {
		if c.err == nil || hint.Of(c.err) != c.exit || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%s: %v", name, c.err)
		}
	}
}

func second(_ policies.File, err error) error { return err }

// Random members in random style: added and removed again, the file is the same.
func TestMemberEditsTouchNothingElse(t *testing.T) {
	t.Parallel()
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 4))
		text := randomMembers(r)
		added, err := edit.AddMember(file(text), etcd4())
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, text)
		}
		back, err := edit.RemoveMember(added, "etcd4")
		if err != nil || string(back.Text) != text {
			t.Fatalf("seed %d: %v\n%s", seed, err, edit.Diff(file(text), back))
		}
	}
}

func randomMembers(r *rand.Rand) string {
	pick := func(texts ...string) string { return texts[r.IntN(len(texts))] }
	pad := strings.Repeat(" ", 1+r.IntN(4))
	dash := pad + strings.Repeat(" ", r.IntN(3)) + "-" + strings.Repeat(" ", 1+r.IntN(3))
	var b strings.Builder
	b.WriteString(pick("", "# a policy\n", "---\n") + "apiVersion: lockstep/v1\nkind: Policy\n" + pick("", "\n", "components: [] # none\n") + "cluster:" + pick("", " # ours") + "\n")
	b.WriteString(pick("", pad+"name: edge\n", pad+"# its name\n"+pad+"name: edge\n\n"))
	b.WriteString(pad + "members:" + pick("", " # ours") + "\n")
	flow := r.IntN(2) == 0
	for i := range 1 + r.IntN(4) {
		b.WriteString(pick("", strings.Repeat(" ", strings.Index(dash, "-"))+"# member\n", "\n"))
		if flow {
			b.WriteString(fmt.Sprintf("%s{name: m%d, hosts: [h%d]}%s\n", dash, i, i, pick("", " # rack")))
			continue
		}
		b.WriteString(fmt.Sprintf("%sname: m%d%s\n%shosts:%s\n", dash, i, pick("", " # rack"), strings.Repeat(" ", len(dash)), fmt.Sprintf(pick(" [h%d]", " [h%d] # name"), i)))
	}
	text := b.String() + pick("", "\n", "# the end\n")
	if !strings.Contains(text, "name: edge") {
		text += pad + "name: edge\n"
	}
	return text + pick("", "accept: []\n", "...\n")
}
