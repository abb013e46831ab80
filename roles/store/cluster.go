package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// Status is what one member says of itself.
type Status struct {
	MemberID, ClusterID uint64
	Version             string // "3.7.3"
	Learner             bool
	Leader              uint64 // ID of the member that it takes for the leader; 0 for none
	Applied             uint64 // index of the last entry of the cluster's log that it has applied
}

// Member is one entry of the cluster's own list.
type Member struct {
	ID         uint64
	Name       string // "" for one that never started
	PeerURLs   []string
	ClientURLs []string
	Learner    bool
}

// Status asks the member at endpoint. Before 3.5.32, 3.6.12 and 3.7 it needs root.
func (c *Client) Status(ctx context.Context, endpoint string) (Status, error) {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	answer, err := c.maintenance(endpoint).Status(ctx, endpoint)
	if err != nil {
		return Status{}, c.explain(ctx, err)
	}
	return statusIn(answer)
}

// maintenance asks the member at endpoint through this connection where it goes to that member
// alone. clientv3 itself opens another one for each call, which takes a member far away three
// round trips.
func (c *Client) maintenance(endpoint string) clientv3.Maintenance {
	if len(c.target.Endpoints) != 1 || c.target.Endpoints[0] != endpoint {
		return c.etcd
	}
	return clientv3.NewMaintenanceFromMaintenanceClient(clientv3.RetryMaintenanceClient(c.etcd, c.etcd.ActiveConnection()), c.etcd)
}

// Versions is the versions of the members that the client asks, of those that tell it.
func (c *Client) Versions(ctx context.Context) []string {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	endpoints := c.etcd.Endpoints()
	told := make([]string, len(endpoints))
	var group sync.WaitGroup
	for i, endpoint := range endpoints {
		group.Go(func() { told[i] = c.version(ctx, endpoint) })
	}
	group.Wait()
	return slices.DeleteFunc(told, func(v string) bool { return v == "" })
}

// Members is the cluster's list, by name.
func (c *Client) Members(ctx context.Context) ([]Member, error) {
	_, members, err := c.members(ctx)
	return members, err
}

// OwnMembers is the list that the member at the endpoint itself keeps, by name. It answers
// without a quorum too, and may be behind.
func (c *Client) OwnMembers(ctx context.Context) ([]Member, error) {
	_, members, err := c.members(ctx, clientv3.WithSerializable())
	return members, err
}

// ClusterID identifies the cluster.
func (c *Client) ClusterID(ctx context.Context) (uint64, error) {
	id, _, err := c.members(ctx)
	return id, err
}

func (c *Client) members(ctx context.Context, opts ...clientv3.OpOption) (uint64, []Member, error) {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	answer, err := c.etcd.MemberList(ctx, opts...)
	if err != nil {
		return 0, nil, c.explain(ctx, err)
	}
	cluster, out, err := membersIn(answer)
	slices.SortFunc(out, func(a, b Member) int { return strings.Compare(a.Name, b.Name) })
	return cluster, out, err
}

// Alarm is a member's word that something is wrong with its data.
type Alarm struct {
	Kind     string // NOSPACE, CORRUPT
	MemberID uint64
}

// String is "NOSPACE at member 8e9e05c52164694d".
func (a Alarm) String() string { return fmt.Sprintf("%s at member %x", a.Kind, a.MemberID) }

// Alarms is every alarm that is raised, by kind and member.
func (c *Client) Alarms(ctx context.Context) ([]Alarm, error) {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	answer, err := c.etcd.AlarmList(ctx)
	if err != nil {
		return nil, c.explain(ctx, err)
	}
	var out []Alarm
	for _, a := range answer.Alarms {
		if a == nil {
			return nil, odd("AlarmList", "it lists an alarm that says nothing")
		}
		out = append(out, Alarm{Kind: a.Alarm.String(), MemberID: a.MemberID})
	}
	slices.SortFunc(out, func(a, b Alarm) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.MemberID, b.MemberID)) })
	return out, nil
}

// CheckRoot asks for something that only root may have; nil means that this
// connection is root's, or that auth is off. A refusal is etcd's own answer: what it
// means is the caller's question.
func (c *Client) CheckRoot(ctx context.Context) error {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	_, err := c.etcd.UserList(ctx)
	return c.explainSilence(ctx, err)
}

// CheckLearner is CheckRoot for a learner, which answers nothing but Status and a read of
// its own data: nil means that this connection may read, or that auth is off.
func (c *Client) CheckLearner(ctx context.Context) error {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	_, err := c.etcd.Get(ctx, "\x00", clientv3.WithFromKey(), clientv3.WithSerializable(), clientv3.WithLimit(1), clientv3.WithKeysOnly())
	return c.explainSilence(ctx, err)
}

// AuthEnabled tells whether auth is on (fact 29).
func (c *Client) AuthEnabled(ctx context.Context) (bool, error) {
	on, _, err := c.Auth(ctx)
	return on, err
}

// Auth tells whether auth is on, and etcd's authRevision; 0 where etcd does not tell it to
// this user (fact 29).
func (c *Client) Auth(ctx context.Context) (on bool, revision uint64, err error) {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	on, revision, err = authStatus(ctx, c.etcd)
	return on, revision, c.explain(ctx, err)
}
