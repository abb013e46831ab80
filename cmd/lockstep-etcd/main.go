// Command lockstep-etcd is the real etcd that `lockstep rehearse` starts. It is a
// binary of its own so that no server code sits in the one that holds CA keys.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() { etcdmain.Main(os.Args) }
