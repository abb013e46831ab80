package change

import (
	"context"

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
// that a restore is seen later. It does so after a change alone. Where etcd was restored and the
// plan did not say so, the older note stays. The note is never needed, so a failure is only a warning.
func (c *Change) Note(ctx context.Context) error {
	if !c.Changed || c.World.Folder == nil || c.Etcd == nil {
		return nil
	}
	now := verify.Seen{Time: c.World.Now()}
	state, err := c.revision(ctx)
	if err == nil {
		now.Revision = state.Revision
		now.ClusterID, err = c.Etcd.ClusterID(ctx)
	}
	if _, restored := verify.RestoredSince(c.Folder, now); err == nil && now.Revision != 0 && (!restored || c.restored != nil) {
		err = c.World.Folder.Apply(ctx, certgen.Plan{Steps: []certgen.Step{now.Step()}}, c.World.Now, c.World.InFlight, func(certgen.Step) {})
	}
	if err != nil && ctx.Err() == nil {
		c.World.Warn("etcd", "%s is not written, by which a restore would be seen: %v", certgen.SeenFile, err)
	}
	return nil
}
