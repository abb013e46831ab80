package store

import (
	"context"
	"fmt"

	"go.etcd.io/etcd/api/v3/authpb"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"lockstep/policies/hint"
	"lockstep/policies/keyrange"
)

// Whatever a server sends is checked here, once, before anything is made of it: what
// answers at a port may be a proxy, another program, or an etcd that is broken.

// largestAnswer is the size in bytes of the largest answer that is read. etcd itself takes
// requests of 1.5 MiB, and a role with 100,000 permissions is about 5 MiB.
const largestAnswer = 32 << 20

// OddAnswerError is an answer that etcd does not give.
type OddAnswerError struct {
	Call string // "MemberList"
	Odd  string // what is odd about it
}

func (e *OddAnswerError) Error() string {
	return fmt.Sprintf("the answer to %s is none of etcd's: %s", e.Call, e.Odd)
}

func odd(call, format string, args ...any) error {
	return hint.With(&OddAnswerError{Call: call, Odd: fmt.Sprintf(format, args...)},
		"Look what answers at that port: a proxy or another program may stand before etcd. Name the members themselves with --endpoints.")
}

// clusterOf is the cluster that an answer comes from.
func clusterOf(call string, h *pb.ResponseHeader) (uint64, error) {
	switch {
	case h == nil:
		return 0, odd(call, "it has no header")
	case h.ClusterId == 0:
		return 0, odd(call, "its header names no cluster")
	}
	return h.ClusterId, nil
}

// checkNames checks a list of users or roles.
func checkNames(call, what string, names []string) error {
	seen := make(map[string]bool, len(names))
	for _, name := range names {
		switch {
		case name == "":
			return odd(call, "it lists a %s without a name", what)
		case seen[name]:
			return odd(call, "it lists %s %q twice", what, name)
		}
		seen[name] = true
	}
	return nil
}

func userList(ctx context.Context, api API) ([]string, error) {
	answer, err := api.UserList(ctx)
	if err != nil {
		return nil, err
	}
	return answer.Users, checkNames("UserList", "user", answer.Users)
}

func roleList(ctx context.Context, api API) ([]string, error) {
	answer, err := api.RoleList(ctx)
	if err != nil {
		return nil, err
	}
	return answer.Roles, checkNames("RoleList", "role", answer.Roles)
}

// rolesOf is the roles that a user holds.
func rolesOf(ctx context.Context, api API, user string) ([]string, error) {
	answer, err := api.UserGet(ctx, user)
	if err != nil {
		return nil, err
	}
	return answer.Roles, checkNames("UserGet", "role", answer.Roles)
}

// permissionsOf is a role's permissions, in etcd's order. Their ranges may be empty or
// inverted: old etcd took such, and what they are worth is the reader's question.
func permissionsOf(ctx context.Context, api API, role string) ([]keyrange.Permission, error) {
	answer, err := api.RoleGet(ctx, role)
	if err != nil {
		return nil, err
	}
	var out []keyrange.Permission
	for i, p := range answer.Perm {
		if p == nil {
			return nil, odd("RoleGet", "permission %d of role %q is empty", i+1, role)
		}
		access, known := accesses[p.PermType]
		if !known {
			return nil, odd("RoleGet", "permission %d of role %q is of type %d, which is neither read nor write", i+1, role, p.PermType)
		}
		out = append(out, keyrange.Permission{Key: string(p.Key), RangeEnd: string(p.RangeEnd), Access: access})
	}
	return out, nil
}

var accesses = map[authpb.Permission_Type]keyrange.Access{
	authpb.Permission_READ: keyrange.Read, authpb.Permission_WRITE: keyrange.Write, authpb.Permission_READWRITE: keyrange.ReadWrite,
}

func membersIn(answer *clientv3.MemberListResponse) (cluster uint64, out []Member, err error) {
	const call = "MemberList"
	if cluster, err = clusterOf(call, answer.Header); err != nil {
		return 0, nil, err
	}
	seen := map[uint64]bool{}
	for _, m := range answer.Members {
		switch {
		case m == nil || m.ID == 0:
			return 0, nil, odd(call, "it lists a member without an ID")
		case seen[m.ID]:
			return 0, nil, odd(call, "it lists member %x twice", m.ID)
		}
		seen[m.ID] = true
		out = append(out, Member{ID: m.ID, Name: m.Name, PeerURLs: m.PeerURLs, ClientURLs: m.ClientURLs, Learner: m.IsLearner})
	}
	if len(out) == 0 {
		return 0, nil, odd(call, "it lists no member")
	}
	return cluster, out, nil
}

func statusIn(answer *clientv3.StatusResponse) (Status, error) {
	cluster, err := clusterOf("Status", answer.Header)
	if err != nil {
		return Status{}, err
	}
	if answer.Header.MemberId == 0 {
		return Status{}, odd("Status", "its header names no member")
	}
	return Status{
		MemberID: answer.Header.MemberId, ClusterID: cluster, Version: answer.Version, Learner: answer.IsLearner,
		Leader: answer.Leader, Applied: answer.RaftAppliedIndex,
	}, nil
}

// keysIn reports whether the answer holds a key, each of which must be one that was asked for.
func keysIn(answer *clientv3.GetResponse, asked keyrange.Range) (bool, error) {
	for _, kv := range answer.Kvs {
		if kv == nil || !asked.Holds(string(kv.Key)) {
			return false, odd("Range", "it holds a key that was not asked for")
		}
	}
	return len(answer.Kvs) > 0, nil
}

// permitted checks the answer to a transaction whose Else branch is asked about: it has no
// comparison that could fail, and an Else branch that was executed would prove nothing.
func permitted(answer *clientv3.TxnResponse) error {
	if !answer.Succeeded || len(answer.Responses) > 0 {
		return odd("Txn", "it executed the branch for a failed comparison, and there was no comparison")
	}
	return nil
}
