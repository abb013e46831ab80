package store_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/authpb"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"lockstep/policies/hint"
	"lockstep/policies/keyrange"
	"lockstep/roles"
	"lockstep/roles/store"
)

// oddServer is a gRPC server with TLS that answers what a test tells it to, byte by byte.
type oddServer struct {
	url string
	*server

	mu      sync.Mutex
	answers map[string]reply // by method: "MemberList"
}

type reply struct {
	text []byte
	code codes.Code
	says string // of a code, instead of gRPC's own text
}

// frame is a message as it is on the wire.
type frame []byte

type raw struct{}

func (raw) Name() string                       { return "proto" }
func (raw) Marshal(v any) ([]byte, error)      { return *v.(*frame), nil }
func (raw) Unmarshal(text []byte, v any) error { *v.(*frame) = slices.Clone(text); return nil }

func startOddServer(t testing.TB) *oddServer {
	t.Helper()
	i := &oddServer{server: &server{clients: newCA(t, "test clients"), servers: newCA(t, "test servers")}}
	own := issue(t, serverTemplate(), i.servers).pair()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	i.url = "https://" + listener.Addr().String()
	i.server.url = i.url
	s := grpc.NewServer(grpc.ForceServerCodec(raw{}), grpc.UnknownServiceHandler(i.answer), grpc.Creds(credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{own}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: i.clients.pool(), NextProtos: []string{"h2"},
	})))
	go func() { _ = s.Serve(listener) }()
	t.Cleanup(s.Stop)
	return i
}

func (i *oddServer) answer(_ any, stream grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(stream)
	var asked frame
	if err := stream.RecvMsg(&asked); err != nil {
		return err
	}
	i.mu.Lock()
	r, known := i.answers[path.Base(method)]
	i.mu.Unlock()
	if !known {
		r.code = codes.Unimplemented
	}
	if r.says != "" {
		return status.Error(r.code, r.says)
	}
	if r.code != codes.OK {
		return status.Errorf(r.code, "unknown method %s for service %s", path.Base(method), strings.TrimPrefix(path.Dir(method), "/")) // as gRPC itself
	}
	return stream.SendMsg((*frame)(&r.text))
}

func (i *oddServer) set(answers map[string]reply) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.answers = answers
}

func wire(t testing.TB, m proto.Message) reply {
	t.Helper()
	text, err := proto.Marshal(m)
	must(t, err)
	return reply{text: text}
}

// everyCall makes each call of the client that reads an answer, and returns the errors.
func everyCall(ctx context.Context, t testing.TB, c *store.Client, url string) map[string]error {
	t.Helper()
	errs := map[string]error{}
	state, err := c.Observe(ctx, []string{"a"})
	errs["Observe"] = err
	if err == nil {
		checkState(t, state)
	}
	state, err = c.ObserveSome(ctx, []string{"a"}, []string{"r"}, func(string) bool { return true })
	errs["ObserveSome"] = err
	if err == nil {
		checkState(t, state)
	}
	members, err := c.Members(ctx)
	errs["Members"] = err
	for _, m := range members {
		if m.ID == 0 {
			t.Errorf("a member without ID: %+v", m)
		}
	}
	id, err := c.ClusterID(ctx)
	if errs["ClusterID"] = err; err == nil && id == 0 {
		t.Error("a cluster without ID")
	}
	s, err := c.Status(ctx, url)
	if errs["Status"] = err; err == nil && (s.MemberID == 0 || s.ClusterID == 0) {
		t.Errorf("status %+v", s)
	}
	_, errs["Alarms"] = c.Alarms(ctx)
	_, errs["HoldsKey"] = c.HoldsKey(ctx, keyrange.Prefix("/a/", keyrange.Read))
	_, errs["AuthEnabled"] = c.AuthEnabled(ctx)
	errs["CheckRoot"] = c.CheckRoot(ctx)
	answers, err := c.Probe(ctx, []roles.Question{{Access: keyrange.Write, Range: keyrange.Single("/a"), Want: roles.Allowed}}, 1)
	if errs["Probe"] = err; err == nil && answers[0].Got != roles.Allowed {
		errs["Probe"] = errors.Join(answers[0].Err, errors.New("not allowed"))
	}
	return errs
}

