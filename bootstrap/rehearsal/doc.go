// Package rehearsal starts a throw-away etcd cluster of real processes on loopback,
// from the folders and environment files that certgen wrote, exactly as an operator
// would start them on their hosts. It decides nothing about users and certificates:
// bootstrap does, by the same code path as for a real cluster.
//
// What holds whatever happens: every process it started is gone when Stop returns,
// and on Linux also when lockstep itself is killed.
package rehearsal
