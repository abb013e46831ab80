package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"lockstep/policies/hint"
	"lockstep/roles"
	"lockstep/roles/store"
)

const (
	inMemory = "lockstep then makes root's certificate in memory where the client CA's key is (in the PKI folder, or named by --ca-key). To write one: lockstep certs issue root --ttl 1h."
	restart  = "restart etcd with --client-cert-auth (ETCD_CLIENT_CERT_AUTH=true, which the etcd.env of a member that lockstep makes holds): root then gets in by certificate (docs/auth-on.md). Then run the same command again."
	unset    = "unset ETCDCTL_CERT ETCDCTL_KEY ETCDCTL_USER ETCDCTL_PASSWORD: " + inMemory
	nameRoot = "Name root's certificate with --cert and --key, or leave both out: " + inMemory
)

// Each refusal says who was refused, why, and what helps; by real etcd, because it tells
// two of the reasons by the same answer.
func TestARefusalSaysWhoAndWhyAndWhatHelps(t *testing.T) {
	t.Parallel()
	seeing, ignoring := startEtcd(t), startEtcd(t, "--client-cert-auth=false")
	for _, s := range []*server{seeing, ignoring} {
		root := s.connect(t, "root")
		must(t, root.Apply(t.Context(), roles.Plan{Steps: inOrder([]roles.Step{
			{Action: roles.UserAdd, User: "app"},
			{Action: roles.UserAdd, User: "root"}, {Action: roles.UserGrantRole, User: "root", Role: "root"},
		})}, 1, func(roles.Step) {}))
		_, err := s.as(t, "root").UserAdd(t.Context(), "guest", "secret")
		must(t, err)
		must(t, root.EnableAuth(t.Context()))
	}
	for _, c := range []struct {
		name, cn, password string
		at                 *server
		as                 store.Identity
		reason             store.Reason
		err, advice        string
	}{
		{"no user", "ops", "", seeing, store.Identity{User: "ops", Certificate: "ops.pem", Source: "--cert"}, store.NoUser,
			`listing users: etcdserver: user name not found: etcd has no user "ops", the CN of ops.pem (named by --cert)`, nameRoot},
		{"a component in its own shell", "app", "", seeing, store.Identity{User: "app", Certificate: "client.crt", Source: "ETCDCTL_CERT"}, store.NotRoot,
			`listing users: etcdserver: permission denied: the user "app", the CN of client.crt (named by ETCDCTL_CERT) does not hold role root`, unset},
		{"a password", "", "secret", seeing, store.Identity{User: "guest", Source: "--user"}, store.NotRoot,
			`listing users: etcdserver: permission denied: the user "guest" (named by --user) does not hold role root`,
			"Name a user that holds role root, or leave out --user: " + inMemory},
		{"an exported password", "", "secret", seeing, store.Identity{User: "guest", Source: "ETCDCTL_USER"}, store.NotRoot,
			`listing users: etcdserver: permission denied: the user "guest" (named by ETCDCTL_USER) does not hold role root`, unset},
		{"an empty CN", "", "", seeing, store.Identity{Certificate: "proxy.pem", Source: "--cert"}, store.EmptyCN,
			`listing users: etcdserver: user name is empty: etcd takes a certificate's CN for the user, and the CN of proxy.pem (named by --cert) is empty`, nameRoot},
		{"locked out", "root", "", ignoring, store.Identity{User: "root", Certificate: "root's certificate made in memory"}, store.LockedOut,
			`listing users: etcdserver: user name is empty: every member ignores the user "root", the CN of root's certificate made in memory: none is started with --client-cert-auth, and root cannot get in by certificate`,
			"On the host of each member, " + restart},
		{"root by another name", "app", "", seeing, store.Identity{User: "app", Certificate: "root's certificate made in memory"}, store.NotRoot,
			`listing users: etcdserver: permission denied: the user "app", the CN of root's certificate made in memory does not hold role root`,
			"Look whether that port is etcd's own: behind an etcd grpc-proxy no certificate reaches etcd. Name the members themselves with --endpoints."},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			target := store.Target{Endpoints: []string{c.at.url}, TLS: c.at.tls(t, c.cn), As: c.as, Password: c.password, Timeout: patience}
			if c.password != "" {
				target.User = c.as.User
			}
			etcd, err := store.Connect(t.Context(), target)
			must(t, err)
			defer etcd.Close()
			_, err = etcd.Observe(t.Context(), nil)
			var refused *store.RefusedError
			if !errors.As(err, &refused) || refused.Reason != c.reason || err.Error() != c.err || hint.Text(err) != c.advice {
				t.Errorf("got\n%v\nhint %s\nwant\n%s\nhint %s", err, hint.Text(err), c.err, c.advice)
			}
			if _, some := etcd.ObserveSome(t.Context(), nil, nil, noUser); fmt.Sprint(some) != c.err || hint.Text(some) != c.advice {
				t.Errorf("of some: %v\nhint %s", some, hint.Text(some))
			}
		})
	}
}

