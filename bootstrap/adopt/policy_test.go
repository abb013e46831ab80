package adopt

import (
	"flag"
	"path/filepath"
	"testing"
	"time"

	"lockstep/policies/goldentest"
	"lockstep/policies/keyrange"
	"lockstep/policies/presets"
	"lockstep/roles"
	"lockstep/roles/store"
)

var update = flag.Bool("update", false, "write testdata/*.yaml instead of comparing them")

func person(name string, held ...string) roles.User {
	return roles.User{Name: name, Roles: held, Password: roles.PasswordAbsent}
}

func role(name string, permissions ...keyrange.Permission) roles.Role {
	return roles.Role{Name: name, Permissions: permissions}
}

func withPassword(u roles.User) roles.User {
	u.Password = roles.PasswordPresent
	return u
}

func preset(name string, with map[string]string) []keyrange.Permission {
	p, _ := presets.Lookup(name)
	permissions, _, _ := p.Expand("x", with)
	return permissions
}

// cluster3 is three members as they advertise themselves.
func cluster3() []store.Member {
	return []store.Member{
		{ID: 1, Name: "etcd1", PeerURLs: []string{"https://10.0.0.11:2380"}, ClientURLs: []string{"https://127.0.0.1:2379", "https://10.0.0.11:2379"}},
		{ID: 2, Name: "etcd2", PeerURLs: []string{"https://10.0.0.12:2380"}, ClientURLs: []string{"https://etcd2.example:2379"}},
		{ID: 3, Name: "etcd3", PeerURLs: []string{"https://10.0.0.13:2380"}, ClientURLs: []string{"https://10.0.0.13:2379"}, Learner: true},
	}
}

func until(day string) time.Time {
	t, _ := time.Parse(time.DateOnly, day)
	return t
}

// living is a cluster that has been in use for years.
func living() (roles.State, Facts) {
	s := roles.State{Enabled: true, Revision: 70,
		Users: []roles.User{
			person("App", "app-role"),
			person("a b", "app-role"),
			person("admin", "root"),
			person("app", "app-role"),
			person("binary", "binary"),
			person("boss", "app-role", "root"),
			person("calico-cni", "calico-cni"),
			person("idle"),
			person("kube-apiserver-etcd-client", "apiserver"),
			person("kube-flannel", "net"),
			withPassword(person("legacy", "legacy")),
			person("many", "app-role", "legacy"),
			person("nothing", "nothing"),
			person("old-empty", "old-empty"),
			person("old-inverted", "old-inverted"),
			person("old-keyless", "old-keyless"),
			person("reader", "app-role"),
			person("root", "old", "root"),
			person("twice", "twice"),
			person("word", "App-Role"),
		},
		Roles: []roles.Role{
			role("App-Role", keyrange.Key("/w", keyrange.Read)),
			role("apiserver", preset("kubernetes/kube-apiserver", nil)...),
			role("app-role", keyrange.Prefix("/app/", keyrange.ReadWrite), keyrange.Key("flag", keyrange.Read), keyrange.Between("/b", "/c", keyrange.Read), keyrange.FromKey("/x y", keyrange.Read)),
			role("binary", keyrange.Key("\xff\x00", keyrange.Read), keyrange.Prefix("/ok/", keyrange.Read)),
			role("calico-cni", preset("calico/cni", nil)...),
			role("legacy", keyrange.Everything(keyrange.Read), keyrange.Prefix("/app/", keyrange.Write)),
			role("net", preset("flannel", map[string]string{"prefix": "/net/"})...),
			role("nothing"),
			role("old"),
			role("old-empty", keyrange.Prefix("/confs/", keyrange.ReadWrite), keyrange.Between("/summary.txt", "/summary.txt", keyrange.Read)),
			role("old-inverted", keyrange.Between("etcd2", "etcd10", keyrange.Read)),
			role("old-keyless", keyrange.Key("", keyrange.Write), keyrange.FromKey("", keyrange.Read), keyrange.Between("", "b", keyrange.Write)),
			role("old~bridge", keyrange.Key("yes", keyrange.Read)),
			role("twice", keyrange.Prefix("/d", keyrange.ReadWrite), keyrange.Prefix("/d", keyrange.Read)),
		}}
	return s, Facts{Endpoints: []string{"https://10.0.0.11:2379"}, Members: cluster3(), Certificates: []Certificate{
		{File: "app.crt", Name: "app", Key: "rsa-2048", Until: until("2027-05-01")},
		{File: "bad.pem", Problem: "it holds no certificate that can be read:\nx509"},
		{File: "legacy.pem", Name: "legacy", Until: until("2026-01-31"), Server: true},
		{File: "new.pem", Name: "new one", Until: until("2026-01-31")},
		{File: "root.pem", Name: "root", Until: until("2026-01-31")},
		{File: "server.pem", Until: until("2026-01-31"), Server: true},
	}}
}