// checkState is what the rest of lockstep relies on.
func checkState(t testing.TB, s roles.State) {
	t.Helper()
	for i, u := range s.Users {
		if u.Name == "" || i > 0 && s.Users[i-1].Name >= u.Name || !slices.IsSorted(u.Roles) || slices.Contains(u.Roles, "") {
			t.Errorf("user %d of %+v", i, s.Users)
		}
	}
	for i, r := range s.Roles {
		if r.Name == "" || i > 0 && s.Roles[i-1].Name >= r.Name {
			t.Errorf("role %d of %+v", i, s.Roles)
		}
		for _, p := range r.Permissions {
			if !p.Access.Reads() && !p.Access.Writes() {
				t.Errorf("access %q", p.Access)
			}
		}
	}
}

func header() *pb.ResponseHeader { return &pb.ResponseHeader{ClusterId: 7, MemberId: 8} }

// sane is an etcd with one user and one role.
func sane(t testing.TB) map[string]reply {
	t.Helper()
	return map[string]reply{
		"AuthStatus":   wire(t, &pb.AuthStatusResponse{Header: header(), Enabled: true, AuthRevision: 3}),
		"UserList":     wire(t, &pb.AuthUserListResponse{Header: header(), Users: []string{"a"}}),
		"RoleList":     wire(t, &pb.AuthRoleListResponse{Header: header(), Roles: []string{"r"}}),
		"UserGet":      wire(t, &pb.AuthUserGetResponse{Header: header(), Roles: []string{"r"}}),
		"RoleGet":      wire(t, &pb.AuthRoleGetResponse{Header: header(), Perm: []*authpb.Permission{{Key: []byte("/a"), PermType: authpb.Permission_WRITE}}}),
		"MemberList":   wire(t, &pb.MemberListResponse{Header: header(), Members: []*pb.Member{{ID: 8, Name: "m"}}}),
		"Status":       wire(t, &pb.StatusResponse{Header: header(), Version: "3.7.3"}),
		"Alarm":        wire(t, &pb.AlarmResponse{Header: header()}),
		"Range":        wire(t, &pb.RangeResponse{Header: header(), Kvs: []*mvccpb.KeyValue{{Key: []byte("/a/b")}}}),
		"Txn":          wire(t, &pb.TxnResponse{Header: header(), Succeeded: true}),
		"Authenticate": {code: codes.InvalidArgument},
	}
}

const oddHint = "Look what answers at that port: a proxy or another program may stand before etcd. Name the members themselves with --endpoints."

