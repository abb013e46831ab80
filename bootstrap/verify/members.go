package verify

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"lockstep/roles/store"
)

// clockTolerance is how far a member's clock may be from ours before certificates
// start to be valid too late or end too early.
const clockTolerance = 2 * time.Minute

// learnerTime is how long a learner may have run before it should vote.
const learnerTime = 24 * time.Hour

// MemberChecks is the checks that also stand before auth is turned on.
func MemberChecks() []Check {
	return slices.Concat(reachedChecks(), clusterChecks(), clientPortChecks(), peerServingChecks(), peerPortChecks(), stateChecks())
}

func clusterChecks() []Check {
	return []Check{
		{
			Code: "members/unknown", Severity: Critical, Needs: NeedsMembers,
			Sentence: "the cluster's members are the policy's members, and they are one cluster",
			Remedy:   "write the member into the policy, or correct its clientURL there; remove one from the cluster (etcdctl member remove) only when you know that it does not belong there",
			Find:     findUnknownMembers,
		},
	}
}

// stateChecks are about what each member says of itself.
func stateChecks() []Check {
	return []Check{
		{
			Code: "members/alarm", Severity: Error, Needs: NeedsMembers,
			Sentence: "no alarm is raised",
			Remedy:   "etcdctl alarm list; make space, then etcdctl alarm disarm",
			Find:     findAlarms,
		},
		{
			Code: "members/learner", Severity: Error, Needs: NeedsMembers, Acceptable: true,
			Sentence: "every member votes, or started less than a day ago",
			Remedy:   "etcdctl member promote, once it has caught up; with a certificate that works at the leader alone (etcdctl endpoint status names it)",
			Find:     eachDescribed(findLearner),
		},
		{
			Code: "members/clock", Severity: Error, Needs: NeedsMembers,
			Sentence: "clocks agree within two minutes",
			Remedy:   "set the clock (NTP): certificates are judged by it",
			Find:     eachDescribed(findClock),
		},
		{
			Code: "members/clock-unseen", Severity: Warning, Needs: NeedsMembers,
			Sentence: "every member's clock could be compared",
			Remedy:   "compare it by hand (date -u on its host), or let the member serve HTTP where it can be reached from here: metricsURL of the member in the policy",
			Find:     eachDescribed(findClockUnseen),
		},
		{
			Code: "members/version", Severity: Warning, Needs: NeedsMembers, Acceptable: true,
			Sentence: "etcd is new enough for its users and roles to hold (3.6.14, 3.7.1)",
			Remedy:   "upgrade etcd: below these versions, public advisories tell how to get around users and roles",
			Find:     eachDescribed(findVersion),
		},
	}
}

// subject is the member as a finding names it.
func (m Member) subject() Subject { return Subject{SubjectMember, m.Name} }

// ofMember is what a check finds about one member.
type ofMember func(j *judgement, m Member) findings

func eachMember(find ofMember) func(*judgement) findings {
	return func(j *judgement) (out findings) {
		for _, m := range j.Members {
			out = append(out, find(j, m)...)
		}
		return out
	}
}

// eachReached leaves out members that could not be asked: members/reached says so once.
func eachReached(find ofMember) func(*judgement) findings {
	return eachMember(func(j *judgement, m Member) findings {
		if m.Err != nil {
			return nil
		}
		return find(j, m)
	})
}

// eachDescribed also leaves out members that said nothing about themselves: another
// check says why.
func eachDescribed(find ofMember) func(*judgement) findings {
	return eachReached(func(j *judgement, m Member) findings {
		if !m.Described {
			return nil
		}
		return find(j, m)
	})
}

// findUnknownMembers compares the policy's members with each other, and then with the list of
// the first one that told it.
func findUnknownMembers(j *judgement) (out findings) {
	ids := map[uint64]string{}
	var described []Member
	for _, m := range j.Members {
		if m.Err != nil || !m.Described {
			continue
		}
		if other, twice := ids[m.ID]; twice {
			out.add(m.subject(), fmt.Sprintf("is the same etcd as %s", other))
		}
		ids[m.ID] = m.Name
		described = append(described, m)
	}
	home := j.home(described)
	out = append(out, findOtherClusters(j, described, home)...)
	ours := slices.DeleteFunc(slices.Clone(described), func(m Member) bool { return m.ClusterID != home.ClusterID })
	if i := slices.IndexFunc(ours, func(m Member) bool { return m.Peers != nil }); i >= 0 {
		out = append(out, findUnlistedMembers(j, ours, ours[i].Peers)...)
	}
	return out
}

// home is a member of the cluster with which the others are compared: the one to which most
// belong, of as many the one that users and roles were read from.
func (e *Evidence) home(described []Member) (home Member) {
	most := 0
	for _, m := range described {
		n := 0
		for _, other := range described {
			if other.ClusterID == m.ClusterID {
				n++
			}
		}
		if n > most || n == most && m.ClusterID == e.AuthCluster && home.ClusterID != e.AuthCluster {
			home, most = m, n
		}
	}
	return home
}

