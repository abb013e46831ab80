package bootstrap

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"lockstep/bootstrap/verify"
	"lockstep/bootstrap/world"
	"lockstep/certgen"
	"lockstep/policies"
	"lockstep/policies/count"
	"lockstep/policies/keyrange"
	"lockstep/roles"
	"lockstep/roles/store"
)

// countingTime is how long one member may take to show its counts: a soak does not wait
// longer for one that hangs.
const countingTime = 5 * time.Second

// counts is what one member counted, or why that is not known.
type counts struct {
	store.Requests
	gateway bool // it may be that some of the requests came by the HTTP gateway
	err     error
}

// affected is which clients will notice that auth is turned on, in sentences; empty for a
// cluster that holds no key, because no client uses it.
func (r *run) affected(ctx context.Context, observed roles.State) ([]string, error) {
	if err := r.learnUse(ctx); err != nil || !r.hadClients {
		return nil, err
	}
	after, err := observed.After(r.plan.Roles.Steps)
	if err != nil {
		return nil, err
	}
	var list []string
	for i, c := range r.countAll(ctx) {
		list = append(list, c.sentences(r.World.Members()[i].Name)...)
	}
	list = append(list, unmanagedUsers(r.World.Policy, after)...)
	list = append(list, certificatesOfNoUser(r.Folder, after, r.World.Now())...)
	return append(list, "while auth is off, etcd does not tell who connects: a client with a certificate whose CN is no user is refused on every key; --soak 60s shows afterwards whether a member refused one"), nil
}

// learnUse asks whether the cluster holds keys.
func (r *run) learnUse(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, r.World.CallTimeout)
	defer cancel()
	if r.hadClients, err = r.Etcd.HoldsKey(ctx, keyrange.Everything(keyrange.Read)); err != nil {
		return fmt.Errorf("asking whether there are keys: %w", err)
	}
	return nil
}

// countAll reads every member's counts, in the order of Members.
func (r *run) countAll(ctx context.Context) []counts {
	members := r.World.Members()
	out := make([]counts, len(members))
	var group sync.WaitGroup
	for i, m := range members {
		group.Go(func() { out[i] = r.count(ctx, m) })
	}
	group.Wait()
	return out
}

func (r *run) count(ctx context.Context, m world.Member) counts {
	ctx, cancel := context.WithTimeout(ctx, min(countingTime, r.World.CallTimeout))
	defer cancel()
	root, err := r.World.Root(ctx)
	if err != nil {
		return counts{err: err}
	}
	config, err := r.World.TLS(root)
	if err != nil {
		return counts{err: err}
	}
	c := counts{}
	if c.Requests, c.err = store.CountRequests(ctx, m.Pages(), config); c.Versionless > 0 {
		serves, err := store.ServesGateway(ctx, m.Pages(), config)
		c.gateway = serves || err != nil
	}
	return c
}

// sentences is what a member's counts say about those who will notice.
func (c counts) sentences(member string) []string {
	if c.err != nil {
		return []string{fmt.Sprintf("%s does not tell who asks it: %v", member, c.err)}
	}
	var out []string
	if c.Versionless > 0 {
		since := "its start"
		if !c.Started.IsZero() {
			since = c.Started.UTC().Format("2006-01-02 15:04 MST")
		}
		out = append(out, fmt.Sprintf("%s has answered requests without a client version (%d since %s): from the HTTP gateway, which will answer a certificate that has a CN with HTTP 400 (write such software into the policy first: - {name: NAME, identity: password, permissions: [{prefix: /PREFIX/, access: readwrite}]}, or by a preset such as patroni or apisix), "+
			"or from clients in other languages or in Go before 3.4.5", member, c.Versionless, since))
	}
	if c.Watches > 0 {
		out = append(out, fmt.Sprintf("%s has open watches (%d), which auth does not end", member, c.Watches))
	}
	return out
}

// unmanagedUsers is the users that the policy does not name and that etcd knows from then on.
func unmanagedUsers(p *policies.Policy, after roles.State) []string {
	power, desired := map[string]string{}, roles.Desired(p)
	for _, u := range verify.Unmanaged(p, after) {
		if power[u.User] == "" { // the gravest comes first
			power[u.User] = ", and " + u.Text
		}
	}
	var out []string
	for _, u := range after.Users {
		if _, named := desired.User(u.Name); named {
			continue
		}
		if len(u.Roles) == 0 {
			out = append(out, fmt.Sprintf("user %q is not in the policy and holds no role: it is refused on every key", u.Name))
			continue
		}
		out = append(out, fmt.Sprintf("user %q is not in the policy and will be accepted with its roles: %s%s", u.Name, count.Quoted(u.Roles), power[u.Name]))
	}
	return out
}

// certificatesOfNoUser is the valid certificates in components' folders whose CN will be no
// user: of a component that the policy does not name, or that had another
// user before.
func certificatesOfNoUser(s certgen.State, after roles.State, now time.Time) []string {
	trust, err := s.Trust(certgen.ClientCA)
	if err != nil {
		return nil // no client CA, no certificate of its
	}
	var out []string
	for _, path := range slices.Sorted(maps.Keys(s.Pairs)) {
		leaf := s.Pairs[path].Leaf
		if certgen.PlaceOf(path).Component() == "" || leaf == nil || leaf.Subject.CommonName == "" || now.After(leaf.NotAfter) || !trust.Issued(leaf) {
			continue
		}
		if _, found := after.User(leaf.Subject.CommonName); !found {
			out = append(out, fmt.Sprintf("%s.crt names %q, which will be no user: a client that shows it is refused on every key", path, leaf.Subject.CommonName))
		}
	}
	return out
}

// sayOldWatches names what turning auth on does not reach (fact 16).
func (r *run) sayOldWatches() {
	if r.switched && r.hadClients {
		r.World.Warn("auth", "watches that were opened before go on delivering until their clients reconnect: restart the members one after the other")
	}
}
