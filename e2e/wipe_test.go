package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/transport"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

// as connects to $ENDPOINTS with the certificate in a folder.
func as(dir string) (*clientv3.Client, error) {
	config, err := transport.TLSInfo{
		CertFile:      filepath.Join(dir, "client.crt"),
		KeyFile:       filepath.Join(dir, "client.key"),
		TrustedCAFile: filepath.Join(dir, "ca.crt"),
	}.ClientConfig()
	if err != nil {
		return nil, err
	}
	return clientv3.New(clientv3.Config{
		Endpoints:   strings.Split(os.Getenv("ENDPOINTS"), ","),
		TLS:         config,
		DialTimeout: 20 * time.Second,
		Logger:      zap.NewNop(),
	})
}

// wipe is the program "wipe DIR": with the administrator's certificate in DIR it turns
// auth off and deletes every user and every role, so that a script can begin again
// without new members.
func wipe() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := wipeEtcd(ctx, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "wipe:", err)
		os.Exit(1)
	}
}

func wipeEtcd(ctx context.Context, dir string) error {
	etcd, err := as(dir)
	if err != nil {
		return err
	}
	defer etcd.Close()
	if _, err := etcd.AuthDisable(ctx); err != nil {
		return err
	}
	users, err := etcd.UserList(ctx)
	if err != nil {
		return err
	}
	for _, name := range users.Users {
		if _, err := etcd.UserDelete(ctx, name); err != nil {
			return err
		}
	}
	list, err := etcd.RoleList(ctx)
	if err != nil {
		return err
	}
	for _, name := range list.Roles {
		if _, err := etcd.RoleDelete(ctx, name); err != nil {
			return err
		}
	}
	return nil
}
