package verify

import (
	"context"
	"fmt"
	"sync"

	"lockstep/bootstrap/world"
	"lockstep/roles/store"
)

// askMember fills in what a member tells a client, through a connection of its own.
func askMember(ctx context.Context, w *world.World, m *Member, as asker) error {
	ctx, cancel := context.WithTimeout(ctx, w.CallTimeout)
	defer cancel()
	c, err := as.connect(ctx, w, m.URL)
	if err != nil {
		return err
	}
	defer c.Close()
	status, err := c.Status(ctx, m.URL)
	if err != nil && !store.IsRefused(err) { // before 3.5.32 and 3.6.12 it needs root
		return fmt.Errorf("asking %s for its status: %w", m.Name, err)
	}
	if store.IsUserEmpty(err) && as.user == "" { // a learner or not: nothing else is answered
		m.AuthOn, m.Root = true, as.learnt(err)
		return nil
	}
	if err == nil {
		m.ID, m.ClusterID, m.Version, m.Learner, m.Described = status.MemberID, status.ClusterID, status.Version, status.Learner, true
	}
	if m.Learner {
		m.Root = as.learnt(c.CheckLearner(ctx))
		m.AuthOn = m.Root.Outcome == IdentityIgnored
		return nil // it answers nothing else
	}
	return askVoter(ctx, w, c, m, as)
}

// askVoter asks what a learner does not answer.
func askVoter(ctx context.Context, w *world.World, c *store.Client, m *Member, as asker) error {
	on, revision, err := c.Auth(ctx)
	if err != nil {
		return fmt.Errorf("asking %s whether auth is on: %w", m.Name, err)
	}
	m.AuthRevision = revision
	if m.AuthOn = on; on {
		m.Root = as.see(ctx, w, c, m.URL)
		switch {
		case as.user != "": // the calls below go by the password
		case m.Root.Outcome != Accepted:
			return nil // the calls below want an identity
		}
	}
	var unheard error
	var group sync.WaitGroup
	group.Go(func() { m.Alarms, unheard = c.Alarms(ctx) })
	peers, err := c.Members(ctx)
	group.Wait()
	if err != nil {
		return fmt.Errorf("asking %s for the members: %w", m.Name, err)
	}
	for _, p := range peers {
		m.Peers = append(m.Peers, Peer{ID: p.ID, Name: p.Name, ClientURLs: p.ClientURLs, PeerURLs: p.PeerURLs})
	}
	if unheard != nil {
		return fmt.Errorf("asking %s for alarms: %w", m.Name, unheard)
	}
	return nil
}

// RootThrough tries root's certificate alone through the member at url, on a fresh
// connection.
func RootThrough(ctx context.Context, w *world.World, url string) Attempt {
	ctx, cancel := context.WithTimeout(ctx, w.CallTimeout)
	defer cancel()
	root, err := w.Root(ctx)
	if err != nil {
		return Attempt{Err: err}
	}
	c, err := w.Connect(ctx, root, url)
	if err != nil {
		return Attempt{Err: err}
	}
	defer c.Close()
	return asker{}.learnt(c.CheckRoot(ctx))
}
