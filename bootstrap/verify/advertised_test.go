package verify

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/policies"
)

// Where the cluster lists a member, and the policy does not.
func TestAdvertised(t *testing.T) {
	t.Parallel()
	refused := errors.New("connection refused")
	const listed = ": etcd1: the cluster lists it for "
	for name, c := range map[string]struct {
		at        Advertised
		plain     bool // it answers http there
		endpoints bool // the policy names no members
		want      []string
	}{
		"no answer": {at: Advertised{URL: "https://10.0.0.11:9", Err: refused},
			want: []string{"warning members/client-url" + listed + "clients at https://10.0.0.11:9, where it could not be asked: connection refused"}},
		"no answer, endpoints": {at: Advertised{URL: "https://10.0.0.11:9", Err: refused}, endpoints: true,
			want: []string{"info members/client-url" + listed + "clients at https://10.0.0.11:9, where it could not be asked: connection refused"}},
		"another member": {at: Advertised{URL: "https://10.0.0.12:2379", Member: "etcd2"},
			want: []string{"error members/client-url" + listed + "clients at https://10.0.0.12:2379, where etcd2 answers"}},
		"another cluster": {at: Advertised{URL: "https://10.0.9.9:2379"},
			want: []string{"error members/client-url" + listed + "clients at https://10.0.9.9:2379, where another server answers"}},
		"another name": {at: Advertised{URL: "https://etcd1:2379", Member: "etcd1"},
			want: []string{"info members/client-url" + listed + "clients at https://etcd1:2379, and the policy says https://10.0.0.11:2379"}},
		"http": {at: Advertised{URL: "http://10.0.0.11:9"},
			want: []string{"warning members/client-url" + listed + "clients at http://10.0.0.11:9, without TLS: a client that asks the cluster for its members cannot use it"}},
		"http that answers": {at: Advertised{URL: "http://10.0.0.11:9"}, plain: true,
			want: []string{"critical members/anonymous: etcd1: answers plain http at http://10.0.0.11:9, where no client has a name"}},
		"members, no answer": {at: Advertised{URL: "https://10.0.0.11:9", Peer: true, Err: refused},
			want: []string{"warning members/peer-url" + listed + "members at https://10.0.0.11:9, where it could not be asked: connection refused"}},
		"members, another name": {at: Advertised{URL: "https://etcd1:2380", Peer: true, Member: "etcd1"},
			want: []string{"info members/peer-url" + listed + "members at https://etcd1:2380, and the policy says https://10.0.0.11:2380"}},
		"members, http": {at: Advertised{URL: "http://10.0.0.11:2380", Peer: true}}, // members/peer-port
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := sound()
			if !c.endpoints {
				e.Policy.Cluster.Members = []policies.Member{{Name: "etcd1"}}
			}
			m := &e.Members[0]
			m.PeerURL, m.Advertised = "https://10.0.0.11:2380", []Advertised{c.at}
			if c.plain {
				m.Plain = []string{c.at.URL}
			}
			if diff := cmp.Diff(c.want, lines(e, append(MemberChecks(), advertisedChecks()...))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What the cluster lists is asked only where the policy says something else.
func TestUnnamedAddresses(t *testing.T) {
	t.Parallel()
	m := Member{Name: "etcd1", URL: "https://[::1]:2379", PeerURL: "https://Etcd1:2380", ID: 1, Described: true}
	listed := []Peer{
		{ID: 1, ClientURLs: []string{"https://[0:0:0:0:0:0:0:1]:2379", "http://[::1]:2379", "https://[::1]:2389"}, PeerURLs: []string{"https://etcd1:2380", "https://10.0.0.11:2380"}},
		{ID: 2, ClientURLs: []string{"https://10.0.0.12:2379"}},
	}
	want := []Advertised{{URL: "http://[::1]:2379"}, {URL: "https://[::1]:2389"}, {URL: "https://10.0.0.11:2380", Peer: true}}
	if diff := cmp.Diff(want, unnamed(m, listed)); diff != "" {
		t.Error(diff)
	}
	m.PeerURL = ""
	if diff := cmp.Diff(want[:2], unnamed(m, listed)); diff != "" {
		t.Errorf("a policy that names no port for members: %s", diff)
	}
	m.Err = errors.New("connection refused")
	if got := unnamed(m, listed); got != nil {
		t.Errorf("a member that is down: %v", got)
	}
}
