package change

import (
	"cmp"
	"context"
	"sync"

	"lockstep/bootstrap/verify"
	"lockstep/certgen"
	"lockstep/roles"
)

// PlanRestored fills in that etcd was restored since lockstep changed it last. The plan that says so
// is confirmed, and Note then writes what etcd is now.
func (c *Change) PlanRestored(p *Plan, observed roles.State) {
	if c.World.Folder == nil {
		return
	}
	if r, restored := verify.RestoredSince(c.Folder, verify.Seen{ClusterID: p.ClusterID, Revision: observed.Revision}); restored {
		p.Restored = &r
	}
	c.restored = p.Restored
}

// Note writes into the PKI folder which cluster this is and how far its users and roles are, so
// that a restore is seen later. before is their authRevision before the change. It does so after a
// change alone. Where etcd was restored and the plan did not say so, the older note goes along with
// the change, so that the restore is seen still. The note is never needed: a failure is a warning.
func (c *Change) Note(ctx context.Context, before uint64) error {
	if !c.Changed || c.World.Folder == nil || c.Etcd == nil {
		return nil
	}
	now := verify.Seen{Time: c.World.Now()}
	var unknown error
	var group sync.WaitGroup
	bounded, cancel := context.WithTimeout(ctx, c.World.CallTimeout)
	defer cancel()
	group.Go(func() { now.ClusterID, unknown = c.Etcd.ClusterID(bounded) })
	state, err := c.revision(bounded)
	group.Wait()
	now.Revision = state.Revision
	if err = cmp.Or(err, unknown); err == nil && now.Revision != 0 {
		step := c.note(before, now).Step()
		err = c.World.Folder.Apply(ctx, certgen.Plan{Steps: []certgen.Step{step}}, c.World.Now, c.World.InFlight, func(certgen.Step) {})
	}
	if err != nil && ctx.Err() == nil {
		c.World.Warn("etcd", "%s is not written, by which a restore would be seen: %v", certgen.SeenFile, err)
	}
	return nil
}

// note is what is written when the change has moved authRevision from before to now.
func (c *Change) note(before uint64, now verify.Seen) verify.Seen {
	r, restored := verify.RestoredSince(c.Folder, verify.Seen{ClusterID: now.ClusterID, Revision: before})
	if !restored || c.restored != nil {
		return now
	}
	r.Before.Revision += now.Revision - min(before, now.Revision)
	return r.Before
}
