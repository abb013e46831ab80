package members

import (
	"fmt"
	"slices"
	"strings"

	"lockstep/policies"
	"lockstep/policies/count"
	"lockstep/roles/store"
)

// Member is one member as the policy, the PKI folder and the cluster show it. The zero value is
// none.
type Member struct {
	Name     string // the policy's, else the one that the cluster lists, else the ID
	Declared bool   // the policy names it
	URL      string // for clients: the policy's, else the first that the cluster lists
	PeerURL  string // the policy's; "" where it does not name the member
	Joining  bool   // its etcd.env says that it joins a cluster that runs
	Written  bool   // its folder and its entry in the policy file are as they have to be now

	Listed bool         // the cluster lists it
	Entry  store.Member // as it is listed
	At     bool         // it is listed at the policy's peer URL

	Answers bool   // it takes part: as this member, with a leader if it votes
	Err     error  // why it does not
	Version string // "" where it did not tell
	Leader  bool
	applied uint64 // index of the last entry of the cluster's log that it has applied
	Behind  bool   // it has not applied what the leader had applied when the run first looked

	Proven bool   // it has shown all that a member has to show before it gets a vote
	Unfit  string // what it has shown instead; "" while it was not asked
	Remedy string // for that
}

// Votes reports whether the member counts for the quorum.
func (m Member) Votes() bool { return m.Listed && !m.Entry.Learner }

// Started reports whether etcd has ever run as this member.
func (m Member) Started() bool { return m.Entry.Name != "" }

// View is what is known of all members.
type View struct {
	ClusterID uint64
	AuthOn    bool
	LeaderID  uint64   // of the member that leads, reached or not; 0 where no member knows one
	Members   []Member // the policy's, in its order, then others that the cluster lists
	Replaces  uint64   // ID of the member whose place the one in question takes; 0 for none
	Begun     bool     // the run has seen the one in question join: it ends when that one has joined
}

// named is the member with that name that the policy declares, else one that the cluster lists.
func (v View) named(name string) (Member, bool) {
	i := slices.IndexFunc(v.Members, func(m Member) bool { return m.Name == name })
	if i < 0 {
		return Member{}, false
	}
	return v.Members[i], true
}

// listed is the member with that ID.
func (v View) listed(id uint64) (Member, bool) {
	i := slices.IndexFunc(v.Members, func(m Member) bool { return m.Listed && m.Entry.ID == id })
	if i < 0 || id == 0 {
		return Member{}, false
	}
	return v.Members[i], true
}

// InStep reports whether every member takes part and votes, and the cluster lists exactly the
// policy's members, unless the policy names endpoints alone.
func (v View) InStep(endpoints bool) bool {
	return len(v.where(func(m Member) bool {
		return !m.Votes() || !m.Answers || !endpoints && (!m.Declared || !m.At)
	})) == 0
}

// where is the members for which wanted holds.
func (v View) where(wanted func(Member) bool) []Member {
	return slices.DeleteFunc(slices.Clone(v.Members), func(m Member) bool { return !wanted(m) })
}

// Leader is the member that leads.
func (v View) Leader() (Member, bool) {
	leaders := v.where(func(m Member) bool { return m.Leader })
	if len(leaders) == 0 {
		return Member{}, false
	}
	return leaders[0], true
}

// Quorum counts the members that vote.
func (v View) Quorum() Quorum {
	voters := v.where(Member.Votes)
	silent := slices.DeleteFunc(slices.Clone(voters), func(m Member) bool { return m.Answers })
	return Quorum{Voters: len(voters), Healthy: len(voters) - len(silent)}
}

// Quorum is how many members vote, and how many of them take part.
type Quorum struct{ Voters, Healthy int }

// Needed is how many have to take part for etcd to answer.
func (q Quorum) Needed() int { return q.Voters/2 + 1 }

// Holds reports whether as many take part.
func (q Quorum) Holds() bool { return q.Voters > 0 && q.Healthy >= q.Needed() }

// Grows reports whether etcd takes a new member, which it counts as one that is down (fact 41).
func (q Quorum) Grows() bool {
	return q.Voters == 1 && q.Healthy == 1 || Quorum{Voters: q.Voters + 1, Healthy: q.Healthy}.Holds()
}

// Without is q after the removal of a member.
func (q Quorum) Without(m Member) Quorum {
	if !m.Votes() {
		return q
	}
	q.Voters--
	if m.Answers {
		q.Healthy--
	}
	return q
}

// String is "3 members, 2 healthy".
func (q Quorum) String() string {
	return fmt.Sprintf("%s, %d healthy", count.Of(q.Voters, "member"), q.Healthy)
}

// after is the arithmetic of a removal, for messages.
func (q Quorum) after(m Member) string {
	next := q.Without(m)
	return fmt.Sprintf("%s; after the removal %s %s %d, and %d would be healthy", q, count.Of(next.Voters, "member"), needs(next.Voters), next.Needed(), next.Healthy)
}

func needs(n int) string {
	if n == 1 {
		return "needs"
	}
	return "need"
}

// names is the members' names.
func names(list []Member) []string {
	var out []string
	for _, m := range list {
		out = append(out, m.Name)
	}
	return out
}

// initialCluster is what ETCD_INITIAL_CLUSTER of the member m has to say: the members that the
// cluster lists, and m itself. etcd compares the addresses alone, but each name has to be there
// once, and m's is its own.
func (v View) initialCluster(m policies.Member) []policies.Member {
	var out []policies.Member
	own := false
	for _, other := range v.Members {
		if !other.Listed || other.Entry.ID == v.Replaces && !v.staysBeside(other, m) {
			continue
		}
		for _, url := range other.Entry.PeerURLs {
			entry := policies.Member{Name: other.Name, PeerURL: url}
			switch {
			case url == m.PeerURL:
				entry.Name, own = m.Name, true
			case other.Name == m.Name:
				entry.Name = fmt.Sprintf("%x", other.Entry.ID)
			}
			out = append(out, entry)
		}
	}
	if !own {
		out = append(out, policies.Member{Name: m.Name, PeerURL: m.PeerURL})
	}
	slices.SortFunc(out, func(a, b policies.Member) int { return strings.Compare(a.PeerURL, b.PeerURL) })
	return out
}

// staysBeside reports whether the member that is replaced is a member still when m starts.
func (v View) staysBeside(replaced Member, m policies.Member) bool {
	return replaced.Answers && !slices.Contains(replaced.Entry.PeerURLs, m.PeerURL)
}
