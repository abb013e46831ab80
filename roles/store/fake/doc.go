// Package fake is etcd's auth store in memory, with its quirks (facts 17 to 20, 23 to
// 25), for tests that need a failure at a certain call. It is built on roles.State's
// model; the conformance tests of package store hold it and real etcd to the same
// answers. Of keys it knows only who may touch them.
package fake
