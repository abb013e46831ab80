package adopt

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"lockstep/roles/store"
)

// names is the member ID behind each endpoint; 0 for one that does not answer.
type names map[string]uint64

func (n names) Status(_ context.Context, endpoint string) (store.Status, error) {
	if n[endpoint] == 0 {
		return store.Status{}, errors.New("no answer")
	}
	return store.Status{MemberID: n[endpoint]}, nil
}

func TestTwoNamesOfOneMemberAreOneMember(t *testing.T) {
	t.Parallel()
	etcd := names{"https://a:1": 7, "https://10.0.0.1:1": 7, "https://b:1": 8}
	asked := []string{"https://a:1", "https://silent:1", "https://10.0.0.1:1", "https://b:1", "https://other:1"}
	want := []string{"https://a:1", "https://silent:1", "https://b:1", "https://other:1"}
	if got := Distinct(t.Context(), etcd, asked, time.Second); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
