package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"lockstep/cmd/lockstep/view"
)

const onePolicy = `apiVersion: lockstep/v1
kind: Policy
cluster: {name: edge, members: [{name: a, hosts: [10.0.0.1]}]}
components: []
`

// Commands whose answer is something else say in one line that lint has something to show.
func TestReadPolicyWarnsOnStderr(t *testing.T) {
	t.Parallel()
	o := outside{stdin: onePolicy}
	g := &globals{app: o.app(), policy: []string{"-"}}
	p, err := g.readPolicy()
	if err != nil || p.Cluster.Name != "edge" {
		t.Fatalf("got %v, %v", p, err)
	}
	const want = "policy: 1 warning; lockstep lint shows more\n"
	if o.stderr.String() != want || o.stdout.Len() > 0 {
		t.Errorf("stderr %q, stdout %q", o.stderr.String(), o.stdout.String())
	}
}

func TestThePKIFolderLiesBesideThePolicy(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "lockstep.yaml")
	if err := os.WriteFile(file, []byte(onePolicy), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		policy []string
		pki    string
		want   string
	}{
		{[]string{file}, "", filepath.Join(dir, "pki")},
		{[]string{dir}, "", filepath.Join(dir, "pki")},
		{[]string{file, "other/x.yaml"}, "", filepath.Join(dir, "pki")},
		{[]string{defaultPolicy}, "", "pki"},
		{[]string{"-"}, "", "pki"},
		{[]string{file}, "elsewhere", "elsewhere"},
	} {
		if got := (&globals{policy: test.policy, pki: test.pki}).pkiFolder(); got != test.want {
			t.Errorf("-f %q --pki %q: got %q, want %q", test.policy, test.pki, got, test.want)
		}
	}
}

func TestConnectionFlagsAreEtcdctls(t *testing.T) {
	t.Parallel()
	var got connection
	fs := pflag.NewFlagSet("x", pflag.ContinueOnError)
	got.flags(fs)
	if err := fs.Parse([]string{"--endpoints", "a:1,b:2", "--cacert=ca", "--cert=c", "--key=k", "--user=u:p"}); err != nil {
		t.Fatal(err)
	}
	want := connection{endpoints: []string{"a:1", "b:2"}, cacert: "ca", cert: "c", key: "k", user: "u:p"}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(connection{}, signing{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestColourIsForTerminalsThatWantIt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		terminal bool
		env      map[string]string
		want     bool
	}{
		{true, nil, true},
		{false, nil, false},
		{true, map[string]string{"NO_COLOR": "1"}, false},
		{true, map[string]string{"NO_COLOR": ""}, true},
		{true, map[string]string{"TERM": "dumb"}, false},
	} {
		o := outside{env: test.env}
		if got := (&globals{app: o.app()}).colour(test.terminal); got != test.want {
			t.Errorf("terminal %v, %v: got %v", test.terminal, test.env, got)
		}
		if (&globals{app: o.app(), noColor: true}).colour(test.terminal) {
			t.Errorf("terminal %v, %v: colour in spite of --no-color", test.terminal, test.env)
		}
	}
}

// Off a terminal progress is plain lines, and never on stdout.
func TestProgressGoesToStderr(t *testing.T) {
	t.Parallel()
	var o outside
	p := (&globals{app: o.app()}).progress()
	p.Report(view.Event{Stage: "etcd", Text: "cluster edge"})
	p.Close()
	if o.stderr.String() != "etcd: cluster edge\n" || o.stdout.Len() > 0 {
		t.Errorf("stdout %q, stderr %q", o.stdout.String(), o.stderr.String())
	}
}
