package presets

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"lockstep/policies/keyrange"
)

// The whole of every built-in preset, as it is granted: R read, RW readwrite, each on a
// prefix. A row may set parameters: "calico/felix wireguard=used".
func TestBuiltinPresetsGrantExactlyThis(t *testing.T) {
	t.Parallel()
	const calico = "/calico/resources/v3/projectcalico.org/"
	want := map[string]struct {
		rw, r         []string
		user          string
		administrator bool
		identity      string
	}{
		"calico/node": {
			rw: []string{
				"/calico/felix/v1/", "/calico/felix/v2/", "/calico/ipam/v2/",
				calico + "felixconfigurations/", calico + "nodes/", calico + "workloadendpoints/",
				calico + "clusterinformations/", calico + "ippools/",
				calico + "tiers/", calico + "bgpconfigurations/", calico + "caliconodestatuses/", calico + "ipamconfigurations/",
			},
			r: []string{calico},
		},
		"calico/felix": {
			rw: []string{"/calico/felix/v1/", "/calico/felix/v2/"},
			r:  []string{calico, "/calico/ipam/v2/"},
		},
		"calico/felix wireguard=used": {
			rw: []string{"/calico/felix/v1/", "/calico/felix/v2/", calico + "nodes/"},
			r:  []string{calico, "/calico/ipam/v2/"},
		},
		"calico/cni": {
			rw: []string{"/calico/ipam/v2/", calico + "workloadendpoints/"},
			r: []string{
				calico + "ippools/", calico + "clusterinformations/", calico + "nodes/", calico + "ipreservations/",
				calico + "blockaffinities/",
			},
		},
		"calico/cni policy=none kubevirt=used": {
			rw: []string{"/calico/ipam/v2/", calico + "workloadendpoints/", calico + "profiles/"},
			r: []string{
				calico + "ippools/", calico + "clusterinformations/", calico + "nodes/", calico + "ipreservations/",
				calico + "blockaffinities/", calico + "ipamconfigurations/",
			},
		},
		"calico/kube-controllers": {
			rw: []string{
				"/calico/ipam/v2/", calico + "profiles/", calico + "networkpolicies/", calico + "nodes/",
				calico + "clusterinformations/", calico + "hostendpoints/", calico + "kubecontrollersconfigurations/",
				calico + "tiers/", calico + "workloadendpoints/",
				calico + "felixconfigurations/", calico + "bgpconfigurations/", calico + "bgppeers/",
				calico + "globalnetworkpolicies/", calico + "stagednetworkpolicies/", calico + "stagedglobalnetworkpolicies/",
			},
			r: []string{calico},
		},
		"calico/calicoctl-readonly": {r: []string{"/calico/ipam/v2/", calico}},
		"calico/calicoctl-policy-editor": {
			rw: []string{
				calico + "globalnetworkpolicies/", calico + "globalnetworksets/", calico + "networkpolicies/",
				calico + "networksets/", calico + "profiles/",
				calico + "stagednetworkpolicies/", calico + "stagedglobalnetworkpolicies/", calico + "stagedkubernetesnetworkpolicies/",
			},
			r: []string{"/calico/ipam/v2/", calico},
		},
		"calico/calicoctl":                    {rw: []string{"/calico/ipam/v2/", calico}},
		"kubernetes/kube-apiserver":           {rw: []string{"/registry/"}},
		"kubernetes/kubeadm-apiserver":        {rw: []string{"/registry/"}, user: "kube-apiserver-etcd-client"},
		"kubernetes/kubeadm-etcd-healthcheck": {administrator: true, user: "kube-etcd-healthcheck-client"},
		"backup/snapshot":                     {administrator: true},
		"flannel":                             {rw: []string{"/coreos.com/network/"}},
		"coredns":                             {r: []string{"/skydns/"}},
		"external-dns":                        {rw: []string{"/skydns/"}},
		"traefik":                             {r: []string{"traefik"}},
		"vault":                               {rw: []string{"/vault/"}},
		"vault prefix=/vault-b/":              {rw: []string{"/vault-b/"}},
		"cilium":                              {rw: []string{"cilium/"}},
		"milvus":                              {rw: []string{"by-dev/"}},
		"m3":                                  {rw: []string{"_kv/", "_sd.placement/", "_sd.metadata/"}},
		"vitess":                              {rw: []string{"/vitess/"}},
		"pachyderm":                           {rw: []string{"pachyderm_pps", "pachyderm_pfs", "pachyderm_enterprise"}},
		"confd keys=/app":                     {r: []string{"/app"}},
		"confd":                               {r: []string{"/myapp"}},
		"patroni":                             {rw: []string{"/service/main/"}, identity: ByPassword},
		"patroni scope=15-a namespace=/p/":    {rw: []string{"/p/15-a/"}, identity: ByPassword},
		"apisix":                              {rw: []string{"/apisix"}, identity: ByPassword},
		"apisix role=control_plane":           {rw: []string{"/apisix"}, identity: ByPassword},
		"apisix role=data_plane prefix=/gw":   {r: []string{"/gw"}, identity: ByPassword},
		"calico/openstack-driver": {
			rw: []string{
				calico, "/calico/dhcp/v1/", "/calico/dhcp/v2/", "/calico/compaction/v1/",
				"/calico/openstack/v1/", "/calico/openstack/v2/",
			},
			r:        []string{"/calico/felix/v1/", "/calico/felix/v2/"},
			identity: ByPassword,
		},
		"calico/openstack-dhcp-agent": {r: []string{calico, "/calico/dhcp/v1/", "/calico/dhcp/v2/"}, identity: ByPassword},
		"prometheus":                  {},
		"health-check":                {},
	}
	for _, name := range Names() {
		if _, ok := want[name]; !ok {
			t.Errorf("%s: a preset that this table does not know", name)
		}
	}
	for name, table := range want {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var expected []string
			for _, prefix := range table.rw {
				expected = append(expected, keyrange.Prefix(prefix, keyrange.ReadWrite).String())
			}
			for _, prefix := range table.r {
				expected = append(expected, keyrange.Prefix(prefix, keyrange.Read).String())
			}
			words := strings.Fields(name)
			preset, ok := Lookup(words[0])
			if !ok {
				t.Fatal("not built in")
			}
			with := map[string]string{}
			for _, word := range words[1:] {
				parameter, value, _ := strings.Cut(word, "=")
				with[parameter] = value
			}
			if preset.User != table.user || preset.Administrator != table.administrator || preset.Identity != table.identity {
				t.Errorf("user %q, administrator %v, identity %q", preset.User, preset.Administrator, preset.Identity)
			}
			permissions, _, problems := preset.Expand("x", with)
			var got []string
			for _, p := range permissions {
				got = append(got, p.String())
			}
			if diff := cmp.Diff(asSet(expected), asSet(got)); diff != "" || problems != nil || len(got) != len(expected) {
				t.Errorf("problems %v, permissions (-want +got):\n%s", problems, diff)
			}
		})
	}
}

