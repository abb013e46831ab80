package world

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"lockstep/roles/store"
)

const (
	// lookTime is how long members are looked at, at most, before one is chosen.
	lookTime = 5 * time.Second
	// laterFactor and laterTime are how much longer than the first the others may take, at
	// least the time: a member that hangs must not hold up a run that can do without it.
	laterFactor = 4
	laterTime   = time.Second
)

// ErrNoVoter says that no member can be asked as a user of the policy.
var ErrNoVoter = errors.New("no member answers and takes the names from certificates")

// Voters is the URLs of the members that can be asked as a user of the policy: those that
// answer root's certificate. Left out are members that are down, learners, members that ignore
// the certificate's identity, those that refuse the certificate, and those that belong to another
// cluster than most of them, as one does that lost its data and was started anew. The error is ErrNoVoter
// when no member is left. Without root's certificate the administrator's is used, and without
// that one all members are returned.
func (w *World) Voters(ctx context.Context) ([]string, error) {
	var urls []string
	for _, m := range w.Members() {
		urls = append(urls, m.URL)
	}
	root, err := w.Root(ctx)
	if err == nil {
		return w.voters(ctx, urls, root, "", "")
	}
	if admin := w.admin().Certificate; admin != nil && admin.Leaf != nil && admin.Leaf.Subject.CommonName != "" {
		if found, err := w.voters(ctx, urls, admin, "", ""); err == nil {
			return found, nil
		}
	}
	return urls, nil
}

// voters is what lookForVoters finds. Those who ask for the same at the same time share one look.
func (w *World) voters(ctx context.Context, urls []string, identity *tls.Certificate, user, password string) ([]string, error) {
	if user != "" {
		return w.lookForVoters(ctx, urls, identity, user, password)
	}
	found, err, shared := w.looks.Do(fmt.Sprintf("%p %q", identity, urls), func() (any, error) {
		return w.lookForVoters(ctx, urls, identity, "", "")
	})
	if err != nil && shared { // the other's time may have been up
		return w.lookForVoters(ctx, urls, identity, "", "")
	}
	list, _ := found.([]string)
	return slices.Clone(list), err
}

// lookForVoters asks each of the members at urls, on a connection of its own, for something that
// needs root. Where no member does it for this identity, the members are returned that know
// the identity and refuse it.
func (w *World) lookForVoters(ctx context.Context, urls []string, identity *tls.Certificate, user, password string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, min(lookTime, w.CallTimeout))
	defer cancel()
	answers := make(chan voter, len(urls))
	for _, url := range urls {
		go func() {
			v := voter{url: url}
			defer func() { answers <- v }()
			var c *store.Client
			if c, v.err = w.ConnectAs(ctx, identity, user, password, url); v.err != nil {
				return
			}
			defer c.Close()
			var group sync.WaitGroup
			if len(urls) > 1 {
				group.Go(func() { v.cluster, _ = c.ClusterID(ctx) }) // where it is not told, the member is none of the most
			}
			v.err = c.CheckRoot(ctx)
			group.Wait()
		}()
	}
	elapsed := store.Stopwatch()
	var late <-chan time.Time
	heard := map[string]voter{}
wait:
	for range urls {
		select {
		case a := <-answers:
			heard[a.url] = a
			if a.err == nil && late == nil {
				late = time.After(max(laterTime, laterFactor*elapsed()))
			}
		case <-late:
			break wait
		}
	}
	return chosen(urls, heard)
}

// voter is what one member answered.
type voter struct {
	url     string
	err     error
	cluster uint64 // ID of its cluster; 0 where that was not asked
}

// chosen is the members that answered, or else those that know the user and refused it.
func chosen(urls []string, heard map[string]voter) ([]string, error) {
	var good []voter
	var known []string
	for _, url := range urls {
		switch v, answered := heard[url]; {
		case !answered:
		case v.err == nil:
			good = append(good, v)
		case store.KnowsWho(v.err):
			known = append(known, url)
		}
	}
	switch {
	case len(good) > 0:
		return ofOneCluster(good), nil
	case len(known) > 0:
		return known, nil
	}
	return nil, ErrNoVoter
}

// ofOneCluster is the members of the cluster to which more than half of all belong; all where
// there is no such cluster.
func ofOneCluster(all []voter) []string {
	members := map[uint64][]string{}
	var urls []string
	for _, v := range all {
		members[v.cluster] = append(members[v.cluster], v.url)
		urls = append(urls, v.url)
	}
	for _, some := range members {
		if len(some) > len(all)/2 {
			return some
		}
	}
	return urls
}
