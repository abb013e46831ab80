package bootstrap

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"lockstep/bootstrap/world"
	"lockstep/policies/hint"
	"lockstep/roles/store"
)

// soakInterval is how often the members' counts are read.
const soakInterval = time.Second

// Soak is the requests that the members refused while a run watched them.
type Soak struct {
	Asked, Watched time.Duration // less was watched than asked for after a Ctrl-C
	Refused        []Refused     // by member in the policy's order, then by request
	Restarted      []string      // members whose counts began anew; what they refused just before is lost
	Unknown        []Unknown     // members that did not answer at the beginning or at the end
	// Gateway is the members whose HTTP gateway may have been used: what it answers itself,
	// HTTP 400 to a certificate that has a CN, is in no count.
	Gateway []string
}

// Refused is how often a member refused one kind of request in one way.
type Refused struct {
	Member string
	store.Call
	Count uint64
}

// Unknown is a member of which it is not known what it refused.
type Unknown struct {
	Member string
	Err    error
}

// soak watches for as long as was asked, or until a Ctrl-C. The requests of lockstep itself
// are in the first counts, and reading the counts is no request.
func (r *run) soak(ctx context.Context, count func(context.Context) []counts) *Soak {
	tallies := make([]tally, len(r.World.Members()))
	began, watched := r.World.Now(), time.Duration(0) // until the last look
	look := func() bool {
		found := count(ctx)
		if ctx.Err() != nil {
			return false // the Ctrl-C cut the answers off
		}
		for i := range found {
			r.sayRefused(r.World.Members()[i].Name, tallies[i].add(found[i]))
		}
		return true
	}
	if look() {
		r.World.Say("soak", "watching for %s which requests the members refuse", r.options.Soak)
	}
	for watched < r.options.Soak {
		select {
		case <-ctx.Done():
		case <-time.After(min(soakInterval, r.options.Soak-watched)):
		}
		if !look() {
			break
		}
		watched = min(r.World.Now().Sub(began), r.options.Soak)
		r.saySoaking(watched)
	}
	return conclusion(r.World.Members(), tallies, r.options.Soak, watched)
}

// sayRefused tells of a refusal when it is seen first.
func (r *run) sayRefused(member string, fresh []store.Call) {
	for _, call := range fresh {
		r.World.Warn("soak", "%s refuses %s (%s)", member, call.Method, call.Code)
	}
}

func (r *run) saySoaking(watched time.Duration) {
	total := max(1, int(r.options.Soak/time.Second))
	r.World.Emit(world.Event{Stage: "soak", Text: "seconds", Done: min(total, int(watched/time.Second)), Total: total})
}

// tally adds up what one member refuses. The zero value is before the first look.
type tally struct {
	last      *store.Requests // nil: never read
	missed    error           // the first look failed
	err       error           // the latest look failed
	restarted bool
	gateway   bool
	refused   map[store.Call]uint64
}

// add takes the member's next counts and returns the refusals that are new in kind.
func (t *tally) add(c counts) (fresh []store.Call) {
	first := t.refused == nil
	if first {
		t.refused = map[store.Call]uint64{}
	}
	if t.err = c.err; c.err != nil {
		if first {
			t.missed = c.err
		}
		return nil
	}
	t.gateway = t.gateway || c.gateway
	before := t.last
	t.last = &c.Requests
	if before == nil {
		return nil
	}
	if restarted(*before, c.Requests) {
		t.restarted = true
		before = &store.Requests{}
	}
	for _, call := range sortedCalls(c.Refused) {
		n := c.Refused[call] - before.Refused[call]
		if n > 0 && t.refused[call] == 0 {
			fresh = append(fresh, call)
		}
		t.refused[call] += n
	}
	return fresh
}

// startWobble is how far the start of one process may seem to move: it is computed from the
// machine's clock.
const startWobble = 2 * time.Second

