package change

import (
	"context"
	"fmt"
	"sync"

	"lockstep/bootstrap/verify"
	"lockstep/roles"
	"lockstep/roles/store"
)

// Look connects, says which cluster answers and which alarms are raised, and reads users and
// roles within the scope. The questions are in flight together: a cluster without a leader
// answers none of them, and all of them together take one time-out.
func (c *Change) Look(ctx context.Context) (observed roles.State, clusterID uint64, err error) {
	if c.Etcd == nil {
		if _, err := c.Connect(ctx); err != nil {
			return observed, 0, err
		}
	}
	var unknown error
	var alarms []store.Alarm
	var members []store.Member
	bounded, cancel := context.WithTimeout(ctx, c.World.CallTimeout)
	defer cancel()
	var group sync.WaitGroup
	group.Go(func() { clusterID, unknown = c.Etcd.ClusterID(bounded) })
	group.Go(func() {
		if alarms, _ = c.Etcd.Alarms(bounded); len(alarms) > 0 { // an error says nothing: the other calls meet it, too
			members, _ = c.Etcd.Members(bounded) // without, the IDs have to do
		}
	})
	group.Go(func() { c.versions = c.Etcd.Versions(bounded) }) // without, no call is said to be refused
	group.Go(func() { observed, err = c.Observe(ctx) })
	group.Wait()
	c.World.SayCluster(clusterID)
	c.warnAlarms(alarms, members)
	switch {
	case err != nil:
		return observed, 0, err
	case unknown != nil:
		return observed, 0, fmt.Errorf("asking for the cluster's ID: %w", unknown)
	}
	return observed, clusterID, nil
}

// LookAt looks, and fills in what the plan p was made on.
func (c *Change) LookAt(ctx context.Context, p *Plan) (roles.State, error) {
	observed, clusterID, err := c.Look(ctx)
	if err != nil {
		return observed, err
	}
	c.MakeOn(p, observed, clusterID)
	return observed, nil
}

// MakeOn fills in what the plan p is made on.
func (c *Change) MakeOn(p *Plan, observed roles.State, clusterID uint64) {
	p.ClusterID, p.Policy, p.Observed, p.Enabled = clusterID, c.World.Policy.Digest.String(), digest(observed), observed.Enabled
	p.Former = formerComponents(c.Folder, observed, c.World.Policy)
	if c.World.Folder != nil {
		p.Folder = folderDigest(c.Folder)
	}
}

// Observe reads users and roles within the scope.
func (c *Change) Observe(ctx context.Context) (roles.State, error) {
	ctx, cancel := context.WithTimeout(ctx, c.World.CallTimeout)
	defer cancel()
	state, err := c.read(ctx)
	if err != nil {
		return state, fmt.Errorf("reading etcd's users and roles: %w", err)
	}
	c.Seen = state
	return state, nil
}

func (c *Change) read(ctx context.Context) (roles.State, error) {
	if c.Scope.Component == nil {
		return c.Etcd.Observe(ctx, verify.UserNames(c.World))
	}
	s := selected(c.World.Policy, *c.Scope.Component)
	return c.Etcd.ObserveSome(ctx, s.users, s.roles, s.unmanaged)
}

// Current is etcd's users and roles. While authRevision is the one of the latest look, they
// are what that look found (fact 25): every change moves it.
func (c *Change) Current(ctx context.Context) (roles.State, error) {
	now, err := c.revision(ctx)
	if err != nil {
		return roles.State{}, err
	}
	if now.Revision != 0 && now.Revision == c.Seen.Revision && now.Enabled == c.Seen.Enabled {
		return c.Seen, nil
	}
	return c.Observe(ctx)
}

// revision reads authRevision and whether auth is on, and no user or role.
func (c *Change) revision(ctx context.Context) (roles.State, error) {
	ctx, cancel := context.WithTimeout(ctx, c.World.CallTimeout)
	defer cancel()
	now, err := c.Etcd.ObserveSome(ctx, nil, nil, nil)
	if err != nil {
		return now, fmt.Errorf("looking whether etcd is still as it was: %w", err)
	}
	return now, nil
}
