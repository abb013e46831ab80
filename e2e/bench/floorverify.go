package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"path/filepath"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"golang.org/x/sync/errgroup"
)

// verify repeats what "lockstep verify" asked etcd, as often, and judges nothing: as
// each component with its own certificate one connection and its share of the Txns,
// and as root the reads. Reads and components go on together.
func (f floor) verify(ctx context.Context) error {
	var g errgroup.Group
	g.Go(func() error { return f.reads(ctx) })
	g.Go(func() error { return f.each(func(i int) error { return f.prove(ctx, i) }) })
	return g.Wait()
}

func (f floor) reads(ctx context.Context) error {
	root, err := f.authority.mint("root")
	if err != nil {
		return err
	}
	etcd, err := f.connect(ctx, root, f.endpoints...)
	if err != nil {
		return err
	}
	defer etcd.Close()
	var g errgroup.Group
	g.SetLimit(inFlight)
	for method, call := range map[string]func(name string) error{
		"UserGet": func(name string) error { _, err := etcd.UserGet(ctx, name); return err },
		"RoleGet": func(name string) error { _, err := etcd.RoleGet(ctx, name); return err },
		"Authenticate": func(name string) error {
			if _, err := etcd.Authenticate(ctx, name, "wrong"); err == nil {
				return fmt.Errorf("%s has a password", name)
			}
			return nil
		},
	} {
		for i := range f.asked[method] {
			g.Go(func() error { return call(component(i % f.size)) })
		}
	}
	return g.Wait()
}

// prove asks as one component: one Txn that is allowed, the others refused, every other
// one of them to write, as lockstep asks.
func (f floor) prove(ctx context.Context, i int) error {
	name := component(i)
	pair := filepath.Join(f.dir, "pki", "components", name, "client")
	identity, err := tls.LoadX509KeyPair(pair+".crt", pair+".key")
	if err != nil {
		return err
	}
	etcd, err := f.connect(ctx, &identity, f.endpoints[i%len(f.endpoints)])
	if err != nil {
		return err
	}
	defer etcd.Close()
	own := tenantKeys + name + "/"
	allowed := []clientv3.Op{
		clientv3.OpGet(own, clientv3.WithPrefix()), clientv3.OpDelete(own, clientv3.WithPrefix()),
		clientv3.OpGet(sharedKeys, clientv3.WithPrefix()),
	}
	var g errgroup.Group
	g.SetLimit(4) // as in lockstep
	g.Go(func() error {
		_, err := etcd.Txn(ctx).Else(allowed...).Commit()
		return err
	})
	for n := range f.share(i) - 1 {
		g.Go(func() error {
			key := fmt.Sprintf("/beyond/%d", n)
			op := clientv3.OpGet(key)
			if n%2 == 1 { // half the questions are about writing, which the members agree on first
				op = clientv3.OpDelete(key)
			}
			_, err := etcd.Txn(ctx).Else(op).Commit()
			if !errors.Is(err, rpctypes.ErrPermissionDenied) {
				return fmt.Errorf("%s is not refused: %w", name, err)
			}
			return nil
		})
	}
	return g.Wait()
}

// share is component i's part of all Txns.
func (f floor) share(i int) int {
	n := f.asked["Txn"] / f.size
	if i < f.asked["Txn"]%f.size {
		n++
	}
	return n
}
