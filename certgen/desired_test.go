package certgen_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/certgen"
	"lockstep/policies"
)

// TestProfiles is the certificate table of the design, row by row.
func TestProfiles(t *testing.T) {
	t.Parallel()
	var got []string
	p := edge(t)
	for _, x := range append(certgen.Desired(p).Profiles, certgen.RootProfile(p, hour)) {
		got = append(got, fmt.Sprintf("%s kind=%s ca=%s whose=%s user=%s O=%s OU=%s hosts=%s usages=%v key=%s for=%s",
			x.Path, x.Kind, x.CA, x.Identity, x.User, strings.Join(x.Organization(), ","), strings.Join(x.Subject.OrganizationalUnit, ","),
			strings.Join(x.Hosts, ","), x.Usages(), x.Key, x.Lifetime))
	}
	want := []string{
		"ca/client kind=ca ca=client whose=client user= O=edge OU=ops hosts= usages=[clientAuth] key=ecdsa-p256 for=87600h0m0s",
		"ca/server kind=ca ca=server whose=server user= O=edge OU=ops hosts= usages=[serverAuth] key=ecdsa-p256 for=87600h0m0s",
		"ca/peer kind=ca ca=peer whose=peer user= O=edge OU=ops hosts= usages=[serverAuth clientAuth] key=ecdsa-p256 for=87600h0m0s",
		"members/etcd1/server kind=server ca=server whose=etcd1 user= O=edge OU=ops hosts=10.0.0.11,etcd1.edge.internal,localhost,127.0.0.1,::1 usages=[serverAuth] key=ecdsa-p256 for=8760h0m0s",
		"members/etcd1/peer kind=peer ca=peer whose=etcd1 user= O=edge OU=ops hosts=10.0.0.11,etcd1.edge.internal usages=[serverAuth clientAuth] key=ecdsa-p256 for=8760h0m0s",
		"members/etcd2/server kind=server ca=server whose=etcd2 user= O=edge OU=ops hosts=etcd2.edge.internal,localhost,127.0.0.1,::1 usages=[serverAuth] key=ecdsa-p256 for=8760h0m0s",
		"members/etcd2/peer kind=peer ca=peer whose=etcd2 user= O=edge OU=ops hosts=etcd2.edge.internal usages=[serverAuth clientAuth] key=ecdsa-p256 for=8760h0m0s",
		"proxies/proxy1/server kind=server ca=server whose=proxy1 user= O=edge OU=ops hosts=10.0.0.21,localhost,127.0.0.1,::1 usages=[serverAuth] key=ecdsa-p256 for=8760h0m0s",
		"proxies/proxy1/client kind=proxy-client ca=client whose=proxy1 user= O=edge OU=ops hosts= usages=[clientAuth] key=ecdsa-p256 for=8760h0m0s",
		"components/flannel/client kind=component ca=client whose=flannel user=flannel O=edge OU=ops hosts= usages=[clientAuth] key=ecdsa-p256 for=2160h0m0s",
		"components/reader/client kind=component ca=client whose=reader user=Reader O=edge OU=ops hosts= usages=[clientAuth] key=ed25519 for=168h0m0s",
		"root/client kind=root ca=client whose=root user=root O=edge OU=ops hosts= usages=[clientAuth] key=ecdsa-p256 for=1h0m0s",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDesiredFiles(t *testing.T) {
	t.Parallel()
	w := certgen.Desired(edge(t))
	check := func(what string, got []string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(what + diff)
		}
	}
	check("files", slices.Sorted(maps.Keys(w.Files)), ".gitignore", "components/flannel/etcdctl.env", "components/reader/etcdctl.env",
		"members/etcd1/etcd.env", "members/etcd2/etcd.env", "proxies/proxy1/proxy.env")
	check("copies", slices.Sorted(maps.Keys(w.Copies)), "components/flannel/ca.crt", "components/reader/ca.crt",
		"members/etcd1/client-ca.crt", "members/etcd1/peer-ca.crt", "members/etcd1/server-ca.crt",
		"members/etcd2/client-ca.crt", "members/etcd2/peer-ca.crt", "members/etcd2/server-ca.crt",
		"proxies/proxy1/client-ca.crt", "proxies/proxy1/server-ca.crt")
	check("lists", slices.Sorted(maps.Keys(w.CRLs)), "client.crl", "members/etcd1/client.crl", "members/etcd1/peer.crl",
		"members/etcd2/client.crl", "members/etcd2/peer.crl", "peer.crl", "proxies/proxy1/client.crl")

	// What is wanted is what Locate knows, as what it is.
	for name := range w.Files {
		if got := certgen.Locate(name); got.Purpose != certgen.ForText {
			t.Errorf("%s is %+v", name, got)
		}
	}
	for name, ca := range w.Copies {
		if got := certgen.Locate(name); got != (certgen.Item{Purpose: certgen.ForCopy, CA: ca}) {
			t.Errorf("%s is %+v", name, got)
		}
	}
	for name, ca := range w.CRLs {
		if got := certgen.Locate(name); got != (certgen.Item{Purpose: certgen.ForCRL, CA: ca}) {
			t.Errorf("%s is %+v", name, got)
		}
	}
	for _, p := range w.Profiles {
		if got := certgen.Locate(p.Path + ".crt"); got != (certgen.Item{Purpose: certgen.ForCertificate, Pair: p.Path, CA: p.CA}) {
			t.Errorf("%s is %+v", p.Path, got)
		}
	}
}

func TestDesiredOfEndpoints(t *testing.T) {
	t.Parallel()
	p := edge(t)
	p.Cluster.Members, p.Cluster.Proxies, p.Cluster.Endpoints = nil, nil, []string{"https://a:2379", "https://b:2379"}
	w := certgen.Desired(p)
	var got []string
	for _, x := range w.Profiles {
		got = append(got, x.Path)
	}
	if diff := cmp.Diff([]string{"ca/client", "components/flannel/client", "components/reader/client"}, got); diff != "" {
		t.Error(diff)
	}
	if len(w.Copies) != 0 {
		t.Errorf("copies of a CA that is not ours: %v", w.Copies)
	}
	want := "# etcdctl as component flannel (user flannel), written by lockstep, which overwrites changes.\n" +
		"# In this folder, type  set -a; . ./etcdctl.env; etcdctl get KEY\n" +
		"ETCDCTL_ENDPOINTS=https://a:2379,https://b:2379\nETCDCTL_CERT=client.crt\nETCDCTL_KEY=client.key\n"
	if diff := cmp.Diff(want, string(w.Files["components/flannel/etcdctl.env"])); diff != "" {
		t.Error(diff)
	}
}

func TestLocate(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]certgen.Item{
		"ca/client.key":                       {Purpose: certgen.ForKey, Pair: "ca/client", CA: certgen.ClientCA},
		"members/a/peer.key.new":              {Purpose: certgen.ForKey, Pair: "members/a/peer", CA: certgen.PeerCA, Staged: true},
		"members/a/etcd.env.new":              {Purpose: certgen.ForText, Staged: true},
		"recovery":                            {Purpose: certgen.ForSecret},
		"recovery.new":                        {Purpose: certgen.ForSecret, Staged: true},
		"seed.db":                             {Purpose: certgen.ForSeed},
		"seed.db.new":                         {Purpose: certgen.ForSeed, Staged: true},
		"members/a/restore.sh":                {Purpose: certgen.ForSeed},
		"members/a/seed.db":                   {},
		"components/a/restore.sh":             {},
		"retired/flannel/1a.crt":              {Purpose: certgen.ForRetired},
		"retired/flannel/1a.key":              {},
		"retired/1a.crt":                      {},
		"members/a/client.crt":                {},
		"components/a/server.crt":             {},
		"components/client.crt":               {},
		"components/a/b/client.crt":           {},
		"components/a b/client.crt":           {},
		"components/\x1b[2J/client.crt":       {},
		"components/../client.crt":            {},
		"ca/other.crt":                        {},
		"ca/client.pem":                       {},
		"server.crl":                          {},
		"README":                              {},
		"README.new":                          {},
		"":                                    {},
		"components/a/client.crt.new.new":     {},
		"root/client.crt":                     {Purpose: certgen.ForCertificate, Pair: "root/client", CA: certgen.ClientCA},
		"root/x/client.crt":                   {},
		"components/instances/etcdctl.env":    {Purpose: certgen.ForText},
		"components/a/etcdctl.env/client.crt": {},
		"components/a/instances/client.crt":   {},

		"components/a/instances/b/client.key": {Purpose: certgen.ForKey, Pair: "components/a/instances/b/client", CA: certgen.ClientCA},
		"components/a/instances/b/ca.crt.new": {Purpose: certgen.ForCopy, CA: certgen.ServerCA, Staged: true},
	} {
		if got := certgen.Locate(name); got != want {
			t.Errorf("%q is %+v, want %+v", name, got, want)
		}
	}
}

