package rehearsal

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"lockstep/bootstrap/change"
	"lockstep/bootstrap/world"
	"lockstep/certgen"
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

// Await restores the members that start from a seed, and starts all, each with a log beside the PKI folder, and watches them.
func (o Operator) Await(ctx context.Context, list []change.Start) error {
	for _, m := range list {
		if err := o.restore(ctx, m); err != nil {
			return err
		}
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

// restore runs a member's restore.sh, if it starts from a seed, as the operator would on its host.
func (o Operator) restore(ctx context.Context, m change.Start) error {
	if m.Seed == "" {
		return nil
	}
	etcdutl, err := findEtcdutl(o.Etcd)
	if err != nil {
		return err
	}
	command := exec.CommandContext(ctx, "sh", certgen.RestoreFile)
	command.Dir, command.Env = m.Folder, append(withoutEtcd(os.Environ()), "ETCDUTL="+etcdutl)
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("restoring member %s with %s: %w: %q", m.Member, etcdutl, err, bytes.TrimSpace(out))
	}
	return nil
}
