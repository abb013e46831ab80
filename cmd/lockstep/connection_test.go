package main

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/certgen/folder"
	"lockstep/policies"
	"lockstep/policies/hint"
)

func TestResolve(t *testing.T) {
	t.Parallel()
	ours := policies.Cluster{Members: []policies.Member{
		{Name: "a", ClientURL: "https://10.0.0.1:2379"}, {Name: "b", ClientURL: "https://10.0.0.2:2379"},
	}}
	all := []string{"https://10.0.0.1:2379", "https://10.0.0.2:2379"}
	theirs := policies.Cluster{Endpoints: []string{"https://etcd.example:2379"}}
	tests := []struct {
		name     string
		flags    connection
		env      map[string]string
		cluster  policies.Cluster
		terminal bool
		typed    string
		want     target
		err      string
		exit     hint.Exit
	}{
		{name: "the policy's members", cluster: ours, want: target{Endpoints: all}},
		{name: "the policy's endpoints", cluster: theirs, want: target{Endpoints: []string{"https://etcd.example:2379"}}},
		{
			name: "flags", cluster: ours,
			flags: connection{endpoints: []string{"other:2379"}, cacert: "ca", cert: "c", key: "k", user: "u:p:q"},
			env:   map[string]string{"ETCDCTL_ENDPOINTS": "https://third:1", "ETCDCTL_CACERT": "x", "ETCDCTL_CERT": "x", "ETCDCTL_KEY": "x", "ETCDCTL_USER": "x:x"},
			want:  target{Endpoints: []string{"https://other:2379"}, CACert: named{"ca", "--cacert"}, Cert: named{"c", "--cert"}, Key: named{"k", "--key"}, User: named{"u", "--user"}, Password: "p:q"},
		},
		{
			name: "environment", cluster: ours,
			env:  map[string]string{"ETCDCTL_ENDPOINTS": "10.0.0.2:2379", "ETCDCTL_CACERT": "ca", "ETCDCTL_CERT": "c", "ETCDCTL_KEY": "k", "ETCDCTL_USER": "u", "ETCDCTL_PASSWORD": "p"},
			want: target{Endpoints: []string{"https://10.0.0.2:2379"}, CACert: named{"ca", "ETCDCTL_CACERT"}, Cert: named{"c", "ETCDCTL_CERT"}, Key: named{"k", "ETCDCTL_KEY"}, User: named{"u", "ETCDCTL_USER"}, Password: "p"},
		},
		{
			name: "an environment of another cluster", cluster: ours, env: map[string]string{"ETCDCTL_ENDPOINTS": "10.0.0.1:2379,10.9.9.9:2379"},
			err:  "ETCDCTL_ENDPOINTS names https://10.9.9.9:2379, which is none of the policy's endpoints (https://10.0.0.1:2379, https://10.0.0.2:2379)",
			exit: hint.Refused,
		},
		{
			name: "an environment of another cluster, repeated", cluster: ours, env: map[string]string{"ETCDCTL_ENDPOINTS": "10.9.9.9:2379"},
			flags: connection{endpoints: []string{"10.9.9.9:2379"}}, want: target{Endpoints: []string{"https://10.9.9.9:2379"}},
		},
		{
			name: "plain http", cluster: ours, flags: connection{endpoints: []string{"http://10.0.0.1:2379"}},
			err:  "--endpoints names http://10.0.0.1:2379: a client cannot show a certificate over plain http, so it has no identity",
			exit: hint.Refused,
		},
		{name: "no port", cluster: ours, flags: connection{endpoints: []string{"10.0.0.1"}}, err: `--endpoints names "10.0.0.1", which is no endpoint`, exit: hint.Failed},
		{name: "a path", cluster: ours, flags: connection{endpoints: []string{"https://a:1/x"}}, err: `--endpoints names "https://a:1/x", which is no endpoint`, exit: hint.Failed},
		{name: "a socket", cluster: ours, flags: connection{endpoints: []string{"unix:///run/etcd"}}, err: `--endpoints names "unix:///run/etcd", which is no endpoint`, exit: hint.Failed},
		{name: "a certificate without key", cluster: ours, flags: connection{cert: "c"}, err: `the certificate c (--cert) needs its key, which neither --key nor ETCDCTL_KEY names`, exit: hint.Failed},
		{name: "a key without certificate", cluster: ours, env: map[string]string{"ETCDCTL_KEY": "k"}, err: `the key k (ETCDCTL_KEY) needs its certificate, which neither --cert nor ETCDCTL_CERT names`, exit: hint.Failed},
		{name: "a password without user is not used", cluster: ours, env: map[string]string{"ETCDCTL_PASSWORD": "p"}, want: target{Endpoints: all}},
		{name: "the password is asked for", cluster: ours, flags: connection{user: "u"}, terminal: true, typed: "secret", want: target{Endpoints: all, User: named{"u", "--user"}, Password: "secret"}},
		{name: "no terminal to ask at", cluster: ours, flags: connection{user: "u"}, err: `user "u" has no password`, exit: hint.Failed},
		{name: "nothing typed", cluster: ours, flags: connection{user: "u"}, terminal: true, err: "reading the password: nothing was typed", exit: hint.Failed},
		{name: "an empty password", cluster: ours, flags: connection{user: "u:"}, terminal: true, err: `user "u" has no password`, exit: hint.Failed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := outside{env: test.env, terminal: test.terminal, typed: test.typed}
			got, err := test.flags.resolve(test.cluster, o.app())
			if test.err != "" {
				if err == nil || err.Error() != test.err || hint.Of(err) != test.exit {
					t.Fatalf("got %v (exit %d), want %s (exit %d)", err, hint.Of(err), test.err, test.exit)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(named{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestATargetNeverShowsItsPassword(t *testing.T) {
	t.Parallel()
	secret := target{Endpoints: []string{"https://a:1"}, User: named{"u", "--user"}, Password: "hunter2"}
	if text := secret.String(); strings.Contains(text, "hunter2") || text != `https://a:1 as "u"` {
		t.Error(text)
	}
}

// TestAPasswordIsAskedForOnce enters the world of a command as a user whose password is typed.
func TestAPasswordIsAskedForOnce(t *testing.T) {
	t.Parallel()
	p, err := policies.Parse(policies.File{Name: "lockstep.yaml", Text: []byte("apiVersion: lockstep/v1\nkind: Policy\ncluster: {name: edge, members: [{name: etcd1, hosts: [10.0.0.11]}]}\ncomponents: []\n")})
	if err != nil {
		t.Fatal(err)
	}
	o := outside{terminal: true}
	a := o.app()
	asked := 0
	a.password = func() ([]byte, error) { asked++; return []byte("secret"), nil }
	none := func(context.Context, folder.External) (*folder.Folder, func(), error) { return nil, func() {}, nil }
	s, err := (&globals{app: a}).enter(t.Context(), p, connection{user: "admin"}, none)
	if err != nil {
		t.Fatal(err)
	}
	s.leave()
	if asked != 1 || s.Admin.User != "admin" || s.Admin.Password != "secret" {
		t.Errorf("asked %d times for the password of %q", asked, s.Admin.User)
	}
}
