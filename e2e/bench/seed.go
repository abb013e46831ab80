package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
)

// seeded starts a cluster from a seed and proves it, on the folders from which the others begin.
// With life it also does on it what is measured on other clusters.
func (b *bench) seeded(ctx context.Context, r *row, life bool) (sample, error) {
	ctx, cancel := context.WithTimeout(ctx, b.limit)
	defer cancel()
	c, err := b.folders(ctx, r.kind, r.size)
	if err != nil {
		return nil, fmt.Errorf("seed: %w", err)
	}
	all, err := b.seed(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("seed: %w", err)
	}
	if err := b.run(ctx, c); err != nil {
		return nil, fmt.Errorf("seed: %w", err)
	}
	defer c.stop()
	t, err := b.lockstep(ctx, c, nil, "bootstrap")
	if err != nil {
		return nil, fmt.Errorf("seed: proof: %w", err)
	}
	all.take(sample{"seed proof": t.seconds, "seed proof MiB": t.rss})
	if !life {
		return all, nil
	}
	s, asked, err := b.verify(ctx, c)
	if err != nil {
		return nil, err
	}
	all.take(s)
	r.asked = asked
	if s, err = b.emptyPlan(ctx, c); err != nil {
		return nil, err
	}
	all.take(s)
	s, made, err := b.add(ctx, c)
	r.calls = append(r.calls, made)
	all.take(s)
	return all, err
}

// seed times all that comes between the members' folders and the members' start.
func (b *bench) seed(ctx context.Context, c *cluster) (sample, error) {
	t, err := b.lockstep(ctx, c, nil, "bootstrap", "--seed", "--yes")
	cpu := t.cpu
	var exit *exitError
	if !errors.As(err, &exit) || exit.code != 2 {
		return nil, fmt.Errorf("lockstep bootstrap --seed: want exit code 2: %w", err)
	}
	restored := 0.0
	for i := range c.members {
		dir := filepath.Join(c.dir, "pki", "members", fmt.Sprintf("etcd%d", i+1))
		t, err := runTimed(ctx, dir, []string{"ETCDUTL=" + b.program("etcdutl")}, nil, "sh", "restore.sh")
		if err != nil {
			return nil, err
		}
		restored, cpu = restored+t.seconds, cpu+t.cpu
	}
	return sample{"seed": t.seconds + restored, "seed written": t.seconds, "seed restored": restored, "seed MiB": t.rss, "seed CPU": cpu}, nil
}
