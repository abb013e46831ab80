// Command etcd is etcd 3.6, for the tests of members of an older line (make e2e-versions).
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() { etcdmain.Main(os.Args) }
