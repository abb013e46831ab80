// Package store is the only code that talks to etcd: it observes users and roles,
// applies a plan, asks what an identity may do, and shakes hands.
//
// What holds whatever happens: a user is only ever added without a password, but for
// the one temporary superuser; a call whose outcome is not known is never taken
// for done or for failed; only PermissionDenied is a refusal.
package store
