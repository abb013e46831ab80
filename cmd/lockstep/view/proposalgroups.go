package view

import (
	"slices"
	"strings"
	"time"

	"lockstep/bootstrap"
	"lockstep/certgen"
	"lockstep/policies"
	"lockstep/roles"
)

// change is one line of a proposal.
type change struct {
	sign       string // + ~ -
	half       string // certificates, etcd
	text       string
	reason     string
	interrupts string
	affects    string // which unmanaged users lose or gain what
	flag       string // of a refused change: what allows it
	needs      string // of one that no flag allows: what it waits for
}

// group is the changes that concern one component, or nobody in particular.
type group struct {
	name    string
	changes []change
}

// groups sorts the proposal by component, in the policy's order; what belongs to no
// component of the policy comes first.
func (p Proposal) groups() []group {
	by := map[string][]change{}
	for _, s := range p.Proposal.Certificates.Steps {
		name := ofPath(s.Path())
		by[name] = append(by[name], change{sign: certificateSign(s), half: "certificates", text: s.String(), reason: s.Reason})
	}
	owner := p.owners()
	for _, s := range p.Proposal.Roles.Steps {
		name := owner(s)
		by[name] = append(by[name], p.ofEtcd(s))
	}
	for _, s := range p.Proposal.Certificates.Removable {
		name := ofPath(s.Path())
		by[name] = append(by[name], change{sign: "-", half: "certificates", text: s.String(), reason: s.Reason})
	}
	for _, r := range p.Proposal.Roles.Refused {
		name := owner(r.Step)
		by[name] = append(by[name], change{sign: "!", half: "etcd", text: r.Step.String(), reason: r.Reason, interrupts: r.Interrupts, affects: r.Affects, flag: r.Flag})
	}
	for _, h := range p.Proposal.Held {
		step := roles.Step{Action: roles.UserAdd, User: h.User}
		name := owner(step)
		by[name] = append(by[name], change{sign: "!", half: "etcd", text: step.String(), reason: h.Why, needs: "its certificate"})
	}
	for _, w := range p.Proposal.Withheld {
		name := ofPath(w.Path())
		by[name] = append(by[name], change{sign: "!", half: "certificates", text: w.String(), reason: w.Reason, flag: w.Flag, needs: w.Needs})
	}
	for _, u := range p.Proposal.Certificates.Unfit {
		name := u.Profile.Identity
		by[name] = append(by[name], change{sign: "!", half: "certificates", text: "make " + u.Profile.External + " again", reason: u.Reason, needs: "whoever makes it"})
	}
	return ordered(by, p.Policy)
}

// ofEtcd is one step in etcd; adding a user that would be revived is refused.
func (p Proposal) ofEtcd(s roles.Step) change {
	for _, r := range p.Proposal.Revived {
		if s.Action == roles.UserAdd && s.User == r.User {
			return change{sign: "!", half: "etcd", text: s.String(), flag: bootstrap.FlagReuseName,
				reason: "it had a certificate before, which is valid until " + r.Until.UTC().Format(time.DateOnly) + " and would come back to life"}
		}
	}
	return change{sign: roleSign(s), half: "etcd", text: s.String(), reason: s.Reason, interrupts: s.Interrupts, affects: s.Affects}
}

func ordered(by map[string][]change, p *policies.Policy) []group {
	var out []group
	add := func(name string) {
		if len(by[name]) > 0 {
			out = append(out, group{name, by[name]})
			delete(by, name)
		}
	}
	add(noComponent)
	for _, c := range p.Components {
		add(c.Name)
	}
	var others []string
	for name := range by {
		others = append(others, name)
	}
	slices.Sort(others)
	for _, name := range others {
		add(name)
	}
	return out
}

func ofPath(path string) string {
	if parts := strings.Split(path, "/"); len(parts) > 2 && parts[0] == "components" {
		return parts[1]
	}
	return noComponent
}

// owners tells which component a step in etcd concerns.
func (p Proposal) owners() func(roles.Step) string {
	users, held := map[string]string{}, map[string]string{}
	for _, c := range p.Policy.Components {
		users[c.User.String()] = c.Name
		if role := c.Role.String(); !c.Administrator && held[role] == "" { // a shared role stands with its first component
			held[role] = c.Name
		}
	}
	former := p.Proposal.Former
	return func(s roles.Step) string {
		role, _, _ := strings.Cut(s.Role, "~") // a bridge stands for its role
		for _, name := range []string{users[s.User], former.Users[s.User], held[role], former.Roles[role], s.User, role} {
			if name == "root" {
				return noComponent
			}
			if name != "" {
				return name
			}
		}
		return noComponent
	}
}

func certificateSign(s certgen.Step) string {
	switch {
	case s.Action == certgen.Retire:
		return "-"
	case s.Action == certgen.Issue, s.Action == certgen.MakeCA, s.Action == certgen.BringCA, s.Reason == certgen.NotNoted, s.Action == certgen.Write && s.Reason == certgen.Missing:
		return "+"
	}
	return "~"
}

func roleSign(s roles.Step) string {
	switch s.Action {
	case roles.RoleDelete, roles.RoleRevokePermission, roles.UserRevokeRole, roles.UserDelete:
		return "-"
	case roles.RoleGrantPermission:
		if s.Was != "" {
			return "~"
		}
	}
	return "+"
}
