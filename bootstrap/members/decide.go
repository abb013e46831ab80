package members

import (
	"fmt"
	"strings"

	"lockstep/policies/count"
	"lockstep/policies/hint"
)

// Kind is what a step does.
type Kind string

const (
	Refuse     Kind = "refuse"      // nothing can be done; Err says why
	Write      Kind = "write"       // policy file, certificates and etcd.env of the member that joins
	AddLearner Kind = "add"         // the cluster lists it, without a vote
	AwaitStart Kind = "start"       // the operator copies its folder and starts it
	AwaitLog   Kind = "catch up"    // it receives the cluster's log
	Prove      Kind = "prove"       // it shows what a member has to show
	Promote    Kind = "promote"     // it gets a vote
	Settle     Kind = "settle"      // the other files of the folder come to name it, its etcd.env says no more that it joins
	MoveLeader Kind = "move leader" // another member leads
	Remove     Kind = "remove"      // the cluster lists it no more
	Retire     Kind = "retire"      // its certificates go to retired/, its entry leaves the policy file
	Done       Kind = "done"
)

// Step is what a run does next.
type Step struct {
	Kind   Kind
	Member Member // that it is about
	To     Member // of MoveLeader: the next leader

	Replaces uint64 // of Write: ID of the member whose place it takes; 0 for none
	Err      error  // of Refuse
	Health   bool   // of Refuse: it ends when members that do not take part come back
}

// String is the step as a sentence.
func (s Step) String() string {
	switch m := s.Member; s.Kind {
	case Refuse:
		return s.Err.Error()
	case Write:
		return fmt.Sprintf("write policy, certificates and etcd.env of %s", m.Name)
	case AddLearner:
		return fmt.Sprintf("add %s to the cluster without a vote", m.Name)
	case AwaitStart:
		return fmt.Sprintf("wait until %s is started", m.Name)
	case AwaitLog:
		return fmt.Sprintf("wait until %s has caught up", m.Name)
	case Prove:
		return fmt.Sprintf("prove that %s takes the user from the certificate", m.Name)
	case Promote:
		return fmt.Sprintf("give %s a vote", m.Name)
	case Settle:
		return fmt.Sprintf("name %s in the other files of the PKI folder", m.Name)
	case MoveLeader:
		return fmt.Sprintf("let %s lead instead of %s", s.To.Name, m.Name)
	case Remove:
		return fmt.Sprintf("remove %s (%x) from the cluster", m.Name, m.Entry.ID)
	case Retire:
		return fmt.Sprintf("retire the certificates of %s and take it out of the policy", m.Name)
	}
	return ""
}

// Waits reports whether the step is for the operator, or for etcd.
func (s Step) Waits() bool { return s.Kind == AwaitStart || s.Kind == AwaitLog }

// Ends reports whether nothing follows.
func (s Step) Ends() bool { return s.Kind == Refuse || s.Kind == Done }

func refuse(advice, format string, args ...any) Step {
	return Step{Kind: Refuse, Err: hint.Refuse(advice, format, args...)}
}

// Decision is what one verb does next, by what is seen. It is pure.
type Decision func(View) Step

// Addition decides how the member with that name, which the policy declares, is added.
func Addition(name string) Decision {
	return func(v View) Step {
		m, _ := v.named(name)
		switch {
		case m.Joining && v.Replaces != 0:
			return refuse(fmt.Sprintf("lockstep members replace %s goes on with it.", name), "%s is being replaced", name)
		case m.Listed && !m.At:
			return refuse(fmt.Sprintf("Correct its hosts in the policy, or move it: lockstep members replace %s --host HOST.", name),
				"the cluster lists %s at %s", name, strings.Join(m.Entry.PeerURLs, ", "))
		case !m.Listed:
			return v.enter(m)
		}
		return v.join(m)
	}
}

