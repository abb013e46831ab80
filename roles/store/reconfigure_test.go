package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/grpc/codes"

	"lockstep/policies/hint"
	"lockstep/roles/store"
)

// What etcd answers to a change of its members.
func TestReconfigure(t *testing.T) {
	t.Parallel()
	i := startOddServer(t)
	c := i.connect(t, "root")
	refuses := func(code codes.Code, text string) reply { return reply{code: code, says: "etcdserver: " + text} }
	add := func(ctx context.Context) error { _, err := c.AddLearner(ctx, "https://a:2380"); return err }
	for name, test := range map[string]struct {
		method, want string
		answer       reply
		call         func(context.Context) error
	}{
		"added":                 {"MemberAdd", "", wire(t, &pb.MemberAddResponse{Header: header(), Member: &pb.Member{ID: 9}}), add},
		"added, and no ID":      {"MemberAdd", "adding a learner at https://a:2380: the answer to MemberAdd is none of etcd's: it names no member", wire(t, &pb.MemberAddResponse{Header: header()}), add},
		"a learner is there":    {"MemberAdd", "adding a learner at https://a:2380: etcdserver: too many learner members in cluster", refuses(codes.FailedPrecondition, "too many learner members in cluster"), add},
		"removed":               {"MemberRemove", "", wire(t, &pb.MemberRemoveResponse{Header: header()}), func(ctx context.Context) error { return c.RemoveMember(ctx, 9) }},
		"it was removed before": {"MemberRemove", "", refuses(codes.NotFound, "member not found"), func(ctx context.Context) error { return c.RemoveMember(ctx, 9) }},
		"it may not be removed": {"MemberRemove", "removing the member 9: etcdserver: re-configuration failed due to not enough started members", refuses(codes.FailedPrecondition, "re-configuration failed due to not enough started members"), func(ctx context.Context) error { return c.RemoveMember(ctx, 9) }},
		"promoted":              {"MemberPromote", "", wire(t, &pb.MemberPromoteResponse{Header: header()}), func(ctx context.Context) error { return c.Promote(ctx, 9) }},
		"it has not caught up":  {"MemberPromote", "giving the learner 9 a vote: etcdserver: can only promote a learner member which is in sync with leader", refuses(codes.FailedPrecondition, "can only promote a learner member which is in sync with leader"), func(ctx context.Context) error { return c.Promote(ctx, 9) }},
		"another one leads":     {"MoveLeader", "", wire(t, &pb.MoveLeaderResponse{Header: header()}), func(ctx context.Context) error { return c.MoveLeader(ctx, 9) }},
		"it is not the leader":  {"MoveLeader", "making the member 9 the leader: etcdserver: not leader", refuses(codes.FailedPrecondition, "not leader"), func(ctx context.Context) error { return c.MoveLeader(ctx, 9) }},
	} {
		i.set(map[string]reply{test.method: test.answer})
		err := test.call(t.Context())
		if got := ""; err != nil && err.Error() != test.want || err == nil && test.want != got {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
		if store.IsBehind(err) != (name == "it has not caught up") {
			t.Errorf("%s: IsBehind(%v)", name, err)
		}
	}
}

// While the member that is asked has not been connected to enough others for 5 s, etcd refuses
// a change: it is asked again, until the time is up.
func TestReconfigureWhenConnected(t *testing.T) {
	t.Parallel()
	i := startOddServer(t)
	c := i.connect(t, "root")
	i.set(map[string]reply{"MemberAdd": {code: codes.Unavailable, says: "etcdserver: unhealthy cluster"}})
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := c.AddLearner(ctx, "https://a:2380")
	if err == nil || !strings.Contains(err.Error(), "unhealthy cluster") && !errors.Is(err, context.DeadlineExceeded) || ctx.Err() == nil {
		t.Errorf("%v", err)
	}
	if strings.Contains(err.Error(), "unhealthy cluster") && !strings.HasPrefix(hint.Text(err), "etcd changes no members while too few of them are connected") {
		t.Errorf("hint %q", hint.Text(err))
	}
	done := make(chan error)
	go func() { _, err := c.AddLearner(t.Context(), "https://a:2380"); done <- err }()
	i.set(map[string]reply{"MemberAdd": wire(t, &pb.MemberAddResponse{Header: header(), Member: &pb.Member{ID: 9}})})
	if err := <-done; err != nil {
		t.Errorf("connected again: %v", err)
	}
}
