package store_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"lockstep/policies/keyrange"
	"lockstep/roles"
	"lockstep/roles/store"
)

// What etcd itself counts, by its answers to users that may, that may not, and to no user: what
// CountRequests takes for a refusal stands on this.
func TestCountRequests(t *testing.T) {
	t.Parallel()
	s := startEtcd(t, "--listen-metrics-urls=http://"+freeAddress(t))
	root := s.connect(t, "root")
	desired := roles.State{
		Users: []roles.User{{Name: "reader", Roles: []string{"reader"}}, {Name: "root", Roles: []string{"root"}}},
		Roles: []roles.Role{{Name: "reader", Permissions: []keyrange.Permission{keyrange.Prefix("/app/", keyrange.Read)}}},
	}
	observed, err := root.Observe(t.Context(), nil)
	must(t, err)
	must(t, root.Apply(t.Context(), roles.Diff(desired, observed, noUser, roles.Allow{}), 4, func(roles.Step) {}))
	must(t, root.EnableAuth(t.Context()))

	call := store.Call{Method: "Range", Code: "PermissionDenied"}
	tests := []struct {
		name string
		as   string // CN
		do   func(context.Context, *clientv3.Client) error
		want map[store.Call]uint64 // counted as refused; none: it succeeds
	}{
		{"what it may", "reader", get("/app/x"), nil},
		{"what it may not", "reader", get("/other"), map[store.Call]uint64{call: 1}},
		{"writing", "reader", func(ctx context.Context, c *clientv3.Client) error { _, err := c.Put(ctx, "/app/x", "1"); return err },
			map[store.Call]uint64{{Method: "Put", Code: "PermissionDenied"}: 1}},
		{"a CN that is no user", "stranger", get("/app/x"), map[store.Call]uint64{call: 1}},
		{"no CN", "", get("/app/x"), map[store.Call]uint64{call: 1}},
		{"what needs root, as a user without it", "reader", users, map[store.Call]uint64{{Method: "UserList", Code: "PermissionDenied"}: 1}},
		{"what needs root, as a CN that is no user", "stranger", users, map[store.Call]uint64{{Method: "UserList", Code: "FailedPrecondition"}: 1}},
		{"what needs root, without a CN", "", users, map[store.Call]uint64{{Method: "UserList", Code: "InvalidArgument"}: 1}},
		{"a backup by a CN that is no user", "stranger", snapshot, map[store.Call]uint64{{Method: "Snapshot", Code: "FailedPrecondition"}: 1}},
		{"a wrong password", "stranger", login("absent"), map[store.Call]uint64{{Method: "Authenticate", Code: "InvalidArgument"}: 1}},
		{"a password for a user without one", "stranger", login("reader"), map[store.Call]uint64{{Method: "Authenticate", Code: "Unknown"}: 1}},
		{"a lease, which needs no right", "stranger", func(ctx context.Context, c *clientv3.Client) error { _, err := c.Grant(ctx, 60); return err }, nil},
		{"a watch, whose refusal etcd does not count", "stranger", func(ctx context.Context, c *clientv3.Client) error {
			if answer := <-c.Watch(ctx, "/app/x"); answer.Err() == nil {
				return errors.New("it was allowed")
			}
			return nil
		}, nil},
	}
	for _, test := range tests { // one after the other: they are counted
		before := requests(t, s, "root")
		err := test.do(t.Context(), s.as(t, test.as))
		if (err == nil) != (len(test.want) == 0) {
			t.Errorf("%s: %v", test.name, err)
		}
		if diff := cmp.Diff(test.want, increase(before, requests(t, s, "root"))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func get(key string) func(context.Context, *clientv3.Client) error {
	return func(ctx context.Context, c *clientv3.Client) error {
		_, err := c.Get(ctx, key)
		return err
	}
}

func users(ctx context.Context, c *clientv3.Client) error {
	_, err := c.UserList(ctx)
	return err
}

func snapshot(ctx context.Context, c *clientv3.Client) error {
	all, err := c.Snapshot(ctx)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, all)
	return err
}

func login(user string) func(context.Context, *clientv3.Client) error {
	return func(ctx context.Context, c *clientv3.Client) error {
		_, err := c.Authenticate(ctx, user, "wrong")
		return err
	}
}

// requests reads the counts by the client port.
func requests(t *testing.T, s *server, cn string) store.Requests {
	t.Helper()
	r, err := store.CountRequests(t.Context(), store.Pages{Client: s.url}, s.tls(t, cn))
	must(t, err)
	return r
}

func increase(before, after store.Requests) map[store.Call]uint64 {
	var out map[store.Call]uint64
	for call, n := range after.Refused {
		if n -= before.Refused[call]; n > 0 {
			if out == nil {
				out = map[store.Call]uint64{}
			}
			out[call] = n
		}
	}
	return out
}

// A client that is not etcd's own in Go names no version; ours does, and reading the
// counts is no call. Once auth is on, a certificate with a CN gets HTTP 400 from the
// gateway, and that is not counted (fact 8).
func TestVersionlessRequests(t *testing.T) {
	t.Parallel()
	s := startEtcd(t)
	root := s.connect(t, "root")
	_, err := root.Observe(t.Context(), nil)
	must(t, err)
	before := requests(t, s, "stranger")
	if before.Versionless != 0 || before.Handled == 0 || time.Since(before.Started).Abs() > patience {
		t.Errorf("after calls of our own: %+v", before)
	}
	config := s.tls(t, "stranger")
	bare, err := grpc.NewClient(strings.TrimPrefix(s.url, "https://"), grpc.WithTransportCredentials(credentials.NewTLS(config)))
	must(t, err)
	defer bare.Close()
	for range 2 {
		_, err = etcdserverpb.NewKVClient(bare).Range(t.Context(), &etcdserverpb.RangeRequest{Key: []byte("x")})
		must(t, err)
	}
	after := requests(t, s, "")
	if after.Versionless != 2 || after.Handled != before.Handled+2 {
		t.Errorf("after two calls without a version: %+v, before: %+v", after, before)
	}

	_, err = s.as(t, "root").UserAddWithOptions(t.Context(), "root", "", &clientv3.UserAddOptions{NoPassword: true})
	must(t, err)
	_, err = s.as(t, "root").UserGrantRole(t.Context(), "root", "root")
	must(t, err)
	must(t, root.EnableAuth(t.Context()))
	before = requests(t, s, "stranger")
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: config}}
	answer, err := client.Post(s.url+"/v3/kv/range", "application/json", strings.NewReader(`{"key":"eA=="}`))
	must(t, err)
	answer.Body.Close()
	if answer.StatusCode != http.StatusBadRequest {
		t.Errorf("the gateway answered %s", answer.Status)
	}
	if after := requests(t, s, "stranger"); after.Handled != before.Handled {
		t.Errorf("the gateway's refusal is counted: %+v, before: %+v", after, before)
	}
}

