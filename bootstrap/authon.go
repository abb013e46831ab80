package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"lockstep/bootstrap/verify"
	"lockstep/policies/hint"
	"lockstep/roles/store"
)

// switchCalls is how many time-outs turning auth on and looking at every member may take
// together. No signal cuts it short: in between it is not known yet whether root gets in.
const switchCalls = 4

// turnAuthOn turns auth on such that nobody is locked out (facts 2, 3). A temporary
// superuser with a password stands by, with which auth can be turned off again, until
// root has got in by certificate through every member.
func (r *run) turnAuthOn(ctx context.Context) error {
	if !r.plan.EnableAuth {
		return nil
	}
	if err := r.lookAgain(ctx); err != nil {
		return err
	}
	if err := r.preflightComponents(ctx); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err // the last point at which stopping leaves nothing behind
	}
	ctx, end := r.World.Critical(ctx, switchCalls*r.World.CallTimeout)
	defer end()
	clusterID, err := r.client.ClusterID(ctx)
	if err != nil {
		return fmt.Errorf("asking for the cluster's ID: %w", err)
	}
	rec := newRecovery(clusterID, r.World.Now())
	if err := rec.save(r.World); err != nil {
		return err
	}
	if err := r.client.AddRecoveryUser(ctx, rec.User, rec.Password); err != nil {
		return errors.Join(err, r.withdraw(ctx, r.client, rec))
	}
	r.World.Say("auth", "turning auth on")
	if err := r.client.EnableAuth(ctx); store.IsRootMissing(err) {
		return errors.Join(overtaken(err), r.withdraw(ctx, r.client, rec)) // etcd has answered: auth is off
	} else if err != nil {
		return hint.With(err, "Run the same command again: it finds out whether auth is on and continues.")
	}
	r.World.Say("auth", "auth is on, looking whether root gets in through every member")
	return r.settle(ctx, rec)
}

// overtaken says why root is not there although this run made it and has seen it since.
func overtaken(err error) error {
	return hint.With(fmt.Errorf("another operator or program changes etcd's users at the same time: this run made root with role root, and it is not there any more (%w); auth is still off", err),
		"Wait until the other has ended, and run the same command again: it looks at what is there and continues.")
}

// settle decides on positive evidence only: every member lets root in, and the
// recovery user goes; a member shows that it ignores names, and auth goes off again;
// anything else is a report.
func (r *run) settle(ctx context.Context, rec recovery) error {
	outcomes := r.rootThroughEach(ctx)
	blind, unknown := outcomes.named(verify.Blind), outcomes.named(verify.Unknown)
	switch {
	case len(blind) > 0:
		return r.rollBack(ctx, rec, blind)
	case len(unknown) > 0:
		return hint.With(fmt.Errorf("auth is on, and whether root gets in through %s is not known: %w", strings.Join(unknown, ", "), outcomes[unknown[0]].Err),
			"Auth stays on and the temporary recovery user stands by. When the member answers again, run the same command: it finishes.")
	}
	if err := r.withdrawThrough(ctx, rec, r.World.Members()[0].Name); err != nil {
		return err
	}
	r.switched = true
	return nil
}

// outcomes is how root fared at each member, by the member's name.
type outcomes map[string]verify.Tried

func (o outcomes) named(want verify.Outcome) []string {
	var out []string
	for name, tried := range o {
		if tried.Outcome == want {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// rootThroughEach tries root's certificate alone through every member, each on a
// fresh connection: one that is older than auth proves nothing.
func (r *run) rootThroughEach(ctx context.Context) outcomes {
	var mu sync.Mutex
	out := outcomes{}
	var group sync.WaitGroup
	for _, m := range r.World.Members() {
		group.Go(func() {
			tried := verify.RootThrough(ctx, r.World, m.URL)
			mu.Lock()
			defer mu.Unlock()
			out[m.Name] = tried
		})
	}
	group.Wait()
	return out
}

// withdraw deletes the recovery user, sees it gone, and only then forgets its password.
func (r *run) withdraw(ctx context.Context, etcd *store.Client, rec recovery) error {
	if err := etcd.DeleteRecoveryUser(ctx, rec.User); err != nil {
		return hint.With(err, "Run the same command again: the recovery file is still there and tells it whom to delete.")
	}
	return forgetRecovery(r.World)
}

// rollBack turns auth off again as the recovery user, because these members would
// have let nobody in.
func (r *run) rollBack(ctx context.Context, rec recovery, blind []string) error {
	r.World.Say("auth", "turning auth off again: %s does not take names from certificates", strings.Join(blind, ", "))
	etcd, err := r.asRecovery(ctx, rec)
	if err != nil {
		return r.lockedOut(rec, blind, err)
	}
	defer etcd.Close()
	if err := etcd.DisableAuth(ctx); err != nil {
		return r.lockedOut(rec, blind, err)
	}
	if err := r.withdraw(ctx, etcd, rec); err != nil {
		return err
	}
	return hint.Refuse("Start it with --client-cert-auth, as its etcd.env says (ETCD_CLIENT_CERT_AUTH=true), and run the same command again. Certificates, roles and users are made and stay.",
		"auth was turned on and off again: %s takes certificates and ignores their CN, so nobody would have got in there by certificate; auth is off", strings.Join(blind, ", "))
}

// asRecovery logs in with the password; root's certificate is only the TLS client's.
func (r *run) asRecovery(ctx context.Context, rec recovery) (*store.Client, error) {
	root, err := r.World.Root(ctx)
	if err != nil {
		return nil, err
	}
	var urls []string
	for _, m := range r.World.Members() {
		urls = append(urls, m.URL)
	}
	return r.World.ConnectAs(ctx, root, rec.User, rec.Password, urls...)
}

// lockedOut keeps the recovery file and says what helps on the host.
func (r *run) lockedOut(rec recovery, blind []string, err error) error {
	return hint.Refuse("On the host of each member named, restart etcd with --client-cert-auth (ETCD_CLIENT_CERT_AUTH=true, as its etcd.env says): root then gets in by certificate. Then run the same command again; it cleans up by the recovery file.",
		"auth is on, %s does not take names from certificates, and the recovery user could not turn auth off again (%w)", strings.Join(blind, ", "), err)
}
