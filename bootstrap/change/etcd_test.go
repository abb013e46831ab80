package change

import (
	"context"
	"errors"
	"sync"
	"testing"

	"lockstep/bootstrap/world"
	"lockstep/certgen/pkitest"
	"lockstep/policies"
	"lockstep/policies/keyrange"
	"lockstep/roles"
	"lockstep/roles/store"
	"lockstep/roles/store/fake"
)

// etcd is the fake as the administrator's connection.
type etcd struct {
	*fake.Etcd
	cluster uint64
	alarms  []store.Alarm
	deaf    bool // no call is answered before its context ends
}

func (e *etcd) hears(ctx context.Context) error {
	if e.deaf {
		<-ctx.Done()
	}
	return ctx.Err()
}

func (e *etcd) Observe(ctx context.Context, probe []string) (roles.State, error) {
	if err := e.hears(ctx); err != nil {
		return roles.State{}, err
	}
	return store.Observe(ctx, e.Etcd, probe)
}

func (e *etcd) ObserveSome(ctx context.Context, users, held []string, other func(string) bool) (roles.State, error) {
	if err := e.hears(ctx); err != nil {
		return roles.State{}, err
	}
	return store.ObserveSome(ctx, e.Etcd, users, held, other)
}

func (e *etcd) Apply(ctx context.Context, plan roles.Plan, inFlight int, done func(roles.Step)) error {
	return store.Apply(ctx, e.Etcd, plan, inFlight, done)
}

func (e *etcd) ClusterID(ctx context.Context) (uint64, error) { return e.cluster, e.hears(ctx) }

func (e *etcd) Members(ctx context.Context) ([]store.Member, error) {
	return []store.Member{{ID: 7, Name: "etcd1"}}, e.hears(ctx)
}

func (e *etcd) Alarms(ctx context.Context) ([]store.Alarm, error) { return e.alarms, e.hears(ctx) }

func (e *etcd) Versions(context.Context) []string { return nil }

func (e *etcd) HoldsKey(ctx context.Context, _ keyrange.Permission) (bool, error) {
	return false, e.hears(ctx)
}

func (e *etcd) Close() error { return nil }

// events collects what a world reports.
type events struct {
	mu   sync.Mutex
	text []string
}

// report leaves out mere counts.
func (x *events) report(e world.Event) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if e.Total == 0 {
		x.text = append(x.text, e.Text)
	}
}

// settled is etcd with auth on that holds exactly what the policy says.
func settled(p *policies.Policy) roles.State {
	s := roles.Desired(p)
	s.Enabled, s.Revision = true, 1
	for i := range s.Users {
		s.Users[i].Password = roles.PasswordAbsent
	}
	return s
}

// changing is a change of the policy with a real folder and the fake.
func changing(t *testing.T, p *policies.Policy, observed roles.State) (*Change, *etcd, *events) {
	t.Helper()
	told := &events{}
	e := &etcd{Etcd: fake.New(observed), cluster: 0xabc}
	w := &world.World{Policy: p, Folder: pkitest.New(t, noon, "a", "b").Folder, Now: clock, InFlight: 1, CallTimeout: callTimeout, Report: told.report}
	c, err := Open(w, Scope{Policy: p}, nil)
	if err != nil {
		t.Fatal(err)
	}
	c.Etcd = e
	return c, e, told
}

// operator answers every question with err.
type operator struct {
	err         error
	asked, told []*Plan
}

func (o *operator) Confirm(_ context.Context, p *Plan) error {
	o.asked = append(o.asked, p)
	return o.err
}

func (o *operator) Await(context.Context, []Start) error {
	return errors.New("no member is awaited here")
}

func (o *operator) Tell(p *Plan) { o.told = append(o.told, p) }
