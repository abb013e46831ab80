// Package seed makes the database with which a cluster starts: its users, its roles and
// auth on. etcd's own code writes it: the program lockstep-etcd, which gets users and roles on
// stdin and never a key or a certificate. This package holds no server code, and decides nothing.
package seed
