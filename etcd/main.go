// Command lockstep-etcd is the real etcd that `lockstep rehearse` and the tests start. It
// is a binary and a module of its own, so that no server code sits in the binary that
// holds CA keys, nor in the list of modules that it is built from.
//
// Two more commands serve clusters that start with auth on:
//
//	lockstep-etcd seed                   users and roles as JSON on stdin; a snapshot of etcd's database with them on stdout
//	lockstep-etcd snapshot restore ...   etcdutl snapshot restore, for rehearse
package main

import (
	"fmt"
	"os"

	"go.etcd.io/etcd/etcdutl/v3/etcdutl"
	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "seed":
			end(seed(os.Args[2:], os.Stdin, os.Stdout))
		case "snapshot":
			restore := etcdutl.NewSnapshotCommand()
			restore.SetArgs(os.Args[2:])
			end(restore.Execute())
		}
	}
	etcdmain.Main(os.Args)
}

func end(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "lockstep-etcd:", err)
		os.Exit(1)
	}
	os.Exit(0)
}
