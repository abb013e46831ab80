package view

import (
	"cmp"
	"slices"
	"strings"

	"lockstep/certgen"
	"lockstep/policies"
	"lockstep/roles"
)

// line is one change of a plan.
type line struct {
	sign       string // + ~ -
	half       string // certificates, etcd
	text       string
	reason     string
	interrupts string
	affects    string // which unmanaged users lose or gain what
	flag       string // of a refused change: what allows it
	needs      string // of one that no flag allows: what it waits for
}

// group is the changes that concern one component, or none.
type group struct {
	name    string
	changes []line
}

// groups sorts the plan by component, in the policy's order; what belongs to no
// component of the policy comes first.
func (p Plan) groups() []group {
	by := map[string][]line{}
	for _, s := range p.Certificates.Steps {
		name := ofPath(s.Path())
		by[name] = append(by[name], line{sign: certificateSign(s), half: "certificates", text: s.String(), reason: s.Reason})
	}
	owner := p.owners()
	for _, s := range p.Roles.Steps {
		name := owner(s)
		by[name] = append(by[name], ofEtcd(s))
	}
	for _, s := range p.Retire {
		name := ofPath(s.Path())
		by[name] = append(by[name], line{sign: "-", half: "certificates", text: s.String(), reason: s.Reason})
	}
	for _, c := range p.Roles.Pending {
		name := owner(c.Step)
		by[name] = append(by[name], line{sign: "!", half: "etcd", text: c.Step.String(), reason: c.Reason,
			interrupts: c.Step.Interrupts, affects: c.Step.Affects, flag: Flag(c.Needs), needs: awaited(c.Needs, "")})
	}
	for _, c := range p.Certificates.Pending {
		name := ofPath(c.Step.Path())
		by[name] = append(by[name], line{sign: "!", half: "certificates", text: c.Step.String(), reason: c.Reason,
			flag: Flag(c.Needs), needs: awaited(c.Needs, c.Step.Signer())})
	}
	if p.Restored != nil {
		by[noComponent] = append(by[noComponent], line{sign: "~", half: "certificates", text: "note in " + certgen.SeenFile + " which cluster this is", reason: p.Restored.String()})
	}
	return ordered(by, p.Of)
}

func ofEtcd(s roles.Step) line {
	return line{sign: roleSign(s), half: "etcd", text: s.String(), reason: s.Reason, interrupts: s.Interrupts, affects: s.Affects}
}

func ordered(by map[string][]line, p *policies.Policy) []group {
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
	return cmp.Or(certgen.PlaceOf(path).Component(), noComponent)
}

// owners tells which component a step in etcd concerns.
func (p Plan) owners() func(roles.Step) string {
	users, held := map[string]string{}, map[string]string{}
	for _, c := range p.Of.Components {
		users[c.User.String()] = c.Name
		if role := c.Role.String(); !c.Administrator && held[role] == "" { // a shared role stands with its first component
			held[role] = c.Name
		}
	}
	former := p.Former
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
	case s.Action == certgen.Retire, s.Action == certgen.DropPassword:
		return "-"
	case s.Action == certgen.MakePassword && s.Reason == certgen.Missing, s.Action == certgen.Issue, s.Action == certgen.MakeCA, s.Action == certgen.TakeInCA, s.Reason == certgen.NotNoted, s.Action == certgen.Write && s.Reason == certgen.Missing:
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
	case roles.UserChangePassword:
		return "~"
	}
	return "+"
}
