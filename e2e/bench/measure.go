package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"
)

// shellSize is the number of components up to which the shell way is measured as well.
const shellSize = 100

// row is everything that was measured for one kind of cluster and one size.
type row struct {
	kind   kind
	size   int
	rounds []sample
	calls  []calls // of add, one per round
	asked  calls   // by the latest verify
}

// measure runs everything, smallest first.
func (b *bench) measure(ctx context.Context) (*report, error) {
	r := &report{machine: look(b.dir), rounds: b.rounds, sizes: b.sizes}
	versions, err := b.versions(ctx)
	if err != nil {
		return nil, err
	}
	r.versions = versions
	three, one, plain := kinds()
	for _, size := range slices.Sorted(slices.Values(b.sizes)) {
		if size <= shellSize {
			for _, k := range []kind{plain, one} {
				row, err := b.row(ctx, k, size)
				if err != nil {
					return nil, err
				}
				r.rows = append(r.rows, *row)
			}
		}
		row, err := b.row(ctx, three, size)
		if err != nil {
			return nil, err
		}
		r.rows = append(r.rows, *row)
	}
	return r, nil
}

func (b *bench) row(ctx context.Context, k kind, size int) (*row, error) {
	r := &row{kind: k, size: size}
	rounds := roundsOf(b.rounds, size)
	for n := range rounds {
		b.say("%s, %d components, round %d of %d", k.name, size, n+1, rounds)
		s, err := b.round(ctx, r, n)
		if err != nil {
			return nil, fmt.Errorf("%s, %d components: %w", k.name, size, err)
		}
		s.compare()
		b.say("%s", s)
		r.rounds = append(r.rounds, s)
	}
	return r, nil
}

// roundsOf is fewer where one round takes minutes: etcd's work grows with the square of
// the size, and what disturbs a short run is lost in a long one.
func roundsOf(rounds, size int) int {
	if size <= 1000 {
		return rounds
	}
	return max(1, rounds/3)
}

func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%s  %s\n", time.Now().Format(time.TimeOnly), fmt.Sprintf(format, args...))
}

// apiSize is the number of components up to which auth is turned on through the API as well: its
// cost grows with the square of the size.
const apiSize = 3000

// round lets every contender work once on a fresh cluster; another one is first each time.
func (b *bench) round(ctx context.Context, r *row, n int) (sample, error) {
	if r.size > apiSize {
		return b.seeded(ctx, r, true)
	}
	contenders := slices.DeleteFunc(b.contenders(r, n), func(c contender) bool { return !b.wanted(c.name) })
	all := sample{}
	for i := range contenders {
		c := contenders[(n+i)%len(contenders)]
		s, err := b.fresh(ctx, r.kind, r.size, c.run)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		all.take(s)
	}
	if r.kind.plain || !b.wanted("seed") {
		return all, nil
	}
	s, err := b.seeded(ctx, r, false)
	all.take(s)
	return all, err
}

// contenders is what is measured for a row, but for the seed, which starts its members itself.
func (b *bench) contenders(r *row, n int) []contender {
	contenders := []contender{{"floor", b.floorBootstrap}}
	if !r.kind.plain {
		contenders = append(contenders, contender{"lockstep", func(ctx context.Context, c *cluster) (sample, error) {
			return b.life(ctx, c, r, n)
		}})
	}
	if r.size <= shellSize {
		contenders = append(contenders, contender{"shell", b.shell})
	}
	return contenders
}

func (b *bench) wanted(name string) bool { return len(b.only) == 0 || slices.Contains(b.only, name) }

// fresh runs job on a cluster of its own.
func (b *bench) fresh(ctx context.Context, k kind, size int, job func(context.Context, *cluster) (sample, error)) (sample, error) {
	ctx, cancel := context.WithTimeout(ctx, b.limit)
	defer cancel()
	c, err := b.start(ctx, k, size)
	if err != nil {
		return nil, err
	}
	defer c.stop()
	return job(ctx, c)
}

// life is all that lockstep does on one cluster, verify and its floor taking turns.
func (b *bench) life(ctx context.Context, c *cluster, r *row, n int) (sample, error) {
	all, err := b.bootstrap(ctx, c)
	if err != nil {
		return nil, err
	}
	verify := func() (sample, error) {
		s, asked, err := b.verify(ctx, c)
		r.asked = asked
		return s, err
	}
	floor := func() (sample, error) { return b.floorVerify(ctx, c, r.asked) }
	turns := []func() (sample, error){verify, floor}
	if n%2 == 1 { // by now the floor knows how often verify asks
		slices.Reverse(turns)
	}
	turns = append(turns, func() (sample, error) { return b.emptyPlan(ctx, c) }, func() (sample, error) {
		s, made, err := b.add(ctx, c)
		r.calls = append(r.calls, made)
		return s, err
	}, func() (sample, error) { return b.certificates(ctx, c) })
	for _, turn := range turns {
		s, err := turn()
		if err != nil {
			return nil, err
		}
		all.take(s)
	}
	return all, nil
}

// String is the figures in order, so that those of a run that is cut off are not lost.
func (s sample) String() string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(s)) {
		out = append(out, fmt.Sprintf("%s %.2f", name, s[name]))
	}
	return strings.Join(out, ", ")
}

func (s sample) take(other sample) {
	for name, figure := range other {
		s[name] = figure
	}
}

// compare adds the ratios of what was measured side by side in one round.
func (s sample) compare() {
	for name, of := range map[string][2]string{
		"bootstrap ratio": {"bootstrap", "floor"},
		"changes ratio":   {"changes", "floor"},
		"proof ratio":     {"bootstrap and proof", "floor"},
		"verify ratio":    {"verify", "verify floor"},
		"shell ratio":     {"shell", "bootstrap"},
		"shell to floor":  {"shell", "floor"},
		"floor to seed":   {"floor", "seed"},
		"API to seed":     {"bootstrap", "seed"},
		"shell to seed":   {"shell", "seed"},
	} {
		if a, b := s[of[0]], s[of[1]]; a > 0 && b > 0 {
			s[name] = a / b
		}
	}
}

// figure is the median of the rounds that have one of this name.
func (r row) figure(name string) (float64, bool) {
	var all []float64
	for _, s := range r.rounds {
		if v, ok := s[name]; ok {
			all = append(all, v)
		}
	}
	if len(all) == 0 {
		return 0, false
	}
	return median(all), true
}

func median(figures []float64) float64 {
	sorted := slices.Sorted(slices.Values(figures))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// versions is what the programs say they are.
func (b *bench) versions(ctx context.Context) ([]string, error) {
	var out []string
	for _, v := range []struct {
		program string
		args    []string
		line    string // its first line that begins so
	}{
		{b.program("lockstep"), []string{"version"}, "lockstep"},
		{b.program("lockstep-etcd"), []string{"--version"}, "etcd Version"},
		{b.program("etcdctl"), []string{"version"}, "etcdctl version"},
		{b.tools + "/cfssl", []string{"version"}, "Version"},
	} {
		t, err := runTimed(ctx, b.dir, nil, nil, append([]string{v.program}, v.args...)...)
		if err != nil {
			return nil, err
		}
		for _, line := range strings.Split(string(t.stdout), "\n") {
			if strings.HasPrefix(line, v.line) {
				name := v.program[strings.LastIndexByte(v.program, '/')+1:]
				out = append(out, name+" "+strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(line, v.line), ":")))
				break
			}
		}
	}
	return out, nil
}
