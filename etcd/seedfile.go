package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math"
	"os"
	"time"

	"go.uber.org/zap"

	"go.etcd.io/etcd/api/v3/authpb"
	"go.etcd.io/etcd/server/v3/auth"
	"go.etcd.io/etcd/server/v3/storage/backend"
	"go.etcd.io/etcd/server/v3/storage/schema"
)

// makeSnapshot is what `etcdctl snapshot save` would save of a member that holds s and nothing
// else: the database with its SHA-256 behind it. The database itself is made at path.
//
// It has no storage version (meta bucket, since 3.6): etcdutl and etcd take it for one of 3.5,
// and 3.5, 3.6 and 3.7 start from it. The same state gives the same bytes: all of it is one
// transaction.
func makeSnapshot(s state, path string) ([]byte, error) {
	config := backend.DefaultBackendConfig(zap.NewNop())
	config.Path, config.BatchInterval, config.BatchLimit = path, time.Duration(math.MaxInt64), math.MaxInt
	be := backend.New(config)
	write(be, s)
	var out bytes.Buffer
	snapshot := be.Snapshot() // commits
	_, err := snapshot.WriteTo(&out)
	if closed := snapshot.Close(); err == nil {
		err = closed
	}
	if closed := be.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(out.Bytes())
	return append(out.Bytes(), sum[:]...), nil
}

// write puts s into an empty database, which has every bucket of etcd's.
func write(be backend.Backend, s state) {
	tx := be.BatchTx()
	tx.LockOutsideApply()
	for _, b := range schema.AllBuckets {
		tx.UnsafeCreateBucket(b)
	}
	tx.Unlock()
	entries := schema.NewAuthBackend(zap.NewNop(), be).BatchTx()
	entries.Lock()
	defer entries.Unlock()
	for _, r := range s.Roles {
		entries.UnsafePutRole(r.entry())
	}
	for _, u := range s.Users {
		entries.UnsafePutUser(u.entry())
	}
	entries.UnsafeSaveAuthEnabled(true)
	entries.UnsafeSaveAuthRevision(s.Revision)
}

// entry is what UserAdd, with NoPassword or with a password, and UserGrantRole leave in the database.
func (u user) entry() *authpb.User {
	entry := &authpb.User{Name: []byte(u.Name), Roles: u.Roles, Options: &authpb.UserAddOptions{NoPassword: u.PasswordHash == ""}}
	if u.PasswordHash != "" {
		entry.Password = []byte(u.PasswordHash)
	}
	return entry
}

// entry is what RoleAdd and RoleGrantPermission leave in the database.
func (r role) entry() *authpb.Role {
	entry := &authpb.Role{Name: []byte(r.Name)}
	for _, p := range r.Permissions {
		entry.KeyPermission = append(entry.KeyPermission, &authpb.Permission{PermType: accesses()[p.Access], Key: p.Key, RangeEnd: p.RangeEnd})
	}
	return entry
}

// openStore is etcd's own auth store over the database of a snapshot, which is copied to path.
func openStore(snapshot []byte, path string) (store auth.AuthStore, closed func(), err error) {
	if len(snapshot) < sha256.Size {
		return nil, nil, fmt.Errorf("a snapshot of %d bytes has no hash", len(snapshot))
	}
	database, hash := snapshot[:len(snapshot)-sha256.Size], snapshot[len(snapshot)-sha256.Size:]
	if sum := sha256.Sum256(database); !bytes.Equal(sum[:], hash) {
		return nil, nil, fmt.Errorf("the snapshot's hash is %x, and its database has %x", hash, sum)
	}
	if err := os.WriteFile(path, database, 0o600); err != nil {
		return nil, nil, err
	}
	be := backend.NewDefaultBackend(zap.NewNop(), path)
	tokens, err := auth.NewTokenProvider(zap.NewNop(), "", nil, 0) // no token is ever made
	if err != nil {
		be.Close()
		return nil, nil, err
	}
	store = auth.NewAuthStore(zap.NewNop(), schema.NewAuthBackend(zap.NewNop(), be), tokens, 0)
	return store, func() { store.Close(); be.Close() }, nil
}
