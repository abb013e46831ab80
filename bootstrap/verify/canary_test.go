package verify

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A member that is down is the policy's all the same; one that the policy does not name is told.
func TestUnnamedMembers(t *testing.T) {
	t.Parallel()
	list := []Peer{{ID: 1, Name: "etcd1"}, {ID: 2, Name: "etcd2"}, {ID: 3, Name: "etcd3"}, {ID: 4, PeerURLs: []string{"https://10.0.0.14:2380"}}}
	asked := []Member{
		{Name: "etcd1", ID: 1, Described: true, Peers: list},
		{Name: "etcd2", Err: errors.New("connection refused")},
	}
	if diff := cmp.Diff([]string{"etcd3", "https://10.0.0.14:2380"}, unnamedMembers(asked)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := unnamedMembers([]Member{{Name: "etcd1"}}); got != nil {
		t.Errorf("without a list: got %q", got)
	}
}