func asSet(texts []string) map[string]bool {
	set := map[string]bool{}
	for _, text := range texts {
		set[text] = true
	}
	return set
}

// unslashed is the prefixes that software asks for without a slash, so that one would be refused.
var unslashed = map[string]bool{"traefik": true, "/myapp": true, "/apisix": true, "pachyderm_pps": true, "pachyderm_pfs": true, "pachyderm_enterprise": true}

func TestEveryBuiltinPresetSaysWhereItComesFrom(t *testing.T) {
	t.Parallel()
	found, err := load(files)
	if err != nil || len(found) == 0 {
		t.Fatalf("the built-in presets do not load: %v", err)
	}
	for _, p := range found {
		if p.Summary == "" || p.Checked == "" || len(p.Sources) == 0 || len(p.Notes) == 0 {
			t.Errorf("%s: summary %q, checked %q, %d sources, %d notes: none may be missing", p.Name, p.Summary, p.Checked, len(p.Sources), len(p.Notes))
		}
		for _, parameter := range p.Parameters {
			if !parameter.HasDefault || parameter.Description == "" {
				t.Errorf("%s: parameter %s has no default or no description", p.Name, parameter.Name)
			}
		}
		if p.Config == "" && p.Name != "kubernetes/kubeadm-etcd-healthcheck" {
			t.Errorf("%s does not say what the software is configured with", p.Name)
		}
		if len(p.Summary) > 43 {
			t.Errorf("%s: the summary %q makes the list wider than 80 columns", p.Name, p.Summary)
		}
		permissions, _, _ := p.Expand("x", nil)
		for _, permission := range permissions {
			if r := permission.Range(); !strings.HasSuffix(string(permission.Key), "/") && !unslashed[permission.Key] {
				t.Errorf("%s: %v does not end in a slash: it covers its neighbours too (fact 21)", p.Name, r)
			}
		}
	}
}

// flannel lists without the slash at the end; etcd asks for the whole range (fact 22).
func TestFlannelMayListItsSubnetsWithoutASlash(t *testing.T) {
	t.Parallel()
	preset, _ := Lookup("flannel")
	permissions, _, _ := preset.Expand("flannel", nil)
	listed := keyrange.Prefix("/coreos.com/network/subnets", keyrange.Read).Range()
	if !keyrange.Reach(permissions, keyrange.Read).Contains(listed) {
		t.Errorf("%v does not contain %v", permissions, listed)
	}
}

// One broken file takes every preset away: unknown is refused, wrong would be granted.
func TestABrokenBuiltinFileLoadsNothing(t *testing.T) {
	t.Parallel()
	found, err := load(fstest.MapFS{
		"builtin/good.yaml":    {Data: []byte("permissions: []\n")},
		"builtin/b/wrong.yaml": {Data: []byte("permissions: [{prefix: '{who}', access: read}]\n")},
	})
	if found != nil || err == nil || err.Error() != "builtin/b/wrong.yaml:1:24: permissions[0].prefix: {who} stands for nothing\n  hint: known here: {name}" {
		t.Errorf("got %v, %v", found, err)
	}
}