func TestPolicyDescribesACluster(t *testing.T) {
	t.Parallel()
	type arguments struct {
		state roles.State
		facts Facts
	}
	tests := map[string]arguments{}
	s, f := living()
	tests["living"] = arguments{s, f}
	tests["proposed"] = arguments{
		roles.State{Roles: []roles.Role{role("calico-cni", keyrange.Key("/x", keyrange.Read))}},
		Facts{Members: cluster3()[:1], Endpoints: []string{"https://10.0.0.11:2379"},
			Held: []Held{
				{"calico/cni", keyrange.Prefix("/calico/ipam/v2/", keyrange.ReadWrite)},
				{"kubernetes/kube-apiserver", keyrange.Prefix("/registry/", keyrange.ReadWrite)},
				{"kubernetes/kubeadm-apiserver", keyrange.Prefix("/registry/", keyrange.ReadWrite)},
			},
			CA: "../ca.crt",
			Certificates: []Certificate{
				{File: "a/health.crt", Name: "kube-etcd-healthcheck-client", Until: until("2027-05-01"), ByCA: true},
				{File: "a/apiserver.crt", Name: "kube-apiserver-etcd-client", Key: "rsa-2048", Until: until("2027-05-01")},
				{File: "a/server.crt", Name: "kube-apiserver", Until: until("2027-05-01"), Server: true},
			}}}
	tests["kubeadm"] = arguments{
		roles.State{Enabled: true, Users: []roles.User{
			person("calico-node", "calico-node"), person("kube-apiserver-etcd-client", "kube-apiserver-etcd-client"),
			person("kube-etcd-healthcheck-client", "root"), person("root", "root"), person("twice", "calico-node"), person("other", "calico-node"),
		}, Roles: []roles.Role{
			role("calico-node", preset("calico/node", nil)...), role("kube-apiserver-etcd-client", preset("kubernetes/kubeadm-apiserver", nil)...),
		}},
		Facts{Members: cluster3(), CA: "/etc/kubernetes/pki/etcd/ca.crt", Certificates: []Certificate{
			{File: "/etc/kubernetes/pki/apiserver-etcd-client.crt", Name: "kube-apiserver-etcd-client", Key: "rsa-2048", Until: until("2027-05-01"), ByCA: true},
			{File: "/etc/kubernetes/pki/etcd/healthcheck-client.crt", Name: "kube-etcd-healthcheck-client", Key: "rsa-2048", Until: until("2027-05-01"), ByCA: true},
			{File: "a.crt", Name: "twice", Until: until("2027-05-01"), ByCA: true},
			{File: "b.crt", Name: "twice", Until: until("2027-05-01"), ByCA: true},
			{File: "other.crt", Name: "other", Until: until("2027-05-01")},
			{File: "bad-key.pem", Name: "calico-node", Until: until("2027-05-01"), ByCA: true},
		}}}
	tests["ours"] = arguments{
		roles.State{Enabled: true, Users: []roles.User{person("app", "app"), withPassword(person("root", "root"))}, Roles: []roles.Role{role("app", keyrange.Prefix("/app/", keyrange.Read))}},
		Facts{Members: cluster3(), Folder: Folder{Cluster: "edge", Hosts: map[string][]string{
			"etcd1": {"10.0.0.11", "etcd1.edge.internal"}, "etcd2": {"10.0.0.12", "etcd2.example"}, "etcd3": {"10.0.0.13"}}}}}
	tests["auth-off"] = arguments{
		roles.State{Users: []roles.User{{Name: "app", Roles: []string{"app"}}}, Roles: []roles.Role{role("app")}},
		Facts{Endpoints: []string{"https://a.example:2379"}, Members: []store.Member{
			{ID: 0xab, PeerURLs: []string{"https://10.0.0.12:2380"}},
			{ID: 1, Name: "default", PeerURLs: []string{"http://localhost:2380"}, ClientURLs: []string{"http://localhost:2379"}}}}}
	tests["only-foreign"] = arguments{
		roles.State{Enabled: true, Users: []roles.User{withPassword(person("app", "app")), person("root", "root")}, Roles: []roles.Role{role("app")}},
		Facts{Members: cluster3()}}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Policy(test.state, test.facts)
			if err != nil {
				t.Fatal(err)
			}
			goldentest.Compare(t, *update, filepath.Join("testdata", name+".yaml"), string(got.Text))
		})
	}
}

func TestAClusterWithoutAnAddressIsNotDescribed(t *testing.T) {
	t.Parallel()
	_, err := Policy(roles.State{}, Facts{Endpoints: []string{"https://UPPER:2379"}})
	const want = "describing the cluster: no member advertises an https address that a policy can name, and neither can https://UPPER:2379"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
