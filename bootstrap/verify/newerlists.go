package verify

import (
	"context"
	"slices"
	"sync"

	"lockstep/bootstrap/world"
	"lockstep/certgen"
)

// NewerLists is the members that have a newer list of revoked clients than the PKI folder, which was
// restored from before a revocation or copied: they refuse the canary of the next list and take
// root's certificate. A member that cannot be asked is none of them; without root's certificate no
// member is.
func NewerLists(ctx context.Context, w *world.World) []string {
	next := canariesOf(w).next
	root, err := w.Root(ctx)
	if next == nil || err != nil {
		return nil
	}
	members := w.Members()
	newer := make([]string, len(members))
	var group sync.WaitGroup
	for i, m := range members {
		group.Go(func() {
			if showCanary(ctx, w, next, certgen.ClientCA, m.URL).Outcome != Refused {
				return
			}
			if _, err := w.Handshake(ctx, m.URL, root); err == nil { // see showCanary
				newer[i] = m.Name
			}
		})
	}
	group.Wait()
	return slices.DeleteFunc(newer, func(name string) bool { return name == "" })
}
