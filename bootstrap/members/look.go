package members

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"lockstep/bootstrap/world"
	"lockstep/policies"
	"lockstep/policies/hint"
	"lockstep/roles/store"
)

// lookTime is how long one member may take to say how it is.
const lookTime = 5 * time.Second

// answer is what one member said of itself.
type answer struct {
	url    string
	status store.Status
	own    []store.Member // the members that it knows; nil of a learner
	err    error
}

// takesPart reports whether the member answered: a refusal of this identity is an answer, too.
func (a answer) takesPart() bool {
	return a.err == nil && a.status.Leader != 0 || store.IsRefused(a.err)
}

// errNoLeader is why a member that answers does not take part.
var errNoLeader = errors.New("it knows of no leader")

// Look shows the members as the policy and the cluster have them. Nothing is changed. While they
// choose a leader it waits a moment. The error is that no member answers.
func Look(ctx context.Context, w *world.World) (View, error) {
	late := time.After(lookTime)
	for again := false; ; {
		v, err := look(ctx, w)
		var unsettled unsettledError
		switch {
		case errors.As(err, &unsettled) && !again: // the leader may just have gone: now the members know it
			again = true
			continue
		case err != nil || !v.choosesLeader():
			return v, err
		}
		select {
		case <-ctx.Done():
			return v, ctx.Err()
		case <-late:
			return v, nil
		case <-time.After(pollInterval):
		}
	}
}

// unsettledError says that the members know of a leader, and do not answer together.
type unsettledError struct{ error }

func (e unsettledError) Unwrap() error { return e.error }

// choosesLeader reports whether members answer, and one of them knows of no leader.
func (v View) choosesLeader() bool {
	return len(v.where(func(m Member) bool { return m.Votes() && errors.Is(m.Err, errNoLeader) })) > 0
}

func look(ctx context.Context, w *world.World) (View, error) {
	var urls []string
	for _, m := range w.Members() {
		urls = append(urls, m.URL)
	}
	answers := askAll(ctx, w, urls)
	v, list, err := listed(ctx, w, answers)
	if err != nil {
		return View{}, err
	}
	v.Members = matched(w.Policy, list)
	var others []string
	for _, m := range v.Members {
		if m.URL != "" && !slices.Contains(urls, m.URL) {
			others = append(others, m.URL)
		}
	}
	answers = append(answers, askAll(ctx, w, others)...)
	for i := range v.Members {
		v.Members[i].take(answers, v.ClusterID)
	}
	return v, ctx.Err()
}

// askAll asks the members at urls, all at the same time.
func askAll(ctx context.Context, w *world.World, urls []string) []answer {
	answers := make([]answer, len(urls))
	var group sync.WaitGroup
	for i, url := range urls {
		group.Go(func() { answers[i] = ask(ctx, w, url) })
	}
	group.Wait()
	return answers
}

func ask(ctx context.Context, w *world.World, url string) answer {
	a := answer{url: url}
	ctx, cancel := context.WithTimeout(ctx, min(lookTime, w.CallTimeout))
	defer cancel()
	c, err := w.AdministratorAt(ctx, url)
	if err != nil {
		a.err = err
		return a
	}
	defer c.Close()
	if a.status, a.err = c.Status(ctx, url); a.err == nil && !a.status.Learner {
		a.own, _ = c.OwnMembers(ctx) // one that does not tell leaves it to the others
	}
	return a
}