// enter is what comes before the cluster lists the new member m.
func (v View) enter(m Member) Step {
	if refusal, refused := v.refuseEntry(m, v.Quorum()); refused {
		return refusal
	}
	if !m.Joining || !m.Written {
		return Step{Kind: Write, Member: m, Replaces: v.Replaces}
	}
	return Step{Kind: AddLearner, Member: m}
}

// refuseEntry stops where etcd would take no new member beside those that q counts, or a second one
// would come in beside one that is not proven yet.
func (v View) refuseEntry(m Member, q Quorum) (Step, bool) {
	others := v.where(func(o Member) bool {
		return o.Name != m.Name && (o.Joining || o.Listed && (o.Entry.Learner || !o.Started()))
	})
	switch {
	case !v.Quorum().Holds():
		return v.noQuorum(), true
	case !v.AuthOn:
		return refuse("lockstep bootstrap turns it on.", "auth is off: whether %s takes the user from the certificate could not be proven", m.Name), true
	case len(others) > 0:
		return refuse(fmt.Sprintf("Run lockstep members add %[1]s to go on with it, or lockstep members remove %[1]s to give it up.", others[0].Name),
			"one member joins at a time, and %s has not joined yet", count.Quoted(names(others))), true
	case !q.Grows():
		return v.unsafe(m, q), true
	}
	return Step{}, false
}

// unsafe is the refusal where a new member that is not started would leave no quorum: etcd counts
// it as one that is down (fact 41).
func (v View) unsafe(m Member, q Quorum) Step {
	silent := "another member"
	if list := v.where(func(o Member) bool { return o.Votes() && !o.Answers && o.Entry.ID != m.Entry.ID }); len(list) > 0 {
		silent = list[0].Name
	}
	next := Quorum{Voters: q.Voters + 1, Healthy: q.Healthy}
	s := refuse(fmt.Sprintf("Start it. If it is lost: lockstep members replace %[1]s, or lockstep members remove %[1]s.", silent),
		"no new member is taken while %s does not take part: %s; with %s, which is not started, %s need %d%s", silent, q, m.Name, count.Of(next.Voters, "member"), next.Needed(), v.silence())
	s.Health = true
	return s
}

// noQuorum is the refusal where etcd cannot change its members.
func (v View) noQuorum() Step {
	q := v.Quorum()
	s := refuse("Start the members that do not answer. If most of them are lost for good, restore the cluster from a snapshot.",
		"the cluster has no quorum, so no member can be added or removed: %s, and %s %s %d%s", q, count.Of(q.Voters, "member"), needs(q.Voters), q.Needed(), v.silence())
	s.Health = true
	return s
}

// silence is why the first member that votes does not take part.
func (v View) silence() string {
	for _, m := range v.where(func(m Member) bool { return m.Votes() && !m.Answers && m.Err != nil }) {
		return fmt.Sprintf("; %s: %v", m.Name, m.Err)
	}
	return ""
}

// join is what comes from when the cluster lists the new member m up to the end.
func (v View) join(m Member) Step {
	_, led := v.Leader()
	switch {
	case !m.Entry.Learner && !m.Joining && m.Written:
		return Step{Kind: Done, Member: m}
	case !v.Quorum().Holds():
		return v.noQuorum()
	case !m.Entry.Learner && !m.Joining:
		return Step{Kind: Settle, Member: m}
	case m.Entry.Learner && (!m.Joining || !m.Written):
		return Step{Kind: Write, Member: m, Replaces: v.Replaces}
	case !m.Answers:
		return Step{Kind: AwaitStart, Member: m}
	case m.Entry.Learner && !led:
		return v.leaderless(m)
	case m.Behind:
		return Step{Kind: AwaitLog, Member: m}
	case m.Unfit != "":
		return refuse(m.Remedy, "%s does not get a vote: %s", m.Name, m.Unfit)
	case !m.Proven:
		return Step{Kind: Prove, Member: m}
	case m.Entry.Learner:
		return Step{Kind: Promote, Member: m}
	}
	return Step{Kind: Settle, Member: m}
}

