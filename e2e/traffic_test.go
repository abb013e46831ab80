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

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// patience is how long one request of the traffic may take: longer than etcd needs to
// choose another leader.
const patience = 20 * time.Second

// traffic is the program "traffic [-abreast N] [-repeat] COMPONENT:get|put|txn:KEY...": each of
// these requests again and again, N (4) at a time so that some are under way at every
// moment of a change, as that component with its own certificate, until SIGTERM. It
// says "under way" when each was answered once, every failure as it comes, and at the
// end how many there were of each. With -repeat a request that no member answered is sent
// again, as every client of a cluster whose members are restarted must, and one that a learner
// answered (fact 44); what a member refuses a user never is.
func traffic() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	flags := flag.NewFlagSet("traffic", flag.ExitOnError)
	abreast := flags.Int("abreast", 4, "how many of each request at a time")
	repeat := flags.Bool("repeat", false, "send a request again that no member answered")
	if err := flags.Parse(os.Args[1:]); err != nil {
		os.Exit(1)
	}
	failed := false
	var loops []*loop
	for _, arg := range flags.Args() {
		l, err := newLoop(arg)
		if err == nil {
			l.repeat = *repeat
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
		fmt.Printf("%s: %d done, %d failed%s\n", l.name, l.done.Load(), l.failed.Load(), l.again())
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
	repeat          bool

	done, failed, repeated atomic.Int64
}

// again is how many requests were sent again, where that was asked for.
func (l *loop) again() string {
	if !l.repeat {
		return ""
	}
	return fmt.Sprintf(", %d repeated", l.repeated.Load())
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

// once is one request, sent again with -repeat for as long as no member that votes answers it.
func (l *loop) once(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := l.send(ctx)
		if !l.repeat || ctx.Err() != nil || !unanswered(err) && !byLearner(err) {
			return err
		}
		l.repeated.Add(1)
	}
}

// unanswered reports whether no member answered: each was stopping, or between two leaders.
// etcd ends the requests that are under way when it stops by an HTTP answer without content, and
// those of a member that is removed, or hands the lead over, by an error of raft's.
func unanswered(err error) bool {
	for _, text := range []string{"missing HTTP content-type", "without sending trailers", "raft: stopped", "raft proposal dropped"} {
		if strings.Contains(fmt.Sprint(err), text) {
			return true
		}
	}
	return status.Code(err) == codes.Unavailable || errors.Is(err, rpctypes.ErrNoLeader) || errors.Is(err, rpctypes.ErrLeaderChanged) ||
		errors.Is(err, rpctypes.ErrStopped) || errors.Is(err, rpctypes.ErrTimeout) || errors.Is(err, rpctypes.ErrTimeoutDueToLeaderFail) ||
		errors.Is(err, rpctypes.ErrTimeoutDueToConnectionLost) || errors.Is(err, rpctypes.ErrTimeoutWaitAppliedIndex)
}

// byLearner reports whether a member without a vote answered. A client of the same line asks
// another member by itself: this one is of 3.7, and does not know the answer of 3.5.
func byLearner(err error) bool {
	return strings.Contains(fmt.Sprint(err), "rpc not supported for learner")
}

func (l *loop) send(ctx context.Context) (err error) {
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
