package e2e

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"go.etcd.io/etcd/client/pkg/v3/transport"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// hammer is the program "hammer [-open] DIR...": until SIGTERM it makes requests that no policy
// allows at the port for clients ($ENDPOINTS) and at the peer port ($PEER1 to $PEER3) of each of
// three members, from before they listen, again and again: without a certificate, and with
// the client certificate in each DIR (as soon as it is there). Any that is carried out is an
// error. With -open the requests change no user and no role, one has to be carried out, and at
// the end it says from the first to the last how long the members were open.
func hammer() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	open := flag.Bool("open", false, "the members are expected to be open at first")
	flag.Parse()
	a := &attack{begin: time.Now(), refused: map[string]int{}}
	var group sync.WaitGroup
	for i, client := range strings.Split(os.Getenv("ENDPOINTS"), ",") {
		peer := "https://127.0.0.1:" + os.Getenv(fmt.Sprintf("PEER%d", i+1))
		name := fmt.Sprintf("etcd%d", i+1)
		for _, dir := range append([]string{""}, flag.Args()...) {
			group.Go(func() { a.http(ctx, name+", peer port, "+said(dir), peer+"/members", dir) })
			if dir == "" {
				group.Go(func() { a.http(ctx, name+", "+said(dir), client+"/version", dir) })
			} else {
				group.Go(func() { a.calls(ctx, name+", "+said(dir), client, dir, forbidden(*open)) })
			}
		}
	}
	fmt.Println("under way")
	group.Wait()
	if err := a.report(*open); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func said(dir string) string {
	if dir == "" {
		return "without a certificate"
	}
	return "as " + filepath.Base(dir)
}

// attack is what the requests met.
type attack struct {
	begin time.Time

	mu          sync.Mutex
	made        int
	refused     map[string]int // by member, port and identity
	done        int
	first, last time.Time // of those that were carried out
}

// met notes one answer: nil for a request that was carried out.
func (a *attack) met(who, request string, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.made++
	switch {
	case err == nil:
		a.last = time.Now()
		if a.done++; a.done == 1 {
			a.first = a.last
		}
		if a.done <= 20 {
			fmt.Printf("carried out after %v: %s: %s\n", time.Since(a.begin).Round(time.Millisecond), who, request)
		}
	case isRefusal(err):
		if a.refused[who]++; a.refused[who] == 1 {
			fmt.Printf("first refused after %v: %s: %s: %v\n", time.Since(a.begin).Round(time.Millisecond), who, request, err)
		}
	}
}

// report says how it ended. An attack that met no refusal at one of the ports was none.
func (a *attack) report(open bool) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	total := 0
	for _, n := range a.refused {
		total += n
	}
	fmt.Printf("%d requests, %d refused, %d carried out\n", a.made, total, a.done)
	switch {
	case len(a.refused) != 3*2*(1+flag.NArg()):
		return fmt.Errorf("refusals were met only by %v", a.refused)
	case open && a.done == 0:
		return errors.New("the members were never open")
	case open:
		fmt.Printf("the members were open for %v\n", a.last.Sub(a.first).Round(time.Millisecond))
	case a.done > 0:
		return errors.New("requests were carried out that no policy allows")
	default:
		fmt.Println("no request was carried out that the policy forbids")
	}
	return nil
}

// isRefusal tells the member's own answer from none.
func isRefusal(err error) bool {
	var alert tls.AlertError
	return errors.Is(err, rpctypes.ErrPermissionDenied) || errors.Is(err, rpctypes.ErrUserEmpty) || errors.As(err, &alert) ||
		strings.Contains(err.Error(), "permission denied") || strings.Contains(err.Error(), "remote error: tls")
}

// http asks a port by HTTP over TLS. Every answer is one too many.
func (a *attack) http(ctx context.Context, who, url, dir string) {
	client := &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true, GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			if dir == "" {
				return &tls.Certificate{}, nil
			}
			pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "client.crt"), filepath.Join(dir, "client.key"))
			return &pair, err
		}},
	}}
	for ctx.Err() == nil {
		answer, err := client.Get(url)
		if err == nil {
			_, _ = io.Copy(io.Discard, answer.Body)
			answer.Body.Close()
		}
		a.met(who, "GET "+url, err)
		time.Sleep(time.Millisecond) // a port that does not listen yet answers at once
	}
}

