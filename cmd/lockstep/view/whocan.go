package view

import (
	"cmp"
	"fmt"
	"strings"

	"lockstep/policies"
	"lockstep/policies/count"
	"lockstep/policies/keyrange"
	"lockstep/roles"
)

// AskedUser is what the answers say of a user beside its permissions.
type AskedUser struct {
	Component string // of the policy; "" for root and for users that the policy does not name
	Named     bool   // by the policy
	Password  bool   // it can log in by a password
}

// note is what the operator should know of the user, "" for nothing.
func (u AskedUser) note() string {
	var notes []string
	if !u.Named {
		notes = append(notes, "the policy does not name it")
	}
	if u.Password {
		notes = append(notes, "has a password")
	}
	return strings.Join(notes, ", ")
}

// AskedUsers is the users of a state by name.
type AskedUsers struct {
	all map[string]AskedUser
	off bool // auth is off: etcd refuses no client
}

// UsersOf is the users of s, as the policy sees them.
func UsersOf(p *policies.Policy, s roles.State) AskedUsers {
	users := AskedUsers{all: map[string]AskedUser{}, off: !s.Enabled}
	for _, u := range s.Users {
		users.all[u.Name] = AskedUser{Named: u.Name == policies.Root().String(), Password: u.Password.Exists()}
	}
	for _, c := range p.Components {
		u := users.all[c.User.String()]
		u.Component, u.Named = c.Name, true
		users.all[c.User.String()] = u
	}
	return users
}

// warn says that etcd does not check what the answer says.
func (u AskedUsers) warn(s *Sheet) {
	if u.off {
		s.Line("%s auth is off: every client can read and write every key until lockstep bootstrap has turned it on", s.Paint(Warn, "warning:"))
	}
}

// source is who answers.
func source(live bool) string {
	if live {
		return "etcd"
	}
	return "the policy"
}

// WhoCan is the users that can read or write some keys.
type WhoCan struct {
	Access  keyrange.Access
	Keys    keyrange.Permission // its access means nothing
	Holders []roles.Holding
	Users   AskedUsers
	Live    bool
}

// Text implements Answer.
func (w WhoCan) Text(s *Sheet) {
	var rows [][]any
	whole := 0
	for _, h := range w.Holders {
		if h.Whole {
			whole++
		}
		first := []string{h.User}
		if note := w.Users.all[h.User].note(); note != "" {
			first = append(first, "  "+note)
		}
		for i, g := range h.Grants {
			row := []any{"", reachText(h), g.Role, g.Permission}
			if i == 0 {
				row[0] = first
			} else {
				row[1] = ""
			}
			rows = append(rows, row)
		}
	}
	if len(rows) > 0 {
		s.Table([]string{"user", "reaches", "role", "permission"}, rows)
		s.Line("")
	}
	s.Line("by %s, %s can %s %s%s", source(w.Live), count.Of(whole, "user"), w.Access, w.Keys.Target(), inPart(len(w.Holders)-whole))
	w.Users.warn(s)
}

func inPart(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", %d a part of it", n)
}

func reachText(h roles.Holding) string {
	if h.Whole {
		return "all"
	}
	return "a part"
}

// Can is whether one user can read or write some keys.
type Can struct {
	Access keyrange.Access
	Keys   keyrange.Permission // its access means nothing
	roles.Holding
	Users AskedUsers
	Live  bool
}

// Text implements Answer.
func (c Can) Text(s *Sheet) {
	switch {
	case c.Whole:
		s.Line("%s: by %s, user %q can %s %s", s.Paint(Good, "yes"), source(c.Live), c.User, c.Access, c.Keys.Target())
	case c.Part.IsEmpty():
		s.Line("%s: by %s, user %q cannot %s %s", s.Paint(Bad, "no"), source(c.Live), c.User, c.Access, c.Keys.Target())
	default:
		s.Line("%s: by %s, user %q can %s only a part of %s:", s.Paint(Bad, "no"), source(c.Live), c.User, c.Access, c.Keys.Target())
		for _, r := range c.Part.Ranges() {
			s.Line("  %s", r.Target())
		}
	}
	for _, g := range c.Grants {
		s.Line("  role %q: %s", g.Role, g.Permission)
	}
	if note := c.Users.all[c.User].note(); note != "" {
		s.Line("  %s", note)
	}
	c.Users.warn(s)
}

// Matrix is all key spaces with the users that reach them.
type Matrix struct {
	Spaces     []roles.Space
	Superusers []string
	Users      AskedUsers
	Live       bool
}