// listed is the cluster's list of members. Without a leader it is the one that a member keeps,
// for the arithmetic of a refusal.
func listed(ctx context.Context, w *world.World, answers []answer) (v View, list []store.Member, err error) {
	var urls []string
	var fallback []store.Member
	v.ClusterID = home(answers)
	for _, a := range answers {
		if a.err == nil && a.own != nil && a.status.ClusterID == v.ClusterID {
			fallback = a.own
			if a.status.Leader != 0 {
				v.LeaderID = a.status.Leader
				urls = append(urls, a.url)
			}
		}
		err = cmp.Or(err, a.err)
	}
	switch {
	case fallback == nil && err != nil:
		return v, nil, fmt.Errorf("no member says which members there are: %w", err)
	case fallback == nil:
		return v, nil, hint.With(errors.New("no member says which members there are"), "Name a member that votes with --endpoints.")
	case len(urls) == 0:
		return v, fallback, nil
	}
	c, err := w.AdministratorAt(ctx, urls...)
	if err != nil {
		return v, nil, err
	}
	defer c.Close()
	if v.AuthOn, err = c.AuthEnabled(ctx); err != nil {
		return v, nil, unsettledError{fmt.Errorf("asking whether auth is on: %w", err)}
	}
	if list, err = c.Members(ctx); err != nil {
		return v, nil, unsettledError{fmt.Errorf("asking for the members: %w", err)}
	}
	return v, list, nil
}

// home is the ID of the cluster to which most of those that answered belong; of as many, the one
// that has more members. One that lost its data and was started anew is a cluster of its own.
func home(answers []answer) (id uint64) {
	asked, listed := map[uint64]int{}, map[uint64]int{}
	for _, a := range answers {
		if a.err == nil && a.own != nil {
			asked[a.status.ClusterID]++
			listed[a.status.ClusterID] = max(listed[a.status.ClusterID], len(a.own))
		}
	}
	for _, a := range answers {
		other := a.status.ClusterID
		if cmp.Or(cmp.Compare(asked[other], asked[id]), cmp.Compare(listed[other], listed[id])) > 0 {
			id = other
		}
	}
	return id
}

// matched is the policy's members with their entries in the cluster's list, by peer URL and else
// by name, and then the entries that are left.
func matched(p *policies.Policy, list []store.Member) []Member {
	var out []Member
	left := slices.Clone(list)
	take := func(wanted func(store.Member) bool) (store.Member, bool) {
		i := slices.IndexFunc(left, wanted)
		if i < 0 {
			return store.Member{}, false
		}
		e := left[i]
		left = slices.Delete(left, i, i+1)
		return e, true
	}
	for _, m := range p.Cluster.Members {
		e, at := take(func(e store.Member) bool { return slices.Contains(e.PeerURLs, m.PeerURL) })
		out = append(out, Member{Name: m.Name, Declared: true, URL: m.ClientURL, PeerURL: m.PeerURL, Listed: at, Entry: e, At: at})
	}
	for i, m := range out {
		if !m.Listed {
			out[i].Entry, out[i].Listed = take(func(e store.Member) bool { return e.Name == m.Name })
		}
		if e := out[i].Entry; out[i].Listed && !m.At && len(e.ClientURLs) > 0 {
			out[i].URL = e.ClientURLs[0]
		}
	}
	for _, e := range left {
		m := Member{Name: cmp.Or(e.Name, fmt.Sprintf("%x", e.ID)), Listed: true, Entry: e}
		if len(e.ClientURLs) > 0 {
			m.URL = e.ClientURLs[0]
		}
		out = append(out, m)
	}
	return out
}

// take fills in what the member answered at its URL.
func (m *Member) take(answers []answer, cluster uint64) {
	i := slices.IndexFunc(answers, func(a answer) bool { return a.url == m.URL })
	if i < 0 {
		m.Err = errors.New("the cluster does not list where it answers clients")
		return
	}
	a := answers[i]
	m.Err = a.err
	switch {
	case !m.Listed, a.err != nil && !a.takesPart():
		return
	case a.err == nil && a.status.ClusterID != cluster:
		m.Err = fmt.Errorf("what answers at %s belongs to cluster %x, and the others to %x", m.URL, a.status.ClusterID, cluster)
		return
	case a.err == nil && a.status.MemberID != m.Entry.ID:
		m.Err = fmt.Errorf("what answers at %s is the member %x, and not %x", m.URL, a.status.MemberID, m.Entry.ID)
		return
	case !a.takesPart():
		m.Err = errNoLeader
		return
	}
	m.Answers, m.Version, m.applied = true, a.status.Version, a.status.Applied
	m.Leader = a.err == nil && a.status.Leader == a.status.MemberID
}
