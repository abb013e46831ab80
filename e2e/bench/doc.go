// Command bench measures lockstep from outside, beside the least that the same work
// can cost and beside the shell way, on real etcd processes on loopback. It prints a
// table and writes docs/benchmarks.md.
//
// What holds whatever happens: every contender is a process of its own, timed and
// weighed in the same way; contenders take turns at going first; every cluster is
// fresh, bounded in time, and gone at the end.
package main
