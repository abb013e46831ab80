package authon

import (
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"lockstep/policies/hint"
	"lockstep/roles"
	"lockstep/roles/store/fake"
)

// cut is how an operation fails.
type cut int

const (
	whole  cut = iota
	before     // an error, and nothing is done
	lost       // it is done, and its answer is lost
	stop       // the process ends before it
	cuts       // how many there are
)

var errCut = errors.New("cut")

// member is what a member of the fake cluster does with root's certificate.
type member int

const (
	reads   member = iota // takes the name from the certificate
	ignores               // ignores it
	down
	learner
)

// rig is a cluster on the fake, the PKI folder and a clock, all of which can be cut.
type rig struct {
	mu      sync.Mutex
	etcd    *fake.Etcd
	members map[string]member
	cluster uint64
	now     time.Time
	files   map[string][]byte
	plan    func(n int, name string) cut
	n       int
	stopped bool
	calls   []string
	logins  []string // members of the last log-in
	said    []string
}

func newRig(members map[string]member) *rig {
	state := roles.State{Users: []roles.User{{Name: "root", Roles: []string{"root"}}}, Roles: []roles.Role{{Name: "root"}}}
	return &rig{etcd: fake.New(state), members: members, cluster: 7, now: time.Unix(1e9, 0), files: map[string][]byte{}}
}

// op is one operation, cut as planned.
func (r *rig) op(name string, do func() error) error {
	r.mu.Lock()
	r.n++
	n := r.n
	r.calls = append(r.calls, name)
	how := whole
	if r.plan != nil {
		how = r.plan(n, name)
	}
	r.stopped = r.stopped || how == stop
	stopped := r.stopped
	r.mu.Unlock()
	switch {
	case stopped, how == before:
		return errCut
	case how == lost:
		_ = do()
		return errCut
	}
	return do()
}

func (r *rig) uncut() { r.plan, r.stopped, r.n, r.calls = nil, false, 0, nil }

func (r *rig) ReadSecret(name string) (text []byte, err error) {
	err = r.op("read", func() error {
		text = r.files[name]
		if text == nil {
			return fs.ErrNotExist
		}
		return nil
	})
	return text, err
}

func (r *rig) WriteSecret(name string, text []byte) error {
	return r.op("write", func() error {
		if r.files[name] != nil {
			return fs.ErrExist
		}
		r.files[name] = text
		return nil
	})
}

func (r *rig) RemoveSecret(name string) error {
	return r.op("remove", func() error { delete(r.files, name); return nil })
}

func (r *rig) Path() string { return "pki" }

