package e2e

import (
	"context"
	"errors"
	"io"
	"path/filepath"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// call makes one call of etcd beside requests for keys. Key is what the lease of a lease- call holds;
// "" for nothing.
type call func(ctx context.Context, etcd *clientv3.Client, key string) error

// calls is the verbs of "requests" that name a call, spelled as lockstep presets calls does. What only
// tells whether etcd lets the call in changes nothing.
func calls() map[string]call {
	return map[string]call{
		"compact": func(ctx context.Context, etcd *clientv3.Client, _ string) error {
			return let(errOf(etcd.Compact(ctx, 1)))
		},
		"status": func(ctx context.Context, etcd *clientv3.Client, _ string) error {
			return errOf(etcd.Status(ctx, etcd.Endpoints()[0]))
		},
		"alarm-list": func(ctx context.Context, etcd *clientv3.Client, _ string) error { return errOf(etcd.AlarmList(ctx)) },
		"alarm-disarm": func(ctx context.Context, etcd *clientv3.Client, _ string) error {
			return errOf(etcd.AlarmDisarm(ctx, &clientv3.AlarmMember{MemberID: 1, Alarm: pb.AlarmType_NOSPACE}))
		},
		"defragment": func(ctx context.Context, etcd *clientv3.Client, _ string) error {
			return errOf(etcd.Defragment(ctx, etcd.Endpoints()[0]))
		},
		"snapshot": snapshot,
		"hash": func(ctx context.Context, etcd *clientv3.Client, _ string) error {
			_, err := etcd.HashKV(ctx, etcd.Endpoints()[0], 0)
			_, other := pb.NewMaintenanceClient(etcd.ActiveConnection()).Hash(ctx, &pb.HashRequest{})
			if other = rpctypes.Error(other); (err == nil) != (other == nil) {
				return errors.Join(errors.New("Hash and HashKV are judged differently"), err, other)
			}
			return err
		},
		"move-leader": func(ctx context.Context, etcd *clientv3.Client, _ string) error {
			return let(errOf(etcd.MoveLeader(ctx, 1)))
		},
		"downgrade": func(ctx context.Context, etcd *clientv3.Client, _ string) error {
			return let(errOf(etcd.Downgrade(ctx, clientv3.DowngradeValidate, "2.0.0")))
		},
		"member-list":   func(ctx context.Context, etcd *clientv3.Client, _ string) error { return errOf(etcd.MemberList(ctx)) },
		"member-change": memberChange,
		"auth-status":   func(ctx context.Context, etcd *clientv3.Client, _ string) error { return errOf(etcd.AuthStatus(ctx)) },
		"auth-list": func(ctx context.Context, etcd *clientv3.Client, _ string) error {
			return errors.Join(errOf(etcd.UserList(ctx)), errOf(etcd.RoleList(ctx)))
		},
		"auth-change": func(ctx context.Context, etcd *clientv3.Client, _ string) error {
			return let(errOf(etcd.RoleDelete(ctx, "none")))
		},
		"lease-grant": func(ctx context.Context, etcd *clientv3.Client, _ string) error { return errOf(etcd.Grant(ctx, 60)) },
		"lease-keep-alive": leased(func(ctx context.Context, etcd *clientv3.Client, id clientv3.LeaseID) error {
			return errOf(etcd.KeepAliveOnce(ctx, id))
		}),
		"lease-revoke": leased(func(ctx context.Context, etcd *clientv3.Client, id clientv3.LeaseID) error {
			return errOf(etcd.Revoke(ctx, id))
		}),
		"lease-time-to-live": leased(func(ctx context.Context, etcd *clientv3.Client, id clientv3.LeaseID) error {
			return errOf(etcd.TimeToLive(ctx, id))
		}),
		"lease-keys": leased(func(ctx context.Context, etcd *clientv3.Client, id clientv3.LeaseID) error {
			return errOf(etcd.TimeToLive(ctx, id, clientv3.WithAttachedKeys()))
		}),
		"lease-list": leased(func(ctx context.Context, etcd *clientv3.Client, _ clientv3.LeaseID) error {
			return errOf(etcd.Leases(ctx))
		}),
	}
}

// errOf is the error of a call whose answer is not looked at.
func errOf(_ any, err error) error { return err }

// let is nil where etcd let the call in and then answered that it makes no sense.
func let(err error) error {
	for _, refused := range []error{rpctypes.ErrPermissionDenied, rpctypes.ErrUserEmpty, rpctypes.ErrUserNotFound, context.DeadlineExceeded} {
		if errors.Is(err, refused) {
			return err
		}
	}
	return nil
}

// snapshot reads the whole database.
func snapshot(ctx context.Context, etcd *clientv3.Client, _ string) error {
	r, err := etcd.Snapshot(ctx)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, r)
	return errors.Join(rpctypes.Error(err), r.Close())
}

// memberChange names a member that is not there: etcd asks who calls before it looks.
func memberChange(ctx context.Context, etcd *clientv3.Client, _ string) error {
	return errors.Join(let(errOf(etcd.MemberRemove(ctx, 1))), let(errOf(etcd.MemberUpdate(ctx, 1, []string{"https://127.0.0.1:1"}))), let(errOf(etcd.MemberPromote(ctx, 1))))
}

// leased makes a call for a lease that the component admin made, with key attached to it.
func leased(do func(context.Context, *clientv3.Client, clientv3.LeaseID) error) call {
	return func(ctx context.Context, etcd *clientv3.Client, key string) error {
		admin, err := as(filepath.Join("pki/components", "admin"))
		if err != nil {
			return err
		}
		defer admin.Close()
		lease, err := admin.Grant(ctx, 600)
		if err != nil {
			return err
		}
		defer admin.Revoke(ctx, lease.ID)
		if key != "" {
			if _, err := admin.Put(ctx, key, "x", clientv3.WithLease(lease.ID)); err != nil {
				return err
			}
		}
		return do(ctx, etcd, lease.ID)
	}
}
