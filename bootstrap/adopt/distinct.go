package adopt

import (
	"context"
	"time"

	"lockstep/roles/store"
)

// Asker asks the member behind one endpoint; *store.Client has it.
type Asker interface {
	Status(ctx context.Context, endpoint string) (store.Status, error)
}

// Distinct is the endpoints without those that lead to a member that an earlier one leads
// to, by member ID: two names of one member are one member. An endpoint that does not tell
// within timeout is kept.
func Distinct(ctx context.Context, etcd Asker, endpoints []string, timeout time.Duration) []string {
	seen := map[uint64]bool{}
	var out []string
	for _, url := range endpoints {
		bounded, cancel := context.WithTimeout(ctx, timeout)
		status, err := etcd.Status(bounded, url)
		cancel()
		if err == nil && seen[status.MemberID] {
			continue
		}
		if err == nil {
			seen[status.MemberID] = true
		}
		out = append(out, url)
	}
	return out
}