func (r *rig) Members() []string {
	var out []string
	for name := range r.members {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

func (r *rig) RootThrough(ctx context.Context, name string) Answer {
	err := r.op("root through", func() error {
		switch r.members[name] {
		case down:
			return errors.New(name + " is down")
		case learner:
			return rpctypes.ErrGRPCNotSupportedForLearner
		case ignores:
			_, err := r.etcd.As("").UserList(ctx)
			return err
		}
		_, err := r.etcd.UserList(ctx)
		return err
	})
	switch {
	case err == nil:
		return Answer{Outcome: Accepted}
	case errors.Is(err, rpctypes.ErrUserEmpty):
		return Answer{Outcome: Ignored, Err: err}
	}
	return Answer{Err: err}
}

func (r *rig) AsRoot(context.Context, string) (c Etcd, err error) {
	err = r.op("as root", func() error { c = &conn{r, r.etcd}; return nil })
	return c, err
}

func (r *rig) LogIn(ctx context.Context, user, password string, members []string) (c Etcd, err error) {
	err = r.op("log in", func() error {
		r.logins = members
		for _, m := range members {
			if r.members[m] == learner {
				return rpctypes.ErrGRPCNotSupportedForLearner
			}
		}
		if _, err := r.etcd.Authenticate(ctx, user, password); err != nil {
			return err
		}
		c = &conn{r, r.etcd.As(user)}
		return nil
	})
	return c, err
}

// conn is one connection. Its two-call operations are cut in the middle too.
type conn struct {
	*rig
	as *fake.Etcd
}

func (c *conn) AddRecoveryUser(ctx context.Context, user, password string) error {
	if err := c.op("add", func() error { _, err := c.as.UserAdd(ctx, user, password); return err }); err != nil {
		return err
	}
	return c.op("grant", func() error { _, err := c.as.UserGrantRole(ctx, user, "root"); return err })
}

func (c *conn) DeleteRecoveryUser(ctx context.Context, user string) error {
	err := c.op("delete", func() error { _, err := c.as.UserDelete(ctx, user); return err })
	if err != nil && !errors.Is(err, rpctypes.ErrUserNotFound) {
		return err
	}
	return nil
}

func (c *conn) EnableAuth(ctx context.Context) error {
	return c.op("enable", func() error { _, err := c.as.AuthEnable(ctx); return err })
}

func (c *conn) DisableAuth(ctx context.Context) error {
	return c.op("disable", func() error { _, err := c.as.AuthDisable(ctx); return err })
}

func (c *conn) AuthEnabled(ctx context.Context) (on bool, err error) {
	err = c.op("auth on?", func() error {
		status, err := c.as.AuthStatus(ctx)
		on = err == nil && status.Enabled
		return err
	})
	return on, err
}

func (c *conn) ClusterID(context.Context) (id uint64, err error) {
	err = c.op("cluster", func() error { id = c.cluster; return nil })
	return id, err
}

func (*conn) Close() error { return nil }

func (r *rig) auth() Switch {
	return Switch{
		Etcd: &conn{r, r.etcd}, Cluster: r, Folder: r, Now: func() time.Time { return r.now },
		Say:      func(text string) { r.said = append(r.said, text) },
		Critical: func(ctx context.Context) (context.Context, context.CancelFunc) { return ctx, func() {} },
	}
}

// superusers is the temporary superusers with role root in etcd.
func (r *rig) superusers() (all, live []string) {
	for _, u := range r.etcd.State().Users {
		if strings.HasPrefix(u.Name, roles.RecoveryPrefix) {
			all = append(all, u.Name)
			if u.Holds("root") {
				live = append(live, u.Name)
			}
		}
	}
	return all, live
}

func (r *rig) rootGetsIn() bool {
	return slices.ContainsFunc(r.Members(), func(m string) bool { return r.members[m] == reads })
}

// holds asserts what must be true at every moment.
func (r *rig) holds(t *testing.T) {
	t.Helper()
	all, live := r.superusers()
	file := r.files[recoveryFile] != nil
	if r.etcd.State().Enabled && !r.rootGetsIn() && (!file || len(live) == 0) {
		t.Errorf("locked out: recovery file %v, superusers %v; calls %v", file, live, r.calls)
	}
	if len(all) > 0 && !file {
		t.Errorf("superuser %v without a recovery file; calls %v", all, r.calls)
	}
}

// clean asserts that nothing temporary is left.
func (r *rig) clean(t *testing.T) {
	t.Helper()
	if all, _ := r.superusers(); len(all) > 0 || r.files[recoveryFile] != nil {
		t.Errorf("left %v and files %v; calls %v", all, len(r.files), r.calls)
	}
}

func clusters() map[string]map[string]member {
	return map[string]map[string]member{
		"all read":            {"a": reads, "b": reads, "c": reads},
		"all ignore":          {"a": ignores, "b": ignores},
		"one ignores":         {"a": ignores, "b": reads},
		"ignore and learner":  {"a": learner, "b": ignores},
		"one down":            {"a": reads, "b": down},
		"one ignores, a down": {"a": ignores, "b": down},
	}
}

// Turning on is cut at every operation in every way, then healing is: the second heal
// is whole and leaves nothing.
func TestEveryCutIsHealed(t *testing.T) {
	t.Parallel()
	for name, members := range clusters() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for how := before; how < cuts; how++ {
				for at, more := 1, true; more; at++ {
					r := newRig(members)
					r.plan = func(n int, _ string) cut { return at1(n, at, how) }
					_ = r.auth().TurnOn(t.Context())
					more = r.n >= at
					r.holds(t)
					cutHeals(t, r, how)
				}
			}
		})
	}
}

func at1(n, at int, how cut) cut {
	if n == at {
		return how
	}
	return whole
}

