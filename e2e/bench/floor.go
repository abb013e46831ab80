package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"
)

// floorArg makes this program the floor: the least that the work can cost, in a
// process of its own, so that time and memory are taken as for the others.
const floorArg = "floor"

// inFlight is how many calls and files are under way together, as in lockstep.
const inFlight = 128

// floor is the least that one of lockstep's jobs can cost on one cluster.
type floor struct {
	dir       string
	endpoints []string
	size      int
	authority *authority
	asked     calls // verify: what lockstep itself asked
}

func runFloor(ctx context.Context, args []string) error {
	f := floor{asked: calls{}}
	fs := flag.NewFlagSet(floorArg, flag.ContinueOnError)
	endpoints := fs.String("endpoints", "", "etcd's URLs")
	txns, gets, roles, logins := fs.Int("txn", 0, ""), fs.Int("userget", 0, ""), fs.Int("roleget", 0, ""), fs.Int("authenticate", 0, "")
	fs.StringVar(&f.dir, "dir", "", "the cluster's folder")
	fs.IntVar(&f.size, "size", 0, "how many components")
	if err := fs.Parse(args); err != nil {
		return err
	}
	f.endpoints = strings.Split(*endpoints, ",")
	f.asked = calls{"Txn": *txns, "UserGet": *gets, "RoleGet": *roles, "Authenticate": *logins}
	var err error
	if f.authority, err = readAuthority(filepath.Join(f.dir, "pki")); err != nil {
		return err
	}
	switch fs.Arg(0) {
	case "bootstrap":
		return f.bootstrap(ctx)
	case "verify":
		return f.verify(ctx)
	case "renew":
		return f.renew()
	}
	return errors.New("floor of what?")
}

// bootstrap issues every component's certificate and makes roles, users and bindings in
// the order that costs etcd least: no user before the last permission, no binding
// before the last user.
func (f floor) bootstrap(ctx context.Context) error {
	start := time.Now()
	if err := f.each(func(i int) error {
		return f.authority.issueTo(filepath.Join(f.dir, "floor", component(i)), component(i))
	}); err != nil {
		return err
	}
	fmt.Printf("certificates %.4f\n", time.Since(start).Seconds())
	start = time.Now()
	root, err := f.authority.mint("root")
	if err != nil {
		return err
	}
	etcd, err := f.connect(ctx, root, f.endpoints...)
	if err != nil {
		return err
	}
	defer etcd.Close()
	without := &clientv3.UserAddOptions{NoPassword: true}
	grant := func(i int, prefix string, access clientv3.PermissionType) error {
		_, err := etcd.RoleGrantPermission(ctx, component(i), prefix, clientv3.GetPrefixRangeEnd(prefix), access)
		return err
	}
	for _, phase := range []func(i int) error{
		func(i int) error { _, err := etcd.RoleAdd(ctx, component(i)); return err },
		func(i int) error {
			return grant(i, tenantKeys+component(i)+"/", clientv3.PermissionType(clientv3.PermReadWrite))
		},
		func(i int) error { return grant(i, sharedKeys, clientv3.PermissionType(clientv3.PermRead)) },
		func(i int) error { _, err := etcd.UserAddWithOptions(ctx, component(i), "", without); return err },
		func(i int) error { _, err := etcd.UserGrantRole(ctx, component(i), component(i)); return err },
	} {
		if err := f.each(phase); err != nil {
			return err
		}
	}
	if _, err := etcd.UserAddWithOptions(ctx, "root", "", without); err != nil {
		return err
	}
	if _, err := etcd.UserGrantRole(ctx, "root", "root"); err != nil {
		return err
	}
	_, err = etcd.AuthEnable(ctx)
	fmt.Printf("calls %.4f\n", time.Since(start).Seconds())
	return err
}

// each does something for every component, as together does.
func (f floor) each(do func(i int) error) error { return together(f.size, do) }

// together does something n times, inFlight of them together.
func together(n int, do func(i int) error) error {
	var g errgroup.Group
	g.SetLimit(inFlight)
	for i := range n {
		g.Go(func() error { return do(i) })
	}
	return g.Wait()
}

func (f floor) config(identity *tls.Certificate) *tls.Config {
	return &tls.Config{
		RootCAs: f.authority.servers, Certificates: []tls.Certificate{*identity},
		MinVersion: tls.VersionTLS12, NextProtos: []string{"h2"}, ServerName: "127.0.0.1",
	}
}

func (f floor) connect(ctx context.Context, identity *tls.Certificate, endpoints ...string) (*clientv3.Client, error) {
	config := clientv3.Config{Context: ctx, Endpoints: endpoints, DialTimeout: time.Minute, Logger: zap.NewNop()}
	if strings.HasPrefix(endpoints[0], "https://") {
		config.TLS = f.config(identity)
	}
	return clientv3.New(config)
}