// One member of several ignores the CN: it is named, and the others are what helps.
func TestAMemberThatIgnoresTheCNIsNamed(t *testing.T) {
	t.Parallel()
	seeing := startSilent(t)
	ignoring := startUnder(t, seeing.clients, seeing.servers, "--client-cert-auth=false")
	for _, s := range []*server{seeing, ignoring} {
		s.await(t)
		root := s.connect(t, "root")
		must(t, root.Apply(t.Context(), roles.Plan{Steps: inOrder([]roles.Step{
			{Action: roles.UserAdd, User: "root"}, {Action: roles.UserGrantRole, User: "root", Role: "root"},
		})}, 1, func(roles.Step) {}))
		must(t, root.EnableAuth(t.Context()))
	}
	for _, c := range []struct{ name, other, until string }{
		{"beside one that sees", seeing.url, " Until then these take the certificate: --endpoints " + seeing.url + "."},
		{"beside one that is silent", "https://" + freeAddress(t), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			etcd, err := store.Connect(t.Context(), store.Target{Endpoints: []string{c.other, ignoring.url}, TLS: seeing.tls(t, "root"), As: store.Identity{User: "root"}, Timeout: patience})
			must(t, err)
			defer etcd.Close()
			for err == nil { // the members take turns
				_, err = etcd.Observe(t.Context(), nil)
			}
			var refused *store.RefusedError
			want := ignoring.url + ` ignores the user "root": it is not started with --client-cert-auth`
			advice := "On the host of each member named, " + restart + c.until
			if !errors.As(err, &refused) || refused.Reason != store.IdentityIgnored || !strings.HasSuffix(err.Error(), "etcdserver: user name is empty: "+want) || hint.Text(err) != advice {
				t.Errorf("got\n%v\nhint %s\nwant\n%s\nhint %s", err, hint.Text(err), want, advice)
			}
		})
	}
}

// A certificate that a member does not take is named, too.
func TestAHandshakeThatIsRefusedNamesTheCertificate(t *testing.T) {
	t.Parallel()
	s, other := startEtcd(t), newCA(t, "another CA")
	config := s.tls(t, "root")
	config.Certificates[0] = issue(t, clientTemplate("root"), other).pair()
	_, err := store.Connect(t.Context(), store.Target{Endpoints: []string{s.url}, TLS: config, As: store.Identity{User: "root", Certificate: "root.pem", Source: "ETCDCTL_CERT"}, Timeout: patience})
	want := "shaking hands with " + s.url + ": remote error: tls: unknown certificate authority: it was shown root.pem (named by ETCDCTL_CERT)"
	if err == nil || err.Error() != want || hint.Text(err) == "" {
		t.Errorf("got %v\nhint %s", err, hint.Text(err))
	}
}