func TestIsDir(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"ca": true, "root": true, "members": true, "proxies": true, "components": true, "retired": true,
		"members/a": true, "components/instances": true, "components/a/instances": true, "components/a/instances/b": true, "retired/a": true,
		"": false, "x": false, "ca/client": false, "root/x": false, "members/a/b": false, "members/a/instances": false,
		"components/a/instances/b/c": false, "components/a/instances/b/instances": false, "components/..": false, "retired/a b": false,
	} {
		if certgen.IsDir(name) != want {
			t.Errorf("%q: want %v", name, want)
		}
	}
}

func FuzzLocate(f *testing.F) {
	for _, name := range []string{"ca/client.key", "members/a/etcd.env.new", "retired/a/1.crt", "../x", "components//client.crt"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		item := certgen.Locate(name)
		if item.Purpose == certgen.ForStray && item != (certgen.Item{}) {
			t.Errorf("%q is stray and yet %+v", name, item)
		}
		if item.Purpose != certgen.ForStray && strings.Contains("/"+name+"/", "/../") {
			t.Errorf("%q leads out of the folder and is %+v", name, item)
		}
	})
}

func TestHostsAreListedOnce(t *testing.T) {
	t.Parallel()
	p := edge(t)
	p.Cluster.Members = []policies.Member{{Name: "m", Hosts: []string{"LOCALHOST", "127.0.0.1", "0:0:0:0:0:0:0:1", "a.b", "A.b."}}}
	got := profiles(p)["members/m/server"].Hosts
	if diff := cmp.Diff([]string{"LOCALHOST", "127.0.0.1", "0:0:0:0:0:0:0:1", "a.b"}, got); diff != "" {
		t.Error(diff)
	}
}