// cutHeals cuts healing from r's state at every operation and then lets it end.
func cutHeals(t *testing.T, r *rig, how cut) {
	t.Helper()
	for at, more := 1, true; more; at++ {
		next := newRig(r.members)
		_ = replay(t, next, r)
		next.plan = func(n int, _ string) cut { return at1(n, at, how) }
		heal(t, next)
		more = next.n >= at
		next.uncut()
		heal(t, next)
		next.clean(t)
	}
}

// replay gives next the state of r: the fake cannot be copied.
func replay(t *testing.T, next, r *rig) error {
	t.Helper()
	for name, text := range r.files {
		next.files[name] = text
	}
	rec, err := load(&rig{files: r.files})
	if err != nil {
		return err
	}
	all, live := r.superusers()
	for _, user := range all {
		if _, err := next.etcd.UserAdd(t.Context(), user, rec.Password); err != nil {
			t.Fatal(err)
		}
	}
	for _, user := range live {
		if _, err := next.etcd.UserGrantRole(t.Context(), user, "root"); err != nil {
			t.Fatal(err)
		}
	}
	if r.etcd.State().Enabled {
		_, err = next.etcd.AuthEnable(t.Context())
	}
	return err
}

// heal asserts that auth is turned off only where root gets in nowhere, and what holds.
func heal(t *testing.T, r *rig) {
	t.Helper()
	was := r.etcd.State().Enabled
	_, _ = r.auth().Heal(t.Context())
	anyAccepted := r.rootGetsIn()
	if was && !r.etcd.State().Enabled && anyAccepted && r.plan == nil {
		t.Errorf("auth was turned off although root gets in; calls %v", r.calls)
	}
	r.holds(t)
}