// leaderless is the refusal where the leader was not reached.
func (v View) leaderless(m Member) Step {
	leader := "the leader"
	if l, known := v.listed(v.LeaderID); known {
		leader = l.Name + ", which leads,"
	}
	s := refuse("Let the leader be reached from here, or let another member lead: etcdctl move-leader.",
		"%s does not get a vote: with a certificate that works through the leader alone, and %s was not reached%s", m.Name, leader, v.silence())
	s.Health = true
	return s
}

// Removal decides how the member with that name is removed from the cluster, the PKI folder and
// the policy.
func Removal(name string) Decision {
	return func(v View) Step {
		m, _ := v.named(name)
		declared := v.where(func(o Member) bool { return o.Declared })
		_, replaced := v.listed(v.Replaces)
		switch {
		case replaced:
			return refuse(fmt.Sprintf("lockstep members replace %s goes on with it.", name), "%s is being replaced", name)
		case len(declared) == 1:
			return refuse("Add another one first: lockstep members add NAME --host HOST.", "%s is the policy's only member", name)
		case !m.Listed:
			return Step{Kind: Retire, Member: m}
		}
		return v.remove(m, "lockstep members list says which members do not answer. Start one of them first, or remove one of them instead.")
	}
}

// remove takes m out of the cluster, unless the others would have no quorum.
func (v View) remove(m Member, advice string) Step {
	q := v.Quorum()
	switch {
	case !q.Holds():
		return v.noQuorum()
	case m.Votes() && !q.Without(m).Holds():
		return refuse(advice, "without %s the cluster would have no quorum: %s", m.Name, q.after(m))
	}
	if m.Leader {
		heirs := v.where(func(o Member) bool { return o.Votes() && o.Answers && !o.Leader })
		if len(heirs) > 0 {
			return Step{Kind: MoveLeader, Member: m, To: heirs[0]}
		}
	}
	return Step{Kind: Remove, Member: m}
}

// Replacement decides how the member with that name gives its place to one with an empty data
// folder. A member that works is replaced only if living says so. A run that goes on with a
// replacement, or begins one, ends with that one and begins no other.
//
// A member that is lost, and one whose successor has the same address, is removed first: beside it
// etcd would take no new member of most clusters (fact 41), and no address twice. One that works
// stays until its successor at another address has a vote.
func Replacement(name string, living bool) Decision {
	return func(v View) Step {
		m, _ := v.named(name)
		old, there := v.listed(v.Replaces)
		own := m.Listed && m.Entry.ID != v.Replaces // it is the successor that is listed
		switch {
		case !m.Joining && m.Votes() && m.At && (v.Begun || m.Answers && !living):
			return Step{Kind: Done, Member: m}
		case !m.Joining && m.Listed && !m.Entry.Learner:
			return v.beginReplacement(m)
		case own && (m.Entry.Learner || !there):
			return v.join(m)
		case own:
			return v.remove(old, "")
		case there && !(old.Answers && !m.At):
			return v.remove(old, "Start the members that do not answer first: lockstep members list names them.")
		}
		return v.enter(m)
	}
}

// beginReplacement writes the folder of the successor of m, unless m could not be removed.
func (v View) beginReplacement(m Member) Step {
	q := v.Quorum()
	if q.Voters == 1 {
		return refuse("Add another one first: lockstep members add NAME --host HOST.", "%s is the cluster's only member that votes", m.Name)
	}
	v.Replaces = m.Entry.ID
	if !m.Answers || m.At {
		if next := v.remove(m, "Start the members that do not answer first: lockstep members list names them."); next.Kind == Refuse {
			return next
		}
		q = q.Without(m)
	}
	if refusal, refused := v.refuseEntry(m, q); refused {
		return refusal
	}
	return Step{Kind: Write, Member: m, Replaces: v.Replaces}
}