// An answer that etcd does not give is an error that says what is odd about it.
func TestAnOddAnswerIsAnError(t *testing.T) {
	t.Parallel()
	i := startOddServer(t)
	c := i.connect(t, "root")
	for _, test := range []struct {
		name, method string
		answer       proto.Message
		calls        string // that fail with want
		want         string
	}{
		{"no header", "MemberList", &pb.MemberListResponse{Members: []*pb.Member{{ID: 1}}}, "Members ClusterID", "the answer to MemberList is none of etcd's: it has no header"},
		{"no cluster", "MemberList", &pb.MemberListResponse{Header: &pb.ResponseHeader{}}, "Members ClusterID", "the answer to MemberList is none of etcd's: its header names no cluster"},
		{"no member", "MemberList", &pb.MemberListResponse{Header: header()}, "Members", "the answer to MemberList is none of etcd's: it lists no member"},
		{"an empty member", "MemberList", &pb.MemberListResponse{Header: header(), Members: []*pb.Member{{}}}, "Members", "the answer to MemberList is none of etcd's: it lists a member without an ID"},
		{"a member twice", "MemberList", &pb.MemberListResponse{Header: header(), Members: []*pb.Member{{ID: 10}, {ID: 10}}}, "Members", "the answer to MemberList is none of etcd's: it lists member a twice"},
		{"a status without header", "Status", &pb.StatusResponse{Version: "3.7.3"}, "Status", "the answer to Status is none of etcd's: it has no header"},
		{"a status of no member", "Status", &pb.StatusResponse{Header: &pb.ResponseHeader{ClusterId: 7}}, "Status", "the answer to Status is none of etcd's: its header names no member"},
		{"a user without name", "UserList", &pb.AuthUserListResponse{Users: []string{""}}, "Observe ObserveSome", "listing users: the answer to UserList is none of etcd's: it lists a user without a name"},
		{"a user twice", "UserList", &pb.AuthUserListResponse{Users: []string{"a", "b", "a"}}, "Observe ObserveSome", `listing users: the answer to UserList is none of etcd's: it lists user "a" twice`},
		{"a role twice", "RoleList", &pb.AuthRoleListResponse{Roles: []string{"r", "r"}}, "Observe", `listing roles: the answer to RoleList is none of etcd's: it lists role "r" twice`},
		{"a held role twice", "UserGet", &pb.AuthUserGetResponse{Roles: []string{"r", "r"}}, "Observe ObserveSome", `reading user "a": the answer to UserGet is none of etcd's: it lists role "r" twice`},
		{"an unknown permission", "RoleGet", &pb.AuthRoleGetResponse{Perm: []*authpb.Permission{{Key: []byte("a"), PermType: 9}}}, "Observe ObserveSome", `reading role "r": the answer to RoleGet is none of etcd's: permission 1 of role "r" is of type 9, which is neither read nor write`},
		{"a key that was not asked for", "Range", &pb.RangeResponse{Kvs: []*mvccpb.KeyValue{{Key: []byte("/b")}}}, "HoldsKey", "the answer to Range is none of etcd's: it holds a key that was not asked for"},
		{"a branch that was executed", "Txn", &pb.TxnResponse{}, "Probe", "the answer to Txn is none of etcd's: it executed the branch for a failed comparison, and there was no comparison\nnot allowed"},
	} {
		answers := sane(t)
		answers["Authenticate"] = wire(t, &pb.AuthenticateResponse{Header: header()}) // users and roles are read together
		answers[test.method] = wire(t, test.answer)
		i.set(answers)
		for call, err := range everyCall(t.Context(), t, c, i.url) {
			fails := slices.Contains(strings.Fields(test.calls), call)
			var odd *store.OddAnswerError
			if fails && call != "Probe" && (!errors.As(err, &odd) || hint.Text(err) != oddHint) {
				t.Errorf("%s: %s: %v\nhint %s", test.name, call, err, hint.Text(err))
			}
			if fails && fmt.Sprint(err) != test.want || !fails && errors.As(err, &odd) && !strings.Contains(test.calls, "Members") {
				t.Errorf("%s: %s: got %v, want %s", test.name, call, err, test.want)
			}
		}
	}
}

// A sane answer is none, nor is one that is larger than etcd's own limit.
func TestALargeAnswer(t *testing.T) {
	t.Parallel()
	i := startOddServer(t)
	c := i.connect(t, "root")
	answers := sane(t)
	answers["Authenticate"] = wire(t, &pb.AuthenticateResponse{Header: header()})
	i.set(answers)
	for call, err := range everyCall(t.Context(), t, c, i.url) {
		if err != nil {
			t.Errorf("%s: %v", call, err)
		}
	}
	large := &pb.AuthRoleGetResponse{}
	for n := range 50_000 {
		large.Perm = append(large.Perm, &authpb.Permission{Key: fmt.Appendf(nil, "/tenants/%d/", n), RangeEnd: fmt.Appendf(nil, "/tenants/%d0", n)})
	}
	answers["RoleGet"] = wire(t, large)
	i.set(answers)
	start := time.Now()
	state, err := c.Observe(t.Context(), nil)
	must(t, err)
	desired := roles.State{Enabled: true, Users: state.Users, Roles: []roles.Role{{Name: "r", Permissions: []keyrange.Permission{keyrange.Key("/a", keyrange.Read)}}}}
	if plan := roles.Diff(desired, state, noUser, roles.Allow{Adopt: true}); len(plan.Steps) != 50_001 {
		t.Errorf("%d steps", len(plan.Steps))
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("50,000 permissions took %v", took)
	}
	answers["RoleGet"] = reply{text: make([]byte, 40<<20)}
	i.set(answers)
	if _, err = c.Observe(t.Context(), nil); err == nil || !strings.HasPrefix(hint.Text(err), "The answer is larger than the 32 MiB that lockstep reads.") {
		t.Errorf("%v\nhint %s", err, hint.Text(err))
	}
}