// restarted reports whether a member began to count anew.
func restarted(before, after store.Requests) bool {
	for call, n := range before.Refused {
		if after.Refused[call] < n {
			return true
		}
	}
	return after.Handled < before.Handled || after.Started.Sub(before.Started) > startWobble
}

func sortedCalls(m map[store.Call]uint64) []store.Call {
	return slices.SortedFunc(maps.Keys(m), func(a, b store.Call) int {
		return cmp.Or(cmp.Compare(a.Method, b.Method), cmp.Compare(a.Code, b.Code))
	})
}

func conclusion(members []world.Member, tallies []tally, asked, watched time.Duration) *Soak {
	s := &Soak{Asked: asked, Watched: watched}
	for i, t := range tallies {
		name := members[i].Name
		for _, call := range sortedCalls(t.refused) {
			if n := t.refused[call]; n > 0 {
				s.Refused = append(s.Refused, Refused{name, call, n})
			}
		}
		if t.restarted {
			s.Restarted = append(s.Restarted, name)
		}
		if t.gateway {
			s.Gateway = append(s.Gateway, name)
		}
		if err := cmp.Or(t.missed, t.err); err != nil {
			s.Unknown = append(s.Unknown, Unknown{name, err})
		}
	}
	return s
}

// verdict is nil when no member refused anything for as long as was asked, and all that
// it answered is counted; else a hint.NotInStep error. wayBack is how to undo it all.
func (s *Soak) verdict(wayBack string) error {
	var total uint64
	for _, x := range s.Refused {
		total += x.Count
	}
	var unknown []string
	for _, x := range s.Unknown {
		unknown = append(unknown, x.Member)
	}
	switch {
	case total > 0:
		return hint.Pending("The log of a member that refused names a CN that is no user (\"cannot find a user for permission check\") and a user that was refused a write (\"failed to apply request\"); "+
			"of a user's refused read there is only the count. Give them in the policy what they need, and lockstep apply it.\n"+wayBack,
			"auth is on, and requests were refused: %d in %s", total, s.Watched.Round(soakInterval/10))
	case len(unknown) > 0:
		return hint.Pending(advice(s.Unknown[0].Err, "When it answers, run the same command again: it watches anew."),
			"what %s refused is not known: %w", strings.Join(unknown, ", "), s.Unknown[0].Err)
	case len(s.Restarted) > 0:
		return hint.Pending("Run the same command again: it changes nothing that is in step, and watches anew.",
			"%s began to count anew: what it refused just before its restart is not known", strings.Join(s.Restarted, ", "))
	case len(s.Gateway) > 0:
		return hint.Pending("Look for HTTP 400 (\"CommonName of client\") in the logs of the programs that use the gateway: they need a certificate without a CN, and a user with a password. Write each into the policy with identity: password, and lockstep apply it (docs/gateway.md). "+
			"Where no program needs it, start the member with ETCD_ENABLE_GRPC_GATEWAY=false, and run the same command again.\n"+wayBack,
			"what the HTTP gateway of %s refused is not known: requests without a client version came there, and its own answers are not counted", strings.Join(s.Gateway, ", "))
	case s.Watched < s.Asked:
		return hint.Pending("Run the same command again to watch longer: it changes nothing that is in step.",
			"the soak was ended after %s of %s; the members refused no request until then", s.Watched.Round(soakInterval/10), s.Asked)
	}
	return nil
}

// wayBack is the quick way back, by which root turns auth off again, and what it costs.
// Which policy and folder the operator named is the command line's business: the text says
// that both belong to the first command.
func (r *run) wayBack() string {
	off := "lockstep auth off --for REASON"
	if r.World.Policy.HasExternalCA() {
		off += " --ca-key FILE"
	}
	if len(r.World.Policy.Cluster.Members) == 0 {
		off += " --cacert FILE" // the folder does not know who signed the servers
	}
	return fmt.Sprintf("The quick way back: %s (with the -f and --pki of this run, if you gave them). "+
		"While auth is off, every certificate that the members accept may read and write every key, and change users.", off)
}
