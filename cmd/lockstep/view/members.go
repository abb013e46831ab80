package view

import (
	"fmt"
	"path/filepath"
	"strings"

	"lockstep/bootstrap/change"
	"lockstep/bootstrap/members"
	"lockstep/certgen"
	"lockstep/policies"
	"lockstep/policies/count"
)

// Members is what members list found.
type Members struct {
	members.View
	Endpoints bool // the policy names endpoints and no members
}

// Text implements Answer.
func (m Members) Text(s *Sheet) {
	var rows [][]any
	for _, one := range m.Members {
		rows = append(rows, []any{one.Name, vote(one), health(one), orDash(one.Version), m.where(one)})
	}
	s.Table([]string{"member", "vote", "state", "version", "where"}, rows)
	s.Line("")
	s.Line("%s", quorum(m.Quorum()))
}

// vote is what the member is in the cluster.
func vote(m members.Member) string {
	switch {
	case !m.Listed:
		return "no member"
	case m.Entry.Learner:
		return "none yet"
	case m.Leader:
		return "leader"
	}
	return "yes"
}

// health is whether the member takes part.
func health(m members.Member) string {
	switch {
	case m.Listed && !m.Started():
		return "never started"
	case !m.Answers:
		return "does not take part"
	}
	return "takes part"
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// where is its address for clients, and what is not as the policy says.
func (m Members) where(one members.Member) string {
	at := orDash(one.URL)
	switch {
	case !m.Endpoints && !one.Declared:
		return at + ", not in the policy"
	case !m.Endpoints && one.Listed && !one.At:
		return at + ", for members at " + strings.Join(one.Entry.PeerURLs, ", ") + " and not where the policy says"
	case one.Listed && !one.Answers && one.Started() && one.Err != nil:
		return at + ": " + one.Err.Error()
	}
	return at
}

// quorum is the arithmetic of the members that vote.
func quorum(q members.Quorum) string {
	text := fmt.Sprintf("%s with a vote, %d healthy, %d needed: ", count.Of(q.Voters, "member"), q.Healthy, q.Needed())
	if !q.Holds() {
		return text + "there is no quorum"
	}
	if spare := q.Healthy - q.Needed(); spare > 0 {
		return text + fmt.Sprintf("%d may fail", spare)
	}
	return text + "none may fail"
}

// membersDocument is the answer of members list (kind Members).
type membersDocument struct {
	Header
	ClusterID string           `json:"clusterID"`
	Members   []listedDocument `json:"members"` // the policy's, in its order, then others that the cluster lists
	Quorum    quorumDocument   `json:"quorum"`
	InStep    bool             `json:"inStep"`
}

// listedDocument is one member.
type listedDocument struct {
	Name       string   `json:"name"`
	ID         string   `json:"id,omitempty"` // hex; left out where the cluster does not list it
	InPolicy   bool     `json:"inPolicy"`
	Listed     bool     `json:"listed"`
	Learner    bool     `json:"learner"`
	Leader     bool     `json:"leader"`
	Started    bool     `json:"started"`
	TakesPart  bool     `json:"takesPart"`
	Version    string   `json:"version,omitempty"`
	PeerURLs   []string `json:"peerURLs"`
	ClientURLs []string `json:"clientURLs"`
	Error      string   `json:"error,omitempty"` // why it does not take part
}

// quorumDocument is the arithmetic of the members that vote.
type quorumDocument struct {
	Voters  int  `json:"voters"`
	Healthy int  `json:"healthy"`
	Needed  int  `json:"needed"`
	Holds   bool `json:"holds"`
}

func quorumOf(q members.Quorum) quorumDocument {
	return quorumDocument{q.Voters, q.Healthy, q.Needed(), q.Holds()}
}

// Document implements Answer.
func (m Members) Document() any {
	d := membersDocument{Header: header("Members"), ClusterID: fmt.Sprintf("%x", m.ClusterID), Members: []listedDocument{}, Quorum: quorumOf(m.Quorum()), InStep: m.InStep(m.Endpoints)}
	for _, one := range m.Members {
		x := listedDocument{
			Name: one.Name, InPolicy: one.Declared, Listed: one.Listed, Learner: one.Entry.Learner, Leader: one.Leader,
			Started: one.Started(), TakesPart: one.Answers, Version: one.Version,
			PeerURLs: append([]string{}, one.Entry.PeerURLs...), ClientURLs: append([]string{}, one.Entry.ClientURLs...),
		}
		if one.Listed {
			x.ID = fmt.Sprintf("%x", one.Entry.ID)
		}
		if one.Err != nil && !one.Answers {
			x.Error = one.Err.Error()
		}
		d.Members = append(d.Members, x)
	}
	return d
}

// MemberPlan is what a run of members add, replace or remove is about to do.
type MemberPlan members.Plan

// Text implements Message.
func (p MemberPlan) Text(s *Sheet) {
	Diff(p.Diff).Text(s)
	for i, step := range p.Steps {
		s.Line("%d. %s", i+1, step)
	}
	s.Line("now:  %s", quorum(p.Quorum))
	if p.After != p.Quorum {
		s.Line("then: %s", quorum(p.After))
	}
}

// MemberChange is how far members add, replace or remove is after a run.
type MemberChange struct {
	Verb, Name string
	Policy     *policies.Policy // names the member
	members.Result
	Folder string // the PKI folder
}

// Text implements Answer.
func (c MemberChange) Text(s *Sheet) {
	s.Line("%s", c.headline())
	switch {
	case c.Waiting.Kind == members.AwaitStart && !c.Done:
		c.tellStart(s)
	case c.Done && c.Verb == "remove":
		c.tellRemoved(s)
	case c.Done && len(c.Did) > 0:
		c.tellJoined(s)
	}
	if !c.Done {
		s.Line("when that is done: %s", c.next())
		return
	}
	s.Line("%s", quorum(c.View.Quorum()))
}

func (c MemberChange) headline() string {
	switch {
	case c.Waiting.Kind == members.AwaitStart && !c.Done:
		return c.Name + " is a member without a vote, and does not answer yet"
	case !c.Done:
		return c.Name + " has not caught up with the cluster yet"
	case c.Verb == "remove":
		return fmt.Sprintf("removed %s: its certificates are in %s, its keys are deleted", c.Name, filepath.Join(c.Folder, "retired", c.Name))
	case len(c.Did) == 0:
		return c.Name + " is a member with a vote and takes part: there is nothing to do"
	}
	return c.Name + " is a member with a vote, and takes the user from the certificate"
}

// tellStart says what to copy to the member's host and how to start it there.
func (c MemberChange) tellStart(s *Sheet) {
	data := c.dataFolder()
	s.Line("  %s (%s)", c.Name, c.Start.Host)
	s.Line("    empty  %s: etcd must not run there, and the folder must be empty or absent", data)
	if c.Start.Target != "." {
		s.Line("    copy   scp -rp %s/. %s:%s", c.Start.Folder, c.Start.Host, c.Start.Target)
	}
	s.Line("    start  %s", c.Start.Command())
	s.Line("    it then answers at %s", c.Start.URL)
	s.Line("  The keys belong to the user that etcd runs as, with mode 0600.")
	if c.Known {
		s.Wrapped("  ", "  ", fmt.Sprintf("Clients have its address already, and it refuses them until it has a vote. To keep that short, run %s --wait 10m before you start it.", c.next()))
	}
}

// dataFolder is etcd's data folder on the member's host.
func (c MemberChange) dataFolder() string {
	if data := c.Policy.Cluster.Data; filepath.IsAbs(data) || c.Start.Target == "." {
		return data
	}
	return filepath.Join(c.Start.Target, c.Policy.Cluster.Data)
}

// tellRemoved says what is left to do on the host and at the clients.
func (c MemberChange) tellRemoved(s *Sheet) {
	m, _ := c.Policy.Member(c.Name)
	s.Wrapped("  ", "  ", fmt.Sprintf("on its host (%s): etcd has ended or ends now. Delete its keys and its data folder there before a member is started again.", m.Hosts[0]))
	s.Wrapped("  ", "  ", fmt.Sprintf("if its keys may have leaked: lockstep certs revoke members/%s", c.Name))
	c.tellCopy(s)
	c.tellClients(s, "take "+m.ClientURL+" out of it")
}

// tellJoined says which files to copy again.
func (c MemberChange) tellJoined(s *Sheet) {
	m, _ := c.Policy.Member(c.Name)
	c.tellCopy(s)
	c.tellClients(s, "write "+m.ClientURL+" into it")
}

func (c MemberChange) tellCopy(s *Sheet) {
	if c.Verb != "remove" {
		s.Wrapped("  ", "    ", fmt.Sprintf("copy %s to its host again: its etcd.env says no more that it joins, so that etcd does not come back under its old ID if it loses its data; no restart is needed",
			filepath.Join(c.Folder, "members", c.Name, "etcd.env")))
	}
	for i, dir := range c.Copy {
		if i == planLines {
			more(s, "  ", len(c.Copy)-planLines)
			break
		}
		s.Line("  copy %s to the %s again", filepath.Join(c.Folder, filepath.FromSlash(dir)), holderOf(certgen.PlaceOf(dir)))
	}
}

// tellClients says whose configuration lists the members: lockstep does not write it.
func (c MemberChange) tellClients(s *Sheet, do string) {
	var names []string
	for _, component := range c.Policy.Components {
		names = append(names, component.Name)
	}
	const most = 10
	if len(names) > most {
		names = append(names[:most], fmt.Sprintf("and %d more", len(c.Policy.Components)-most))
	}
	if len(names) > 0 {
		s.Wrapped("  ", "    ", fmt.Sprintf("each client has its own list of endpoints, %s: %s", do, strings.Join(names, ", ")))
	}
}

// next is the command that goes on.
func (c MemberChange) next() string { return fmt.Sprintf("lockstep members %s %s", c.Verb, c.Name) }

// memberChangeDocument is the answer of members add, replace and remove (kind MemberChange).
type memberChangeDocument struct {
	Header
	Verb    string         `json:"verb"` // add, replace or remove
	Name    string         `json:"name"`
	Done    bool           `json:"done"`
	Steps   []string       `json:"steps"`           // what this run did
	Waits   string         `json:"waits,omitempty"` // what comes next
	Start   *startDocument `json:"start,omitempty"` // what to do on the member's host
	Changed []string       `json:"changed"`         // folders below the PKI folder whose list of members has changed, and which are copied somewhere
	Quorum  quorumDocument `json:"quorum"`
	Next    string         `json:"next,omitempty"` // the command that goes on
}

// startDocument is what to do on the host of a member that is not started.
type startDocument struct {
	Folder  string `json:"folder"` // to copy
	Host    string `json:"host"`
	Target  string `json:"target"`  // where it goes on the host; . for leaving it in place
	Data    string `json:"data"`    // has to be empty or absent
	Command string `json:"command"` // to type there
	URL     string `json:"url"`     // where it then answers
	Known   bool   `json:"known"`   // clients have its address already, and are refused by it until it has a vote
}

// Document implements Answer.
func (c MemberChange) Document() any {
	d := memberChangeDocument{Header: header("MemberChange"), Verb: c.Verb, Name: c.Name, Done: c.Done, Steps: []string{}, Changed: append([]string{}, c.Copy...), Quorum: quorumOf(c.View.Quorum())}
	for _, step := range c.Did {
		d.Steps = append(d.Steps, step.String())
	}
	if c.Done {
		return d
	}
	d.Waits, d.Next = c.Waiting.String(), c.next()
	if c.Start != (change.Start{}) {
		d.Start = &startDocument{c.Start.Folder, c.Start.Host, c.Start.Target, c.dataFolder(), c.Start.Command(), c.Start.URL, c.Known}
	}
	return d
}
