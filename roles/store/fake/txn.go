package fake

import (
	"context"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"lockstep/policies/keyrange"
)

// maxOps is etcd's default --max-txn-ops.
const maxOps = 128

// Txn is a transaction whose ops are permission-checked, on both branches, and never
// executed: the fake has no keys (fact 23).
func (e *Etcd) Txn(ctx context.Context) clientv3.Txn { return &txn{etcd: e, ctx: ctx} }

type txn struct {
	etcd       *Etcd
	ctx        context.Context
	then, els  []clientv3.Op
	conditions []clientv3.Cmp
}

func (t *txn) If(c ...clientv3.Cmp) clientv3.Txn {
	t.conditions = append(t.conditions, c...)
	return t
}

func (t *txn) Then(ops ...clientv3.Op) clientv3.Txn {
	t.then = append(t.then, ops...)
	return t
}

func (t *txn) Else(ops ...clientv3.Op) clientv3.Txn {
	t.els = append(t.els, ops...)
	return t
}

// Commit succeeds when there are no compares and every op is allowed. On keys an empty
// CN is a user that does not exist, and like every stranger it is refused (fact 5).
func (t *txn) Commit() (*clientv3.TxnResponse, error) {
	e := t.etcd
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := t.ctx.Err(); err != nil {
		return nil, err
	}
	if len(t.then) > maxOps || len(t.els) > maxOps {
		return nil, rpctypes.ErrTooManyOps
	}
	for _, op := range append(t.then, t.els...) {
		if e.state.Enabled && !e.allowed(op) {
			return nil, rpctypes.ErrPermissionDenied
		}
	}
	return &clientv3.TxnResponse{Succeeded: len(t.conditions) == 0}, nil
}

// allowed asks for the union of the user's ranges (fact 22).
func (e *Etcd) allowed(op clientv3.Op) bool {
	a := keyrange.Write
	if op.IsGet() {
		a = keyrange.Read
	}
	p := keyrange.Permission{Key: string(op.KeyBytes()), RangeEnd: string(op.RangeBytes())}
	return e.state.Reach(e.user, a).Contains(p.Range())
}
