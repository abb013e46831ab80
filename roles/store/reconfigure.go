package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"lockstep/policies/hint"
)

// AddLearner adds a member without a vote that will listen for other members at peerURL, and
// returns its ID. A member that was connected for less than 5 s lets etcd refuse that, and the
// call is repeated until ctx ends.
func (c *Client) AddLearner(ctx context.Context, peerURL string) (id uint64, err error) {
	err = c.whenConnected(ctx, func(ctx context.Context) error {
		answer, err := c.etcd.MemberAddAsLearner(ctx, []string{peerURL})
		switch {
		case err != nil:
			return err
		case answer.Member == nil || answer.Member.ID == 0:
			return odd("MemberAdd", "it names no member")
		}
		id = answer.Member.ID
		return nil
	})
	return id, c.changed(ctx, "adding a learner at "+peerURL, err)
}

// Promote gives the learner a vote. By certificate that works through the leader alone (fact 30).
func (c *Client) Promote(ctx context.Context, id uint64) error {
	err := c.once(ctx, func(ctx context.Context) error { _, err := c.etcd.MemberPromote(ctx, id); return err })
	return c.changed(ctx, fmt.Sprintf("giving the learner %x a vote", id), err)
}

// RemoveMember takes the member out of the cluster. That it is no member any more is success.
func (c *Client) RemoveMember(ctx context.Context, id uint64) error {
	err := c.whenConnected(ctx, func(ctx context.Context) error { _, err := c.etcd.MemberRemove(ctx, id); return err })
	if is(err, rpctypes.ErrMemberNotFound, "member not found") {
		return nil
	}
	return c.changed(ctx, fmt.Sprintf("removing the member %x", id), err)
}

// MoveLeader makes the member with that ID the leader. It works through the leader alone.
func (c *Client) MoveLeader(ctx context.Context, id uint64) error {
	err := c.once(ctx, func(ctx context.Context) error { _, err := c.etcd.MoveLeader(ctx, id); return err })
	return c.changed(ctx, fmt.Sprintf("making the member %x the leader", id), err)
}

// IsBehind reports that a learner has not caught up with the leader yet.
func IsBehind(err error) bool { return errors.Is(err, rpctypes.ErrMemberLearnerNotReady) }

// changed says which change of the members failed.
func (c *Client) changed(ctx context.Context, doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case is(err, rpctypes.ErrUnhealthy, "unhealthy cluster"):
		err = hint.With(err, "etcd changes no members while too few of them are connected, or some are only since a moment (fact 41). Wait until all are, and run the same command again.")
	}
	return fmt.Errorf("%s: %w", doing, c.explain(ctx, err))
}

// whenConnected repeats call while etcd refuses it because the member that is asked has not been
// connected to all others for 5 s (--strict-reconfig-check), at most for one time-out.
func (c *Client) whenConnected(ctx context.Context, call func(context.Context) error) error {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	for {
		err := c.once(ctx, call)
		if !is(err, rpctypes.ErrUnhealthy, "unhealthy cluster") {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(retryPause):
		}
	}
}
