package certgen_test

import (
	"fmt"
	"testing"

	"lockstep/certgen"
)

func TestParsePlace(t *testing.T) {
	for path, want := range map[string]certgen.Place{
		"ca":                                   {Kind: certgen.PlaceCA},
		"ca/client":                            {Kind: certgen.PlaceCA, Use: "client"},
		"root/etcdctl.env":                     {Kind: certgen.PlaceRoot, Use: "etcdctl.env"},
		"members/etcd1":                        {Kind: certgen.PlaceMember, Name: "etcd1"},
		"members/etcd1/peer":                   {Kind: certgen.PlaceMember, Name: "etcd1", Use: "peer"},
		"proxies/p/client":                     {Kind: certgen.PlaceProxy, Name: "p", Use: "client"},
		"components/flannel/client":            {Kind: certgen.PlaceComponent, Name: "flannel", Use: "client"},
		"components/instances/client":          {Kind: certgen.PlaceComponent, Name: "instances", Use: "client"},
		"components/a/instances/node-a":        {Kind: certgen.PlaceComponent, Name: "a", Instance: "node-a"},
		"components/a/instances/node-a/client": {Kind: certgen.PlaceComponent, Name: "a", Instance: "node-a", Use: "client"},
	} {
		if got, ok := certgen.ParsePlace(path); !ok || got != want || got.String() != path {
			t.Errorf("%s: got %+v, %v, which is written %s; want %+v", path, got, ok, got, want)
		}
	}
	for _, path := range []string{
		"", "/", ".", "..", "x", "members", "components", "retired/x/1.crt", "ca/", "ca/../x", "/ca/client", "ca/a/b", "members/a/b/c",
		"members/a/instances/b/client", "components/a/instances", "components/a/instances/b/c/d", "components//client", "components/a b/client",
	} {
		if got, ok := certgen.ParsePlace(path); ok || got != (certgen.Place{}) {
			t.Errorf("%q is the place %+v", path, got)
		}
	}
}

func FuzzPlace(f *testing.F) {
	for _, path := range []string{"ca/client", "root/client", "members/a/peer", "components/a/instances/b/client", "components/instances/instances/instances/instances"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		place, ok := certgen.ParsePlace(path)
		if !ok {
			return
		}
		if place.String() != path {
			t.Fatalf("%q is %+v, which is written %q", path, place, place)
		}
		for _, p := range []certgen.Place{place.Folder(), place.In("client"), place.Owner()} {
			if got, ok := certgen.ParsePlace(p.String()); !ok || got != p {
				t.Fatalf("%+v is written %q, which is %+v", p, p, got)
			}
		}
	})
}

func ExamplePlace() {
	place := certgen.PlaceOf("components/calico-node/instances/node-a/client")
	fmt.Println(place.Component(), place.Instance, place.Use)
	fmt.Println(place.Folder().In("ca.crt"))
	// Output:
	// calico-node node-a client
	// components/calico-node/instances/node-a/ca.crt
}
