package authon

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"lockstep/policies/hint"
	"lockstep/roles/store"
)

// Etcd is what turning auth on calls on one connection; a [store.Client] is one.
type Etcd interface {
	AddRecoveryUser(ctx context.Context, user, password string) error
	DeleteRecoveryUser(ctx context.Context, user string) error
	EnableAuth(context.Context) error
	DisableAuth(context.Context) error
	AuthEnabled(context.Context) (bool, error)
	ClusterID(context.Context) (uint64, error)
	Close() error
}

// Cluster opens connections to the policy's members, which it knows by name.
type Cluster interface {
	Members() []string
	// RootThrough tries root's certificate alone on a connection of its own: one that is
	// older than auth proves nothing.
	RootThrough(ctx context.Context, member string) Answer
	// AsRoot connects to the member with root's certificate.
	AsRoot(ctx context.Context, member string) (Etcd, error)
	// LogIn connects with the password, through the members.
	LogIn(ctx context.Context, user, password string, members []string) (Etcd, error)
}

// Switch turns auth on. All fields must be set.
type Switch struct {
	Etcd    Etcd // the administrator's connection; it stays open
	Cluster Cluster
	Folder  Folder
	Now     func() time.Time
	Say     func(text string)
	// Critical begins work that no signal may cut off: in between it is not known whether
	// root gets in.
	Critical func(context.Context) (context.Context, context.CancelFunc)
}

// TurnOn turns auth on such that the operator is not locked out. Without an error auth is
// on, root has got in through every member, and the temporary superuser is gone.
func (s Switch) TurnOn(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err // the last point at which stopping leaves nothing behind
	}
	ctx, end := s.Critical(ctx)
	defer end()
	clusterID, err := s.Etcd.ClusterID(ctx)
	if err != nil {
		return fmt.Errorf("asking for the cluster's ID: %w", err)
	}
	rec := newRecovery(clusterID, s.Now())
	if err := rec.save(s.Folder); err != nil {
		return err
	}
	if err := s.Etcd.AddRecoveryUser(ctx, rec.User, rec.Password); err != nil {
		return errors.Join(err, s.withdraw(ctx, s.Etcd, rec))
	}
	s.Say("turning auth on")
	if err := s.Etcd.EnableAuth(ctx); store.IsRootMissing(err) {
		return errors.Join(overtaken(err), s.withdraw(ctx, s.Etcd, rec)) // etcd has answered: auth is off
	} else if err != nil {
		return hint.With(err, "Run the same command again: it finds out whether auth is on and continues.")
	}
	s.Say("auth is on, looking whether root gets in through every member")
	return s.do(ctx, seen{file: &rec, on: true, answers: s.rootThroughEach(ctx), now: s.Now()})
}

// Heal finishes or undoes what a run began that was cut off while it turned auth on. The
// recovery file tells that there was one. switched reports that auth is on and root gets in.
func (s Switch) Heal(ctx context.Context) (switched bool, err error) {
	rec, err := load(s.Folder)
	if err != nil || rec == nil {
		return false, err
	}
	ctx, end := s.Critical(ctx)
	defer end()
	s.Say("an earlier run was cut off while it turned auth on; looking how far it came")
	now := seen{file: rec, healing: true, now: s.Now()}
	if now.on, err = s.Etcd.AuthEnabled(ctx); err != nil {
		return false, fmt.Errorf("asking whether auth is on: %w", err)
	}
	if now.on {
		now.answers = s.rootThroughEach(ctx)
	}
	return decide(now) == deleteAsRoot, s.do(ctx, now)
}

// do takes the step that is decided from what was seen.
func (s Switch) do(ctx context.Context, now seen) error {
	switch decide(now) {
	case deleteHere:
		return s.change(ctx, s.Etcd, now)
	case deleteAsRoot:
		etcd, err := s.Cluster.AsRoot(ctx, now.answers.named(Accepted)[0])
		if err != nil {
			return err
		}
		defer etcd.Close()
		if err := s.change(ctx, etcd, now); err != nil {
			return err
		}
		s.Say("auth is on and root gets in: the temporary superuser is deleted")
		return nil
	case turnOff:
		return s.rollBack(ctx, now)
	case reportUnknown:
		return unknown(now)
	case reportLate:
		return late(now)
	}
	return nil
}

// change makes sure that this is the file's cluster, and deletes the temporary superuser.
func (s Switch) change(ctx context.Context, etcd Etcd, now seen) error {
	id, err := etcd.ClusterID(ctx)
	if err != nil {
		return fmt.Errorf("asking for the cluster's ID: %w", err)
	}
	now.cluster = id
	if decide(now) == reportCluster {
		return otherCluster(*now.file, id)
	}
	return s.withdraw(ctx, etcd, *now.file)
}

// withdraw deletes the temporary superuser, sees it gone, and only then forgets its password.
func (s Switch) withdraw(ctx context.Context, etcd Etcd, rec recovery) error {
	if err := etcd.DeleteRecoveryUser(ctx, rec.User); err != nil {
		return hint.With(err, "Run the same command again: the recovery file is still there and tells it which user to delete.")
	}
	return forget(s.Folder)
}

// rollBack turns auth off again as the temporary superuser, because root would not get in
// through these members. It logs in through voters alone: a learner takes no login.
func (s Switch) rollBack(ctx context.Context, now seen) error {
	ignoring := now.answers.named(Ignored)
	s.Say("turning auth off again: " + joined(ignoring) + " ignores the CN of certificates")
	etcd, err := s.Cluster.LogIn(ctx, now.file.User, now.file.Password, now.answers.voters())
	switch {
	case now.healing && store.IsAuthFailed(err):
		return unknownUser(*now.file, ignoring, err)
	case err != nil:
		return lockedOut(ignoring, err)
	}
	defer etcd.Close()
	if now.cluster, err = etcd.ClusterID(ctx); err != nil {
		return lockedOut(ignoring, err)
	}
	if decide(now) == reportCluster {
		return otherCluster(*now.file, now.cluster)
	}
	if err := etcd.DisableAuth(ctx); err != nil {
		return lockedOut(ignoring, err)
	}
	if err := s.withdraw(ctx, etcd, *now.file); err != nil {
		return err
	}
	return rolledBack(ignoring)
}

// rootThroughEach tries root's certificate through every member at once.
func (s Switch) rootThroughEach(ctx context.Context) answers {
	var mu sync.Mutex
	out := answers{}
	var group sync.WaitGroup
	for _, member := range s.Cluster.Members() {
		group.Go(func() {
			answer := s.Cluster.RootThrough(ctx, member)
			mu.Lock()
			defer mu.Unlock()
			out[member] = answer
		})
	}
	group.Wait()
	return out
}