// Random cuts in several runs after one another never lock the operator out.
func TestRandomCutsNeverLockOut(t *testing.T) {
	t.Parallel()
	all := clusters()
	names := []string{"all read", "all ignore", "one ignores", "ignore and learner", "one down", "one ignores, a down"}
	for seed := range uint64(2000) {
		random := rand.New(rand.NewPCG(seed, 1))
		r := newRig(all[names[random.IntN(len(names))]])
		plan := func(int, string) cut {
			if random.IntN(6) > 0 {
				return whole
			}
			return cut(random.IntN(int(cuts)))
		}
		r.plan = plan
		_ = r.auth().TurnOn(t.Context())
		r.holds(t)
		for range random.IntN(4) {
			r.uncut()
			r.plan = plan
			_, _ = r.auth().Heal(t.Context())
			r.holds(t)
		}
		r.uncut()
		heal(t, r)
		r.clean(t)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// lockedOutRig is a cluster where a run was stopped right after auth was on.
func lockedOutRig(t *testing.T, members map[string]member) *rig {
	t.Helper()
	r := newRig(members)
	r.plan = func(_ int, name string) cut {
		if name == "root through" {
			return stop
		}
		return whole
	}
	if err := r.auth().TurnOn(t.Context()); err == nil || !r.etcd.State().Enabled {
		t.Fatalf("got %v", err)
	}
	r.uncut()
	return r
}

func TestHealingRefusals(t *testing.T) {
	t.Parallel()
	ignoring := map[string]member{"a": ignores}
	for name, c := range map[string]struct {
		members map[string]member
		change  func(*rig)
		want    string
	}{
		"late":             {ignoring, func(r *rig) { r.now = r.now.Add(recoveryWindow + time.Second) }, "the interrupted run is 10m0s old, so auth is not touched"},
		"from the future":  {ignoring, func(r *rig) { r.now = r.now.Add(-recoveryWindow - time.Second) }, "so auth is not touched"},
		"another cluster":  {ignoring, func(r *rig) { r.cluster = 8 }, "the recovery file belongs to cluster 7, and this is cluster 8; nothing was changed"},
		"another, root in": {map[string]member{"a": reads}, func(r *rig) { r.cluster = 8 }, "the recovery file belongs to cluster 7"},
		"no answer":        {map[string]member{"a": down}, func(*rig) {}, "auth is on, and no member tells whether root gets in: a is down"},
		"no member":        {nil, func(*rig) {}, "the policy names no member"},
		"user deleted": {ignoring, func(r *rig) {
			all, _ := r.superusers()
			_, _ = r.etcd.UserDelete(context.Background(), all[0])
		}, "its user is not known here: this is another cluster, or another client deleted the user"},
		"auth is not turned off": {ignoring, func(r *rig) {
			r.plan = func(_ int, name string) cut {
				if name == "disable" {
					return before
				}
				return whole
			}
		}, "the temporary superuser could not turn auth off again (cut)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := lockedOutRig(t, c.members)
			c.change(r)
			_, err := r.auth().Heal(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.want) || hint.Text(err) == "" {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
			if !r.etcd.State().Enabled || r.files[recoveryFile] == nil {
				t.Error("auth was turned off, or the recovery file removed")
			}
		})
	}
}

func TestHealingLogsInThroughVotersAlone(t *testing.T) {
	t.Parallel()
	r := lockedOutRig(t, map[string]member{"a": learner, "b": ignores, "c": down})
	_, err := r.auth().Heal(t.Context())
	if err == nil || !strings.Contains(err.Error(), "auth was turned on and off again: b takes certificates") || r.etcd.State().Enabled {
		t.Errorf("got %v", err)
	}
	if !slices.Equal(r.logins, []string{"b"}) {
		t.Errorf("logged in through %v, want b alone", r.logins)
	}
	r.clean(t)
}

func TestDecide(t *testing.T) {
	t.Parallel()
	now := time.Unix(1e9, 0)
	file := &recovery{ClusterID: 7, Time: now}
	in, out, dumb := Answer{Outcome: Accepted}, Answer{Outcome: Ignored}, Answer{}
	for name, c := range map[string]struct {
		seen seen
		want step
	}{
		"no file":                   {seen{on: true, answers: answers{"a": out}}, nothing},
		"auth off":                  {seen{file: file}, deleteHere},
		"auth off, other cluster":   {seen{file: file, cluster: 8}, reportCluster},
		"turn on, all accept":       {seen{file: file, on: true, answers: answers{"a": in}}, deleteAsRoot},
		"turn on, one ignores":      {seen{file: file, on: true, answers: answers{"a": in, "b": out}}, turnOff},
		"turn on, one unknown":      {seen{file: file, on: true, answers: answers{"a": in, "b": dumb}}, reportUnknown},
		"turn on, no member":        {seen{file: file, on: true}, reportUnknown},
		"heal, one accepts":         {seen{file: file, healing: true, on: true, answers: answers{"a": in, "b": out}, now: now}, deleteAsRoot},
		"heal, accepts, late":       {seen{file: file, healing: true, on: true, answers: answers{"a": in}, now: now.Add(time.Hour)}, deleteAsRoot},
		"heal, unknown":             {seen{file: file, healing: true, on: true, answers: answers{"a": dumb}, now: now}, reportUnknown},
		"heal, ignores":             {seen{file: file, healing: true, on: true, answers: answers{"a": out, "b": dumb}, now: now}, turnOff},
		"heal, at the window's end": {seen{file: file, healing: true, on: true, answers: answers{"a": out}, now: now.Add(recoveryWindow)}, turnOff},
		"heal, late":                {seen{file: file, healing: true, on: true, answers: answers{"a": out}, now: now.Add(recoveryWindow + 1)}, reportLate},
		"heal, early":               {seen{file: file, healing: true, on: true, answers: answers{"a": out}, now: now.Add(-recoveryWindow - 1)}, reportLate},
		"heal, other cluster":       {seen{file: file, healing: true, on: true, answers: answers{"a": out}, now: now, cluster: 8}, reportCluster},
		"heal, the file's cluster":  {seen{file: file, healing: true, on: true, answers: answers{"a": out}, now: now, cluster: 7}, turnOff},
	} {
		if got := decide(c.seen); got != c.want {
			t.Errorf("%s: got %d, want %d", name, got, c.want)
		}
	}
}

func TestAuthStaysOffWhenRootIsMissing(t *testing.T) {
	t.Parallel()
	r := newRig(map[string]member{"a": reads})
	if _, err := r.etcd.UserDelete(t.Context(), "root"); err != nil {
		t.Fatal(err)
	}
	err := r.auth().TurnOn(t.Context())
	if err == nil || !strings.Contains(err.Error(), "auth is still off") || r.etcd.State().Enabled {
		t.Errorf("got %v", err)
	}
	r.clean(t)
}