// Text implements Answer.
func (m Matrix) Text(s *Sheet) {
	var rows [][]any
	for _, space := range m.Spaces {
		rows = append(rows, []any{space.Range.Target(), usersText(space.Read), usersText(space.Write)})
	}
	if len(rows) > 0 {
		s.Table([]string{"keys", "read by", "written by"}, rows)
		s.Line("")
	}
	s.Line("superusers, who reach every key: %s", cmp.Or(strings.Join(m.Superusers, ", "), "none"))
	m.Users.warn(s)
}

// usersText is names; one in parentheses reaches only some of the keys.
func usersText(list []roles.Holding) string {
	var names []string
	for _, h := range list {
		if h.Whole {
			names = append(names, h.User)
		} else {
			names = append(names, "("+h.User+")")
		}
	}
	return cmp.Or(strings.Join(names, ", "), "-")
}

// whoCanDocument is the answer of who-can and can (kinds WhoCan and Can).
type whoCanDocument struct {
	Header
	Access  string             `json:"access"` // read or write
	Keys    rangeDocument      `json:"keys"`
	Live    bool               `json:"live"` // etcd answered, and not the policy
	Auth    bool               `json:"auth"` // etcd checks permissions
	Can     *bool              `json:"can,omitempty"`
	Holders []reachingDocument `json:"holders"`
}

// rangeDocument is a range of keys as etcd's API writes it.
type rangeDocument struct {
	Key      string `json:"key"`
	RangeEnd string `json:"rangeEnd,omitempty"` // "\u0000": no end
	Text     string `json:"text"`
}

// reachingDocument is one user and what it reaches.
type reachingDocument struct {
	User      string          `json:"user"`
	Component string          `json:"component,omitempty"`
	Named     bool            `json:"inPolicy"`
	Password  bool            `json:"password"`
	Whole     bool            `json:"whole"` // all of the keys
	Reaches   []rangeDocument `json:"reaches"`
	Grants    []grantDocument `json:"grants"`
}

// grantDocument is a permission that gives the access.
type grantDocument struct {
	Role   string        `json:"role"`
	Access string        `json:"access"` // read, write or readwrite
	Keys   rangeDocument `json:"keys"`
}

func rangeOf(p keyrange.Permission) rangeDocument {
	return rangeDocument{p.Key, p.RangeEnd, p.Target()}
}

func (u AskedUsers) holder(h roles.Holding) reachingDocument {
	about := u.all[h.User]
	d := reachingDocument{User: h.User, Component: about.Component, Named: about.Named, Password: about.Password, Whole: h.Whole, Reaches: []rangeDocument{}, Grants: []grantDocument{}}
	for _, r := range h.Part.Ranges() {
		d.Reaches = append(d.Reaches, rangeOf(r.Permission(keyrange.Read)))
	}
	for _, g := range h.Grants {
		d.Grants = append(d.Grants, grantDocument{g.Role, string(g.Permission.Access), rangeOf(g.Permission)})
	}
	return d
}

// Document implements Answer.
func (w WhoCan) Document() any {
	d := whoCanDocument{Header: header("WhoCan"), Access: string(w.Access), Keys: rangeOf(w.Keys), Live: w.Live, Auth: !w.Users.off, Holders: []reachingDocument{}}
	for _, h := range w.Holders {
		d.Holders = append(d.Holders, w.Users.holder(h))
	}
	return d
}

// Document implements Answer.
func (c Can) Document() any {
	return whoCanDocument{Header: header("Can"), Access: string(c.Access), Keys: rangeOf(c.Keys), Live: c.Live, Auth: !c.Users.off,
		Can: &c.Whole, Holders: []reachingDocument{c.Users.holder(c.Holding)}}
}

// matrixDocument is the answer of matrix (kind Matrix).
type matrixDocument struct {
	Header
	Live       bool            `json:"live"`
	Auth       bool            `json:"auth"`
	Spaces     []spaceDocument `json:"spaces"`
	Superusers []string        `json:"superusers"`
}

// spaceDocument is one key space.
type spaceDocument struct {
	Keys  rangeDocument      `json:"keys"`
	Read  []reachingDocument `json:"read"`
	Write []reachingDocument `json:"write"`
}

// Document implements Answer.
func (m Matrix) Document() any {
	d := matrixDocument{Header: header("Matrix"), Live: m.Live, Auth: !m.Users.off, Spaces: []spaceDocument{}, Superusers: orEmpty(m.Superusers)}
	for _, space := range m.Spaces {
		out := spaceDocument{Keys: rangeOf(space.Range.Permission(keyrange.Read)), Read: []reachingDocument{}, Write: []reachingDocument{}}
		for _, h := range space.Read {
			out.Read = append(out.Read, m.Users.holder(h))
		}
		for _, h := range space.Write {
			out.Write = append(out.Write, m.Users.holder(h))
		}
		d.Spaces = append(d.Spaces, out)
	}
	return d
}
