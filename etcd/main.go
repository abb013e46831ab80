// Command lockstep-etcd is the real etcd that `lockstep rehearse` and the tests start. It
// is a binary and a module of its own, so that no server code sits in the binary that
// holds CA keys, nor in the list of modules that it is built from.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() { etcdmain.Main(os.Args) }
