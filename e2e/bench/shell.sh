#!/bin/sh
# The shell way: one process per step. In a folder that holds ca.pem, ca-key.pem,
# config.json, and root.crt and root.key where etcd has TLS; the arguments are the names.
set -eu
for name in "$@"; do
    printf '{"CN": "%s", "key": {"algo": "ecdsa", "size": 256}, "names": [{"O": "bench"}]}' "$name" > "$name.json"
    cfssl gencert -loglevel 5 -ca ca.pem -ca-key ca-key.pem -config config.json "$name.json" | cfssljson -bare "$name"
    etcdctl role add "$name"
    etcdctl role grant-permission --prefix "$name" readwrite "/tenants/$name/"
    etcdctl role grant-permission --prefix "$name" read /shared/
    etcdctl user add --no-password "$name"
    etcdctl user grant-role "$name" "$name"
done >/dev/null
etcdctl user add --no-password root >/dev/null
etcdctl user grant-role root root >/dev/null
etcdctl auth enable >/dev/null
