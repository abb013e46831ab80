package bootstrap

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"lockstep/bootstrap/verify"
	"lockstep/bootstrap/world"
	"lockstep/policies/hint"
	"lockstep/roles/store"
)

// healFirst heals before anything else is looked at, as long as one member answers: a
// lock-out must not wait for a member that is down for another reason.
func (r *run) healFirst(ctx context.Context) error {
	rec, err := loadRecovery(r.World)
	if err != nil || rec == nil {
		return err
	}
	if err := r.connect(ctx); err != nil {
		return nil // nobody answers: the stages that follow say so, and heal comes again
	}
	return r.heal(ctx)
}

// heal finishes or undoes what a run began that was cut off while turning auth on.
// The recovery file tells that there was one.
func (r *run) heal(ctx context.Context) error {
	rec, err := loadRecovery(r.World)
	if err != nil || rec == nil {
		return err
	}
	ctx, end := r.World.Critical(ctx, switchCalls*r.World.CallTimeout)
	defer end()
	r.World.Say("auth", "an earlier run was cut off while it turned auth on; looking how far it came")
	on, err := r.client.AuthEnabled(ctx)
	if err != nil {
		return fmt.Errorf("asking whether auth is on: %w", err)
	}
	if !on {
		return r.withdrawHere(ctx, *rec)
	}
	outcomes := r.rootThroughEach(ctx)
	accepted, blind := outcomes.named(verify.Accepted), outcomes.named(verify.Blind)
	switch {
	case len(accepted) > 0: // root gets in somewhere: nobody is locked out, and preflight reports the others
		r.switched, r.hadClients = true, true // that run did not leave word whether there were any
		return r.withdrawThrough(ctx, *rec, accepted[0])
	case len(blind) == 0:
		return hint.With(fmt.Errorf("auth is on, and no member tells whether root gets in: %w", outcomes[outcomes.named(verify.Unknown)[0]].Err),
			"Nothing was changed. When the members answer, run the same command again.")
	}
	return r.healLockOut(ctx, *rec, blind)
}

// withdrawHere: auth is off, so whoever is connected may delete the recovery user,
// provided this is the cluster it was made on.
func (r *run) withdrawHere(ctx context.Context, rec recovery) error {
	id, err := r.client.ClusterID(ctx)
	if err != nil {
		return fmt.Errorf("asking for the cluster's ID: %w", err)
	}
	if id != rec.ClusterID {
		return r.otherCluster(rec, id)
	}
	return r.withdraw(ctx, r.client, rec)
}

func (r *run) otherCluster(rec recovery, id uint64) error {
	return hint.Refuse("An earlier run with this PKI folder turned auth on elsewhere and was cut off. If that cluster is gone, move the file pki/recovery away.",
		"the recovery file belongs to cluster %x, and this is cluster %x; nothing was changed", rec.ClusterID, id)
}

func (r *run) withdrawThrough(ctx context.Context, rec recovery, member string) error {
	i := slices.IndexFunc(r.World.Members(), func(m world.Member) bool { return m.Name == member })
	root, err := r.World.Root(ctx)
	if err != nil {
		return err
	}
	etcd, err := r.World.Connect(ctx, root, r.World.Members()[i].URL)
	if err != nil {
		return err
	}
	defer etcd.Close()
	id, err := etcd.ClusterID(ctx)
	if err != nil {
		return fmt.Errorf("asking for the cluster's ID: %w", err)
	}
	if id != rec.ClusterID {
		return r.otherCluster(rec, id)
	}
	if err := r.withdraw(ctx, etcd, rec); err != nil {
		return err
	}
	r.World.Say("auth", "auth is on and root gets in: the temporary recovery user is deleted")
	return nil
}

// healLockOut: root is refused by every member that answers. Auth goes off again only
// on the same cluster and within ten minutes of the file's making: later, somebody may
// have come to rely on auth being on.
func (r *run) healLockOut(ctx context.Context, rec recovery, blind []string) error {
	if age := r.World.Now().Sub(rec.Time); age > recoveryWindow || age < -recoveryWindow {
		return hint.Refuse("On each member's host, restart etcd with --client-cert-auth (ETCD_CLIENT_CERT_AUTH=true, as its etcd.env says); root then gets in by certificate. Then run the same command again.",
			"auth is on and root is refused by %s; the interrupted run is %s old, so auth is not touched", strings.Join(blind, ", "), age.Round(recoveryWindow/10))
	}
	etcd, err := r.asRecovery(ctx, rec)
	switch {
	case store.IsAuthFailed(err):
		return r.unknownRecovery(rec, blind, err)
	case err != nil:
		return r.lockedOut(rec, blind, err)
	}
	id, err := etcd.ClusterID(ctx)
	_ = etcd.Close()
	if err != nil {
		return r.lockedOut(rec, blind, err)
	}
	if id != rec.ClusterID {
		return r.otherCluster(rec, id)
	}
	return r.rollBack(ctx, rec, blind)
}

// unknownRecovery: etcd knows the recovery user by no such password. Without a name
// nobody is told this cluster's ID, so which of the two reasons it is stays open.
func (r *run) unknownRecovery(rec recovery, blind []string, err error) error {
	return hint.Refuse("If that cluster is another one, move the file pki/recovery away and run this where it belongs. In any case restart etcd on the host of each member named with --client-cert-auth (ETCD_CLIENT_CERT_AUTH=true, as its etcd.env says): root then gets in by certificate.",
		"the recovery file was written for cluster %x, and its user is not known here: this is another cluster, or somebody deleted the user; nothing was changed, auth is on, and %s does not take names from certificates (%w)",
		rec.ClusterID, strings.Join(blind, ", "), err)
}
