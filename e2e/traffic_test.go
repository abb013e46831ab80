package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// patience is how long one request of the traffic may take: longer than etcd needs to
// choose another leader.
const patience = 20 * time.Second

// traffic is the program "traffic [-abreast N] COMPONENT:get|put|txn:KEY...": each of
// these requests again and again, N (4) at a time so that some are under way at every
// moment of a change, as that component with its own certificate, until SIGTERM. It
// says "under way" when each was answered once, every failure as it comes, and at the
// end how many there were of each.
func traffic() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	flags := flag.NewFlagSet("traffic", flag.ExitOnError)
	abreast := flags.Int("abreast", 4, "how many of each request at a time")
	if err := flags.Parse(os.Args[1:]); err != nil {
		os.Exit(1)
	}
	failed := false
	var loops []*loop
	for _, arg := range flags.Args() {
		l, err := newLoop(arg)
		if err == nil {
			err = l.once(ctx)
		}
		if err != nil {
			fmt.Println(arg, err)
			os.Exit(1)
		}
		loops = append(loops, l)
	}
	var group sync.WaitGroup
	for _, l := range loops {
		for range *abreast {
			group.Go(func() { l.run(ctx) })
		}
	}
	fmt.Println("under way")
	group.Wait()
	for _, l := range loops {
		fmt.Printf("%s: %d done, %d failed\n", l.name, l.done.Load(), l.failed.Load())
		failed = failed || l.failed.Load() > 0
	}
	if failed {
		os.Exit(1)
	}
	fmt.Println("no request failed")
}

// loop is one request that a component makes again and again.
type loop struct {
	name, verb, key string
	etcd            *clientv3.Client
	done, failed    atomic.Int64
}

func newLoop(arg string) (*loop, error) {
	component, rest, _ := strings.Cut(arg, ":")
	verb, key, _ := strings.Cut(rest, ":")
	if verb != "get" && verb != "put" && verb != "txn" || key == "" {
		return nil, errors.New("usage: traffic COMPONENT:get|put|txn:KEY...")
	}
	etcd, err := as(filepath.Join("pki/components", component))
	return &loop{name: arg, verb: verb, key: key, etcd: etcd}, err
}

// run ends between two requests, so that none fails because of the end.
func (l *loop) run(ctx context.Context) {
	for ctx.Err() == nil {
		if err := l.once(context.WithoutCancel(ctx)); err != nil {
			l.failed.Add(1)
			fmt.Println(l.name, "failed:", err)
			continue
		}
		l.done.Add(1)
	}
}

func (l *loop) once(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	switch l.verb {
	case "get":
		_, err = l.etcd.Get(ctx, l.key)
	case "put":
		_, err = l.etcd.Put(ctx, l.key, "x")
	case "txn": // as Kubernetes and Calico write
		unchanged := clientv3.Compare(clientv3.ModRevision(l.key), "=", 0)
		_, err = l.etcd.Txn(ctx).If(unchanged).Then(clientv3.OpPut(l.key, "x")).Else(clientv3.OpGet(l.key)).Commit()
	}
	return err
}
