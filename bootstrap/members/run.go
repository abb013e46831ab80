package members

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"lockstep/bootstrap/change"
	"lockstep/bootstrap/world"
	"lockstep/policies"
	"lockstep/policies/edit"
	"lockstep/roles/store"
)

// pollInterval is how often a member that is awaited is asked again.
const pollInterval = 250 * time.Millisecond

// Change is what one verb does with one member.
type Change struct {
	Name   string
	Decide Decision

	// Next is the policy without the member, where it is removed. The world's policy names it.
	Next          *policies.Policy
	Before, After policies.File // the policy file; equal where the file needs no change

	Wait time.Duration // how long to wait until the operator has started the member
}

// Plan is what a run is about to do, for the operator.
type Plan struct {
	Name   string
	Diff   string // of the policy file
	Steps  []Step // up to the first that waits, or the end
	Quorum Quorum // now
	After  Quorum // when the steps are done
}

// Result is how far the change is.
type Result struct {
	Done    bool
	Did     []Step
	Waiting Step         // what comes next, unless it is done
	Start   change.Start // of AwaitStart
	Known   bool         // of AwaitStart: clients have its address already, and are refused by it until it has a vote (fact 44)
	Copy    []string     // folders below the PKI folder whose list of members has changed, and which are copied somewhere
	View    View
}

// run is one Change in progress.
type run struct {
	Change
	World   *world.World
	change  *change.Change
	confirm func(context.Context, Plan) error
	asked   bool
	result  *Result
	until   map[Kind]<-chan time.Time // the end of the wait for a step

	begun  bool   // the member in question was seen to join
	target uint64 // what the leader had applied when it was first seen
	proven *Member
}

// Run does what can be done now: it looks, decides, executes and looks again, until nothing is
// left or the operator has to start the member. The operator confirms before the first change.
func Run(ctx context.Context, w *world.World, c Change, confirm func(context.Context, Plan) error) (*Result, error) {
	ch, err := change.Open(w, change.Scope{Policy: w.Policy}, nil)
	if err != nil {
		return nil, err
	}
	r := &run{Change: c, World: w, change: ch, confirm: confirm, result: &Result{}, until: map[Kind]<-chan time.Time{}}
	for !r.result.Done {
		v, err := r.look(ctx)
		if err != nil {
			return r.result, err
		}
		s := c.Decide(v)
		r.result.View, r.result.Waiting = v, s
		waiting := s.Waits() || s.Health && (r.asked || len(r.until) > 0) // a member may be silent for a moment
		switch {
		case s.Kind == Refuse && !waiting:
			return r.result, r.refusal(s)
		case !waiting:
			if err = r.do(ctx, v, s); store.IsBehind(err) {
				s, waiting, err = Step{Kind: AwaitLog, Member: s.Member}, true, nil
				r.result.Waiting = s
			}
		}
		if waiting {
			goesOn, err := r.await(ctx, s)
			switch {
			case !goesOn && err == nil && s.Kind == Refuse:
				return r.result, r.refusal(s)
			case !goesOn:
				return r.result, err
			}
		}
		if err != nil {
			return r.result, err
		}
	}
	return r.result, nil
}

// refusal is why nothing more is done.
func (r *run) refusal(s Step) error {
	if slices.ContainsFunc(r.result.Did, func(s Step) bool { return s.Kind != Prove }) {
		return s.Err
	}
	return fmt.Errorf("%w; nothing was changed", s.Err)
}

// await waits a moment, and reports whether to look again: not when the time for the step is up.
func (r *run) await(ctx context.Context, s Step) (bool, error) {
	if s.Kind == AwaitStart {
		if err := r.tellStart(); err != nil {
			return false, err
		}
	}
	if _, begun := r.until[s.Kind]; !begun {
		least := map[Kind]time.Duration{AwaitLog: r.World.CallTimeout, Refuse: r.World.CallTimeout}
		r.until[s.Kind] = time.After(max(r.Wait, least[s.Kind]))
		r.World.Say("members", "waiting: %s", s)
	}
	select {
	case <-ctx.Done():
		return false, ctx.Err()
	case <-r.until[s.Kind]:
		return false, nil
	case <-time.After(pollInterval):
		return true, nil
	}
}