// findOtherClusters finds members, and the administrator's connection, that belong to another
// cluster than home.
func findOtherClusters(j *judgement, described []Member, home Member) (out findings) {
	for _, m := range described {
		if m.ClusterID != home.ClusterID {
			out.add(m.subject(), fmt.Sprintf("belongs to cluster %x, and %s to %x", m.ClusterID, home.Name, home.ClusterID), otherClusterRemedy)
		}
	}
	if j.AuthCluster != 0 && home.ClusterID != 0 && j.AuthCluster != home.ClusterID {
		out.add(Subject{}, fmt.Sprintf("the administrator's connection leads to cluster %x, and the policy's members are cluster %x", j.AuthCluster, home.ClusterID))
	}
	return out
}

const otherClusterRemedy = "look which cluster the member is meant for: one that lost its data and was started as a cluster of its own has to join again " +
	"(lockstep members replace NAME; where the policy names endpoints, etcdctl member remove and member add); else correct its clientURL in the policy"

// findUnlistedMembers finds members of the cluster's list that the policy does not name, and
// the other way round. A member that answers as another cluster is still the policy's.
func findUnlistedMembers(j *judgement, ours []Member, list []Peer) (out findings) {
	for _, peer := range list {
		switch {
		case peer.Name == "" && slices.ContainsFunc(j.Members, func(m Member) bool { return j.joins(m) && slices.Contains(peer.PeerURLs, m.PeerURL) }): // findSilent
		case peer.Name == "":
			out.add(Subject{}, "the cluster lists a member that has never been started")
		case !slices.ContainsFunc(j.Members, func(m Member) bool { return peer.is(m) || m.ClusterID != ours[0].ClusterID && peer.named(m) }):
			out.add(Subject{SubjectMember, peer.Name}, "is a member of the cluster and not of the policy")
		}
	}
	for _, m := range ours {
		if !slices.ContainsFunc(list, func(p Peer) bool { return p.is(m) }) {
			out.add(m.subject(), fmt.Sprintf("is not a member of the cluster, whose members are %s", names(list)))
		}
	}
	return out
}

// is reports whether the cluster's entry p is the policy's member m: by its ID where m
// told it, else by name or, of a policy with endpoints, by address.
func (p Peer) is(m Member) bool {
	if m.Described {
		return p.ID == m.ID
	}
	return p.named(m)
}

// named reports whether p and m have one name or one address.
func (p Peer) named(m Member) bool { return p.Name == m.Name || slices.Contains(p.ClientURLs, m.URL) }

// names is the members' names as a sentence lists them.
func names(peers []Peer) string {
	var list []string
	for _, p := range peers {
		list = append(list, p.Name)
	}
	return cmp.Or(strings.Join(list, ", "), "none")
}

// findAlarms says each alarm once: every member lists those of all.
func findAlarms(j *judgement) (out findings) {
	named := map[store.Alarm]bool{}
	for _, m := range j.Members {
		for _, alarm := range m.Alarms {
			if !named[alarm] {
				named[alarm] = true
				out.add(Subject{SubjectMember, j.memberName(alarm.MemberID)}, "raises the alarm "+alarm.String())
			}
		}
	}
	return out
}

// memberName is the name of the member with that ID; "" when it is not known.
func (e *Evidence) memberName(id uint64) string {
	for _, m := range e.Members {
		if m.Described && m.ID == id {
			return m.Name
		}
	}
	return ""
}

// findLearner takes a learner that runs for less than a day for one that is being added: it has to
// catch up before it can vote. Before auth is on, every member has to vote.
func findLearner(j *judgement, m Member) (out findings) {
	var remedy string
	if m.Learner && j.joins(m) {
		remedy = j.joinCommand(m) + " goes on with it"
	}
	switch age := j.Now.Sub(m.Started); {
	case !m.Learner:
	case !m.Started.IsZero() && age < learnerTime && slices.ContainsFunc(j.Members, func(o Member) bool { return !o.Learner && o.AuthOn }):
		out.add(m.subject(), "is a learner, and started less than a day ago", remedy)
		out[0].Severity = Info
	default:
		out.add(m.subject(), "is a learner", remedy)
	}
	return out
}

func findClock(_ *judgement, m Member) (out findings) {
	if m.ClockErr == nil && m.Clock.Abs() > clockTolerance {
		out.add(m.subject(), fmt.Sprintf("its clock differs from ours by %s", m.Clock.Round(time.Second)))
	}
	return out
}

func findClockUnseen(_ *judgement, m Member) (out findings) {
	if m.ClockErr != nil {
		out.add(m.subject(), fmt.Sprintf("its clock is not known: %v", m.ClockErr))
	}
	return out
}

func findVersion(_ *judgement, m Member) (out findings) {
	if belowFloor(m.Version) {
		out.add(m.subject(), "runs etcd "+m.Version)
	}
	return out
}

// belowFloor reports whether public advisories against etcd's users and roles are
// open in this version (docs/etcd.md, "Floor of versions"). Versions that cannot
// be read are below it.
func belowFloor(version string) bool {
	var major, minor, patch int
	release, _, prerelease := strings.Cut(version, "-")
	if n, err := fmt.Sscanf(release, "%d.%d.%d", &major, &minor, &patch); err != nil || n != 3 {
		return true
	}
	have := []int{major, minor, patch}
	floor := []int{3, 7, 1}
	if major == 3 && minor == 6 {
		floor = []int{3, 6, 14}
	}
	c := slices.CompareFunc(have, floor, func(a, b int) int { return cmp.Compare(a, b) })
	return c < 0 || c == 0 && prerelease
}
