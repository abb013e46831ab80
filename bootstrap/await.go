package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"lockstep/policies/hint"
	"lockstep/roles/store"
)

// pollInterval is how often a member that does not answer yet is asked again.
const pollInterval = 250 * time.Millisecond

// silent is a member that does not answer, and why.
type silent struct {
	name string
	err  error
}

// awaitEtcd returns when every member answers. When none does, the operator is told
// once what to copy where. After the wait, it is hint.NotInStep when no member answers. When
// some answer, it is a refusal: a run without one member could not see whether that member
// takes the CN for the user.
func (r *run) awaitEtcd(ctx context.Context) error {
	waiting, cancel := context.WithTimeout(ctx, r.options.Wait)
	defer cancel()
	told := false
	for {
		missing := r.silentMembers(ctx)
		switch {
		case len(missing) == 0:
			return nil
		case len(missing) == len(r.World.Members()) && !told && r.Operator != nil && len(r.World.Policy.Cluster.Members) > 0:
			told = true
			if err := r.instruct(ctx, missing); err != nil {
				return err
			}
			if r.options.Wait > 0 {
				r.World.Say("etcd", "waiting up to %s for the members", r.options.Wait)
			}
		}
		select {
		case <-waiting.Done():
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return r.notAnswering(missing)
		case <-time.After(pollInterval):
		}
	}
}

// instruct tells the operator what to copy, to restore and to start where.
func (r *run) instruct(ctx context.Context, missing []silent) error {
	seed, err := r.seedFile()
	if err != nil {
		return err
	}
	return r.Operator.Await(ctx, starts(r.World, missing, seed))
}

func (r *run) notAnswering(missing []silent) error {
	if len(missing) == len(r.World.Members()) {
		switch {
		case all(missing, store.IsNotListening) && len(r.World.Policy.Cluster.Members) == 0:
			return hint.Pending("Start etcd, or correct cluster.endpoints, then run the same command again, or give it --wait 10m.",
				"no endpoint answers")
		case all(missing, store.IsNotListening) && r.options.Seed:
			return hint.Pending("Restore and start every member as shown above, then run lockstep bootstrap --wait 10m, without --seed.",
				"no member answers yet")
		case all(missing, store.IsNotListening):
			return hint.Pending("Start etcd on every member as shown above, then run the same command again, or give it --wait 10m.",
				"no member answers yet")
		case all(missing, store.IsPlain):
			return hint.Pending("Change them over one at a time, as docs/plain-http.md says, and run the same command again. Until then etcd knows no client by its certificate.",
				"every member speaks plain http")
		}
	}
	var names []string
	for _, m := range missing {
		names = append(names, m.name)
	}
	if name := missing[0].name; r.Folder.Joining(name) {
		return hint.Refuse(fmt.Sprintf("lockstep members %[2]s %[1]s goes on with it, lockstep members remove %[1]s gives it up.", name, r.Folder.JoinVerb(name)),
			"%s joins the cluster and cannot be reached: %w", strings.Join(names, ", "), missing[0].err)
	}
	return hint.Refuse(advice(missing[0].err, "Start it, or take it out of the policy and the cluster: no user can be proven to get in through a member that does not answer."),
		"%s cannot be reached: %w", strings.Join(names, ", "), missing[0].err)
}

// advice is what err itself advises, else the fallback.
func advice(err error, fallback string) string {
	if text := hint.Text(err); text != "" {
		return text
	}
	return fallback
}

func all(missing []silent, are func(error) bool) bool {
	return !slices.ContainsFunc(missing, func(m silent) bool { return !are(m.err) })
}

// silentMembers asks every member's port, without a certificate, whether etcd is
// there: any TLS answer is one, its refusal included.
func (r *run) silentMembers(ctx context.Context) []silent {
	members := r.World.Members()
	errs := make([]error, len(members))
	var group sync.WaitGroup
	for i, m := range members {
		group.Go(func() {
			errs[i] = r.answers(ctx, m.URL)
		})
	}
	group.Wait()
	var out []silent
	for i, m := range members {
		if errs[i] != nil {
			out = append(out, silent{m.Name, errs[i]})
		}
	}
	return out
}

func (r *run) answers(ctx context.Context, url string) error {
	_, err := r.World.Handshake(ctx, url, nil)
	var refused *store.HandshakeError
	if errors.As(err, &refused) && refused.ByServer() {
		return nil
	}
	return err
}