// Etcd 3.4 has no AuthStatus: the version and the floor are named, not the call alone.
func TestAnEtcdThatIsTooOldIsNamed(t *testing.T) {
	t.Parallel()
	i := startOddServer(t)
	c := i.connect(t, "root")
	answers := sane(t)
	delete(answers, "AuthStatus")
	answers["Status"] = wire(t, &pb.StatusResponse{Header: header(), Version: "3.4.23"})
	i.set(answers)
	for _, call := range []string{"Observe", "ObserveSome", "AuthEnabled"} {
		err := everyCall(t.Context(), t, c, i.url)[call]
		var old *store.TooOldError
		want := i.url + " runs etcd 3.4.23, which has no AuthStatus: lockstep needs 3.5; advisories want 3.6.14 or 3.7.1"
		if !errors.As(err, &old) || err.Error() != want || !strings.HasPrefix(hint.Text(err), "Upgrade etcd, one minor version at a time") {
			t.Errorf("%s: %v\nhint %s", call, err, hint.Text(err))
		}
	}
	delete(answers, "Status")
	i.set(answers)
	if _, err := c.AuthEnabled(t.Context()); err == nil || !strings.Contains(err.Error(), "runs an etcd, which has no AuthStatus") {
		t.Errorf("without a version: %v", err)
	}
}

// Whatever bytes a server sends, the client neither panics nor believes them unchecked.
func FuzzAnswers(f *testing.F) {
	i := startOddServer(f)
	c, err := store.Connect(context.Background(), store.Target{Endpoints: []string{i.url}, TLS: i.tls(f, "root"), Timeout: 5 * time.Second})
	must(f, err)
	f.Cleanup(func() { _ = c.Close() })
	order := []string{"AuthStatus", "UserList", "RoleList", "UserGet", "RoleGet", "MemberList", "Status", "Alarm", "Range", "Txn"}
	seed := func(change map[string]proto.Message, code byte) {
		answers := sane(f)
		for method, m := range change {
			answers[method] = wire(f, m)
		}
		text := func(n int) []byte { return answers[order[n]].text }
		f.Add(text(0), text(1), text(2), text(3), text(4), text(5), text(6), text(7), text(8), text(9), code)
	}
	seed(nil, 0)
	for code := range byte(17) {
		seed(nil, code)
	}
	seed(map[string]proto.Message{"MemberList": &pb.MemberListResponse{}, "Status": &pb.StatusResponse{}}, 0)
	seed(map[string]proto.Message{"MemberList": &pb.MemberListResponse{Header: header(), Members: []*pb.Member{{}}}}, 0)
	seed(map[string]proto.Message{"RoleGet": &pb.AuthRoleGetResponse{Perm: []*authpb.Permission{{}, {PermType: 7}}}, "Alarm": &pb.AlarmResponse{Alarms: []*pb.AlarmMember{{}}}}, 0)
	f.Fuzz(func(t *testing.T, a, b, c1, d, e, g, h, k, l, m []byte, code byte) {
		answers := map[string]reply{"Authenticate": {code: codes.InvalidArgument}}
		for n, text := range [][]byte{a, b, c1, d, e, g, h, k, l, m} {
			answers[order[n]] = reply{text: text}
		}
		if code := codes.Code(code % 17); code != codes.OK {
			answers["UserList"] = reply{code: code}
			answers["MemberList"] = reply{code: code}
		}
		i.set(answers)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second) // some codes are asked again until then
		defer cancel()
		everyCall(ctx, t, c, i.url)
	})
}
