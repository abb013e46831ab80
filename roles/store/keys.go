package store

import (
	"context"

	clientv3 "go.etcd.io/etcd/client/v3"

	"lockstep/policies/keyrange"
)

// HoldsKey reports whether the keys that p covers hold at least one. Neither a value
// nor more than one key leaves etcd.
func (c *Client) HoldsKey(ctx context.Context, p keyrange.Permission) (bool, error) {
	with := []clientv3.OpOption{clientv3.WithKeysOnly(), clientv3.WithLimit(1)}
	if p.RangeEnd != "" {
		with = append(with, clientv3.WithRange(p.RangeEnd))
	}
	answer, err := c.etcd.Get(ctx, p.Key, with...)
	if err != nil {
		return false, c.explain(ctx, err)
	}
	return keysIn(answer, p.Range())
}