// tellStart says what to copy to the member's host and how to start it there.
func (r *run) tellStart() error {
	state, err := r.World.Folder.Observe()
	if err != nil {
		return err
	}
	m, _ := r.World.Policy.Member(r.Name)
	r.result.Known = state.ClientsHave(m.ClientURL)
	r.result.Start = change.Start{
		Member: m.Name, Folder: filepath.Join(r.World.Folder.Path(), "members", m.Name),
		Host: m.Hosts[0], Target: r.World.Policy.Cluster.Install, URL: m.ClientURL,
	}
	return nil
}

// look shows the members, and of the one in question what the folder and this run know.
func (r *run) look(ctx context.Context) (View, error) {
	v, err := Look(ctx, r.World)
	if err != nil {
		return v, err
	}
	state, err := r.World.Folder.Observe()
	if err != nil {
		return v, err
	}
	if leader, led := v.Leader(); led && r.target == 0 {
		r.target = leader.applied
	}
	for i := range v.Members {
		if m := &v.Members[i]; m.Declared {
			m.Joining = state.Joining(m.Name)
		}
	}
	i := slices.IndexFunc(v.Members, func(m Member) bool { return m.Declared && m.Name == r.Name })
	if i < 0 {
		return v, fmt.Errorf("looking at %s: the policy does not name it", r.Name)
	}
	m := &v.Members[i]
	if m.Joining {
		v.Replaces, r.begun = state.Replaces(m.Name), true
	}
	v.Begun = r.begun
	m.Behind = m.Err == nil && (r.target == 0 || m.applied < r.target) // one that refuses root is not fit, and says why when it is asked
	if r.proven != nil && r.proven.Entry.ID == m.Entry.ID {
		m.Proven, m.Unfit, m.Remedy = r.proven.Proven, r.proven.Unfit, r.proven.Remedy
	}
	if r.Next == nil {
		m.Written, err = r.written(v, *m)
	}
	return v, err
}

