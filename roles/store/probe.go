package store

import (
	"context"
	"fmt"

	clientv3 "go.etcd.io/etcd/client/v3"
	"golang.org/x/sync/errgroup"

	"lockstep/policies/keyrange"
	"lockstep/roles"
)

// opsPerTxn is etcd's default --max-txn-ops.
const opsPerTxn = 128

// Probe asks etcd, as the connection's own identity, whether each access is allowed.
// An op in the Else branch of a Txn without compares is permission-checked and never
// executed (fact 23): nothing is read or written. Questions that want Allowed go up
// to 128 in one Txn; if that one is refused, each is asked alone. The error is nil
// unless ctx ended; an answer that does not tell is Inconclusive with its own error.
func Probe(ctx context.Context, api API, questions []roles.Question, inFlight int) ([]roles.Answer, error) {
	return probe(ctx, asker(api), questions, inFlight)
}

// ask is one request about all of the questions: nil when each access is allowed.
type ask func(ctx context.Context, questions []roles.Question) error

// asker asks by a Txn of api.
func asker(api API) ask {
	return func(ctx context.Context, questions []roles.Question) error {
		ops := make([]clientv3.Op, 0, len(questions))
		for _, q := range questions {
			op, err := probeOp(q)
			if err != nil {
				return err
			}
			ops = append(ops, op)
		}
		answer, err := api.Txn(ctx).Else(ops...).Commit()
		if err == nil {
			err = permitted(answer)
		}
		return err
	}
}

// probe asks all questions by one, which may be any way to ask.
func probe(ctx context.Context, one ask, questions []roles.Question, inFlight int) ([]roles.Answer, error) {
	answers := make([]roles.Answer, len(questions))
	var together, alone []int
	for i, q := range questions {
		answers[i].Question = q
		if q.Want == roles.Allowed {
			together = append(together, i)
		} else {
			alone = append(alone, i)
		}
	}
	var g errgroup.Group
	g.SetLimit(max(inFlight, 1))
	for len(together) > 0 {
		batch := together[:min(len(together), opsPerTxn)]
		together = together[len(batch):]
		g.Go(func() error {
			probeBatch(ctx, one, answers, batch)
			return nil
		})
	}
	for _, i := range alone {
		g.Go(func() error {
			probeBatch(ctx, one, answers, []int{i})
			return nil
		})
	}
	_ = g.Wait() // every error is in its answer
	return answers, ctx.Err()
}

// probeBatch answers the questions at the given indices. Allowed together means each
// is allowed; any other answer concerns one of them and does not say which.
func probeBatch(ctx context.Context, one ask, answers []roles.Answer, batch []int) {
	asked := make([]roles.Question, len(batch))
	for k, i := range batch {
		asked[k] = answers[i].Question
	}
	err := one(ctx, asked)
	if err != nil && len(batch) > 1 {
		for k := range batch {
			probeBatch(ctx, one, answers, batch[k:k+1])
		}
		return
	}
	for _, i := range batch {
		switch {
		case err == nil:
			answers[i].Got = roles.Allowed
		case IsPermissionDenied(err):
			answers[i].Got = roles.Denied
		default:
			answers[i].Err = err
		}
	}
}

// probeOp is the op that needs the access: a Range for reading, a DeleteRange for
// writing (a Put would count against the quota, and proves one key only).
func probeOp(q roles.Question) (clientv3.Op, error) {
	end := q.Range.To
	if end == "" {
		end = keyrange.FromKeyEnd
	}
	with := []clientv3.OpOption{clientv3.WithRange(end)}
	if q.Range == keyrange.Single(q.Range.From) {
		with = nil
	}
	switch q.Access {
	case keyrange.Read:
		return clientv3.OpGet(q.Range.From, with...), nil
	case keyrange.Write:
		return clientv3.OpDelete(q.Range.From, with...), nil
	}
	return clientv3.Op{}, fmt.Errorf("asking etcd about %q: a question is about read or about write", q.Access)
}