// calls makes the requests of one identity at the port for clients of one member.
func (a *attack) calls(ctx context.Context, who, url, dir string, requests []forbiddenRequest) {
	var etcd *clientv3.Client
	for ; ctx.Err() == nil && etcd == nil; time.Sleep(time.Millisecond) {
		etcd, _ = quick(url, dir) // the certificate is not there yet
	}
	if etcd == nil {
		return
	}
	defer etcd.Close()
	for ctx.Err() == nil {
		for _, r := range requests {
			call, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
			a.met(who, r.name, r.make(call, etcd))
			cancel()
		}
		time.Sleep(time.Millisecond)
	}
}

// quick is a client of one member that dials again at once.
func quick(url, dir string) (*clientv3.Client, error) {
	info := transport.TLSInfo{CertFile: filepath.Join(dir, "client.crt"), KeyFile: filepath.Join(dir, "client.key"), InsecureSkipVerify: true}
	config, err := info.ClientConfig()
	if err != nil {
		return nil, err
	}
	at := grpc.ConnectParams{Backoff: backoff.Config{BaseDelay: time.Millisecond, Multiplier: 1, MaxDelay: time.Millisecond}, MinConnectTimeout: time.Second}
	return clientv3.New(clientv3.Config{
		Endpoints: []string{url}, TLS: config, Logger: zap.NewNop(), DialOptions: []grpc.DialOption{grpc.WithConnectParams(at)},
	})
}

// forbiddenRequest is one that a user without permissions on /secret, and without role root, may
// not make.
type forbiddenRequest struct {
	name string
	make func(context.Context, *clientv3.Client) error
}

// forbidden is the requests of the attack. A member answers a serializable read before there is a
// leader. Of an open cluster nothing is changed but one key.
func forbidden(open bool) []forbiddenRequest {
	reads := []forbiddenRequest{
		{"read of this member's own copy", func(ctx context.Context, c *clientv3.Client) error {
			_, err := c.Get(ctx, "/secret", clientv3.WithSerializable())
			return err
		}},
		{"write", func(ctx context.Context, c *clientv3.Client) error { _, err := c.Put(ctx, "/secret", "x"); return err }},
	}
	if open {
		return reads
	}
	return append(reads, []forbiddenRequest{
		{"read", func(ctx context.Context, c *clientv3.Client) error { _, err := c.Get(ctx, "/secret"); return err }},
		{"read of everything", func(ctx context.Context, c *clientv3.Client) error {
			_, err := c.Get(ctx, "\x00", clientv3.WithFromKey(), clientv3.WithSerializable())
			return err
		}},
		{"write to a key that it may read", func(ctx context.Context, c *clientv3.Client) error { _, err := c.Put(ctx, "/flag", "x"); return err }},
		{"deletion of everything", func(ctx context.Context, c *clientv3.Client) error {
			_, err := c.Delete(ctx, "\x00", clientv3.WithFromKey())
			return err
		}},
		{"transaction", func(ctx context.Context, c *clientv3.Client) error {
			_, err := c.Txn(ctx).Then(clientv3.OpGet("/secret")).Else(clientv3.OpPut("/secret", "x")).Commit()
			return err
		}},
		{"watch", func(ctx context.Context, c *clientv3.Client) error {
			answer := <-c.Watch(ctx, "/secret", clientv3.WithCreatedNotify())
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return answer.Err()
		}},
		{"new user", func(ctx context.Context, c *clientv3.Client) error { _, err := c.UserAdd(ctx, "eve", "x"); return err }},
		{"role root for itself", func(ctx context.Context, c *clientv3.Client) error {
			_, err := c.UserGrantRole(ctx, "reader", "root")
			return err
		}},
		{"new permission", func(ctx context.Context, c *clientv3.Client) error {
			_, err := c.RoleGrantPermission(ctx, "reader", "/secret", "", clientv3.PermissionType(clientv3.PermReadWrite))
			return err
		}},
		{"auth off", func(ctx context.Context, c *clientv3.Client) error { _, err := c.AuthDisable(ctx); return err }},
		{"another member", func(ctx context.Context, c *clientv3.Client) error {
			_, err := c.MemberAddAsLearner(ctx, []string{"https://127.0.0.1:1"})
			return err
		}},
		{"snapshot", readSnapshot},
	}...)
}

func readSnapshot(ctx context.Context, c *clientv3.Client) error {
	snapshot, err := c.Snapshot(ctx)
	if err != nil {
		return err
	}
	defer snapshot.Close()
	_, err = io.Copy(io.Discard, snapshot)
	if status.Code(err) == codes.PermissionDenied {
		return rpctypes.ErrPermissionDenied
	}
	return err
}