// do executes one step, which no signal interrupts.
func (r *run) do(ctx context.Context, v View, s Step) error {
	if s.Kind == Done {
		r.result.Done = true
		return nil
	}
	if s.Kind != Prove && !r.asked {
		if err := r.ask(ctx, v); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx, end := r.World.Critical(ctx, stepCalls*r.World.CallTimeout)
	defer end()
	if err := r.execute(ctx, v, s); err != nil {
		return err
	}
	r.result.Did = append(r.result.Did, s)
	return nil
}

func (r *run) execute(ctx context.Context, v View, s Step) error {
	switch s.Kind {
	case Write:
		return r.write(ctx, v, s)
	case Settle:
		return r.settle(ctx)
	case Retire:
		err := r.retire(ctx)
		r.result.Done = err == nil
		return err
	case Prove:
		return r.prove(ctx, s.Member)
	}
	return r.reconfigure(ctx, v, s)
}

// stepCalls is how many time-outs one step may take together.
const stepCalls = 4

// ask lets the operator confirm what follows.
func (r *run) ask(ctx context.Context, v View) error {
	steps, next := foresee(r.Decide, v)
	p := Plan{Name: r.Name, Diff: edit.Diff(r.Before, r.After), Steps: steps, Quorum: v.Quorum(), After: next.Quorum()}
	if err := r.confirm(ctx, p); err != nil {
		return err
	}
	r.asked = true
	return nil
}

func (r *run) prove(ctx context.Context, m Member) error {
	if err := prove(ctx, r.World, &m); err != nil {
		return err
	}
	r.proven = &m
	if m.Proven {
		r.World.Say("members", "%s has caught up and takes the user from the certificate", m.Name)
	}
	return nil
}

// reconfigure changes the members of the cluster, through those that stay.
func (r *run) reconfigure(ctx context.Context, v View, s Step) error {
	c, err := r.World.AdministratorAt(ctx, through(v, s)...)
	if err != nil {
		return fmt.Errorf("connecting to etcd: %w", err)
	}
	defer c.Close()
	switch m := s.Member; s.Kind {
	case AddLearner:
		id, err := c.AddLearner(ctx, m.PeerURL)
		if err != nil {
			return err
		}
		r.World.Say("members", "%s is a member without a vote (%x)", m.Name, id)
	case Promote:
		if err := c.Promote(ctx, m.Entry.ID); err != nil {
			return err
		}
		r.World.Say("members", "%s has a vote", m.Name)
	case MoveLeader:
		if err := c.MoveLeader(ctx, s.To.Entry.ID); err != nil {
			return err
		}
		r.World.Say("members", "%s leads", s.To.Name)
	case Remove:
		if err := c.RemoveMember(ctx, m.Entry.ID); err != nil {
			return err
		}
		r.World.Say("members", "%s (%x) is no member any more", m.Name, m.Entry.ID)
	default:
		return errors.New("members: no such step: " + string(s.Kind))
	}
	return nil
}

// through is the members by which a step is done: the leader, where it alone can do it, else
// those that vote, take part and stay.
func through(v View, s Step) []string {
	if leader, led := v.Leader(); led && (s.Kind == Promote || s.Kind == MoveLeader) {
		return []string{leader.URL}
	}
	var urls []string
	for _, m := range v.where(func(m Member) bool { return m.Votes() && m.Answers && m.Entry.ID != s.Member.Entry.ID }) {
		urls = append(urls, m.URL)
	}
	return urls
}

// foresee is the steps up to the first that waits, and how the members are then.
func foresee(decide Decision, v View) (steps []Step, next View) {
	for range 20 { // a verb has fewer
		s := decide(v)
		if s.Ends() {
			return steps, v
		}
		steps = append(steps, s)
		if s.Waits() || s.Kind == Retire {
			return steps, v
		}
		v = after(v, s)
	}
	return steps, v
}

// after is how the members are after a step, if all goes well.
func after(v View, s Step) View {
	v.Members = slices.Clone(v.Members)
	i := slices.IndexFunc(v.Members, func(m Member) bool { return m.Name == s.Member.Name && m.Entry.ID == s.Member.Entry.ID })
	if i < 0 {
		return v
	}
	m := &v.Members[i]
	switch s.Kind {
	case Write:
		m.Joining, m.Written, v.Begun, v.Replaces = true, true, true, s.Replaces
	case AddLearner:
		former := *m
		m.Listed, m.At, m.Answers, m.Leader, m.Behind = true, true, false, false, true
		m.Entry = store.Member{ID: newID(v), PeerURLs: []string{m.PeerURL}, Learner: true}
		if former.Listed { // the one that it replaces stays beside it
			former.Declared, former.PeerURL, former.Joining = false, "", false
			v.Members = append(v.Members, former)
		}
	case Prove:
		m.Proven = true
	case Promote:
		m.Entry.Learner = false
	case Settle:
		m.Joining, m.Written, v.Replaces = false, true, 0
	case MoveLeader:
		m.Leader = false
		if k := slices.IndexFunc(v.Members, func(o Member) bool { return o.Entry.ID == s.To.Entry.ID }); k >= 0 {
			v.Members[k].Leader = true
		}
	case Remove:
		m.Listed, m.At, m.Answers, m.Leader, m.Entry = false, false, false, false, store.Member{}
		if !m.Declared {
			v.Members = slices.Delete(v.Members, i, i+1)
		}
	}
	return v
}

// newID is an ID that no member has.
func newID(v View) uint64 {
	id := uint64(1)
	for _, m := range v.Members {
		id = max(id, m.Entry.ID+1, v.Replaces+1)
	}
	return id
}