// A watch is counted while it is open, and goes on when auth is turned on (fact 16).
func TestWatchesAreCounted(t *testing.T) {
	t.Parallel()
	s := startEtcd(t)
	if got := requests(t, s, "root").Watches; got != 0 {
		t.Errorf("%d watches before the first", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	created := <-s.as(t, "stranger").Watch(ctx, "/app/", clientv3.WithPrefix(), clientv3.WithCreatedNotify())
	must(t, created.Err())
	if got := requests(t, s, "root").Watches; got != 1 {
		t.Errorf("%d watches, one is open", got)
	}
}

func TestCountRequestsRefusesOtherPages(t *testing.T) {
	t.Parallel()
	const handled, watches = "# TYPE grpc_server_handled_total counter\ngrpc_server_handled_total{grpc_code=\"OK\",grpc_method=\"Range\"} 2\n",
		"# TYPE etcd_debugging_mvcc_watcher_total gauge\netcd_debugging_mvcc_watcher_total 3\n"
	tests := []struct {
		name, page string
		status     int
		want       string // error; "" for none
	}{
		{"both", handled + watches, 200, ""},
		{"empty", "", 200, "etcd's counts are not there"},
		{"no calls", watches, 200, "etcd's counts are not there"},
		{"no watches", handled, 200, "etcd's counts are not there"},
		{"without types", "grpc_server_handled_total 2\netcd_debugging_mvcc_watcher_total 3\n", 200, "etcd's counts are not there"},
		{"cut off", handled + watches + "grpc_server_handled_total{grpc_code=", 200, "text format parsing error"},
		{"another page", "<html>", 200, "text format parsing error"},
		{"not found", handled + watches, 404, "HTTP 404 Not Found"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := countOn(t, test.status, test.page)
			if test.want != "" {
				if err == nil || !strings.HasPrefix(err.Error(), "reading the member's metrics: "+test.want) {
					t.Errorf("got %v, want %s", err, test.want)
				}
				return
			}
			if diff := cmp.Diff(store.Requests{Handled: 2, Watches: 3, Refused: map[store.Call]uint64{}}, got); err != nil || diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

// countOn reads a page that a server answers with.
func countOn(t *testing.T, status int, page string) (store.Requests, error) {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, page)
	}))
	t.Cleanup(server.Close)
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	return store.CountRequests(t.Context(), store.Pages{Client: server.URL}, &tls.Config{RootCAs: pool})
}

// Answers that say nothing about who asked are no refusal; etcd 3.5 gives some refusals
// no code of their own.
func TestRefusals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		service, method, code string
		want                  bool
	}{
		{"etcdserverpb.KV", "Range", "OK", false},
		{"etcdserverpb.KV", "Range", "OutOfRange", false},      // compacted
		{"etcdserverpb.KV", "Put", "NotFound", false},          // no such lease
		{"etcdserverpb.KV", "Put", "ResourceExhausted", false}, // NOSPACE
		{"etcdserverpb.KV", "Put", "Unavailable", false},
		{"etcdserverpb.KV", "Put", "Unknown", false},
		{"etcdserverpb.Watch", "Watch", "Canceled", false},
		{"etcdserverpb.Lease", "LeaseGrant", "FailedPrecondition", false}, // it is there already
		{"etcdserverpb.Auth", "UserAdd", "Unknown", false},
		{"etcdserverpb.KV", "Txn", "PermissionDenied", true},
		{"etcdserverpb.Lease", "LeaseRevoke", "PermissionDenied", true},
		{"etcdserverpb.KV", "Txn", "Unauthenticated", true},
		{"etcdserverpb.KV", "Compact", "FailedPrecondition", true},
		{"etcdserverpb.Cluster", "MemberAdd", "FailedPrecondition", true},
		{"etcdserverpb.Maintenance", "Snapshot", "Unknown", true}, // 3.5
	}
	for _, test := range tests {
		page := fmt.Sprintf("# TYPE grpc_server_handled_total counter\ngrpc_server_handled_total{grpc_code=%q,grpc_method=%q,grpc_service=%q,grpc_type=\"unary\"} 5\n"+
			"# TYPE etcd_debugging_mvcc_watcher_total gauge\netcd_debugging_mvcc_watcher_total 0\n", test.code, test.method, test.service)
		got, err := countOn(t, http.StatusOK, page)
		must(t, err)
		if n := got.Refused[store.Call{Method: test.method, Code: test.code}]; (n == 5) != test.want || len(got.Refused) > 1 {
			t.Errorf("%+v: %v", test, got.Refused)
		}
	}
}
