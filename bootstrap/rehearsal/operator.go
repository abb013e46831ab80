package rehearsal

import (
	"context"
	"path/filepath"

	"lockstep/bootstrap/change"
	"lockstep/bootstrap/world"
	"lockstep/policies/count"
)

// Operator confirms everything, because all of it is deleted at the end, and starts etcd where
// another operator is told how.
type Operator struct {
	World   *world.World
	Cluster *Cluster
	Etcd    string                  // path of the program to start
	End     context.CancelCauseFunc // called when a member ends by itself
}

var _ change.Operator = Operator{}

// Confirm implements change.Operator.
func (o Operator) Confirm(context.Context, *change.Plan) error { return nil }

// Tell implements change.Operator.
func (o Operator) Tell(*change.Plan) {}

// Await starts the members, each with a log beside the PKI folder, and watches them.
func (o Operator) Await(ctx context.Context, list []change.Start) error {
	for _, m := range list {
		if err := o.Cluster.Start(o.Etcd, m.Folder, filepath.Join(filepath.Dir(o.World.Folder.Path()), m.Member+".log")); err != nil {
			return err
		}
	}
	o.World.Say("etcd", "started %s with %s", count.Of(len(list), "member"), o.Etcd)
	go func() {
		if err := o.Cluster.Watch(ctx); err != nil {
			o.End(err)
		}
	}()
	return nil
}
