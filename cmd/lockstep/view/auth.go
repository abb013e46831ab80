package view

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"lockstep/bootstrap"
	"lockstep/bootstrap/verify"
	"lockstep/roles"
)

// AuthState is the answer of auth status.
type AuthState struct {
	bootstrap.AuthState
	Cluster string
}

// Text implements Answer.
func (a AuthState) Text(s *Sheet) {
	var rows [][]any
	for _, m := range a.Members {
		rows = append(rows, []any{m.Name, authWord(m), revisionWord(m), rootText(m)})
	}
	s.Table([]string{"member", "auth", "revision", a.As.Whose()}, rows)
	if a.Unread != nil {
		s.Line("%s the users with role root are not known: %v", s.Paint(Warn, "warning:"), a.Unread)
	}
	for _, u := range a.Superusers {
		s.Line("role root: user %q%s, %s", u.Name, whoseText(u), passwordText(u.Password))
	}
}

func authWord(m verify.Member) string {
	switch {
	case m.Err != nil, m.Learner:
		return "unknown"
	case m.AuthOn:
		return "on"
	}
	return "off"
}

func revisionWord(m verify.Member) string {
	if m.AuthRevision == 0 {
		return "-"
	}
	return fmt.Sprint(m.AuthRevision)
}

func rootText(m verify.Member) string {
	switch {
	case m.Err != nil:
		return "not known: " + m.Err.Error()
	case m.Root.Outcome == verify.Accepted:
		return "gets in"
	case m.Root.Outcome == verify.IdentityIgnored:
		return "is taken and its CN ignored: restart this member with --client-cert-auth"
	case m.Learner:
		return "not known: a learner does not tell"
	case !m.AuthOn:
		return "not known while auth is off"
	case m.Root.Err != nil:
		return "not known: " + m.Root.Err.Error()
	}
	return "not known"
}

func whoseText(u bootstrap.Superuser) string {
	switch {
	case u.Root:
		return " (lockstep's own, by a certificate)"
	case u.Component != "":
		return fmt.Sprintf(" (component %s)", u.Component)
	}
	return " (not in the policy)"
}

func passwordText(p roles.Password) string {
	switch {
	case p == roles.PasswordAbsent:
		return "no password"
	case p.Exists():
		return "with a password"
	}
	return "whether it has a password is not known"
}

// passwordWord is what a document says of a user's password.
func passwordWord(p roles.Password) string {
	switch {
	case p == roles.PasswordAbsent:
		return "none"
	case p.Exists():
		return "set"
	}
	return "unknown"
}

// authStateDocument is the answer of auth status (kind AuthStatus).
type authStateDocument struct {
	Header
	Cluster    string               `json:"cluster"`
	As         string               `json:"as"`     // whose certificate was shown to the members
	InStep     bool                 `json:"inStep"` // auth is on and that certificate gets in, on every member
	Members    []authMemberDocument `json:"members"`
	Superusers []superuserDocument  `json:"superusers"`
	Unread     string               `json:"superusersUnknown,omitempty"` // why superusers is not known
}

// authMemberDocument is what one member says of auth.
type authMemberDocument struct {
	Name      string `json:"name"`
	ClusterID string `json:"clusterID,omitempty"` // hex
	Auth      string `json:"auth"`                // on, off, unknown
	Revision  uint64 `json:"authRevision"`        // 0: it does not tell
	Root      string `json:"root"`                // what became of the certificate: accepted, ignored, unknown
	Reason    string `json:"reason,omitempty"`    // of what is not accepted
}

// superuserDocument is a user that holds role root.
type superuserDocument struct {
	User      string `json:"user"`
	Component string `json:"component,omitempty"` // that the policy makes an administrator with this user
	Password  string `json:"password"`            // none, set, unknown
}

// Document implements Answer.
func (a AuthState) Document() any {
	d := authStateDocument{Header: header("AuthStatus"), Cluster: a.Cluster, As: cmp.Or(strings.Trim(a.As.Shown, "\""), "root"), InStep: a.Settled(), Members: []authMemberDocument{}, Superusers: []superuserDocument{}}
	for _, m := range a.Members {
		one := authMemberDocument{Name: m.Name, Auth: authWord(m), Revision: m.AuthRevision, Root: "unknown", Reason: rootText(m)}
		if m.Described {
			one.ClusterID = fmt.Sprintf("%x", m.ClusterID)
		}
		switch m.Root.Outcome {
		case verify.Accepted:
			one.Root, one.Reason = "accepted", ""
		case verify.IdentityIgnored:
			one.Root = "ignored"
		}
		d.Members = append(d.Members, one)
	}
	for _, u := range a.Superusers {
		d.Superusers = append(d.Superusers, superuserDocument{u.Name, u.Component, passwordWord(u.Password)})
	}
	if a.Unread != nil {
		d.Unread = a.Unread.Error()
	}
	return d
}

// Opens tells what turning auth off opens, before the question.
type Opens struct {
	bootstrap.Opening
	Cluster string
}

// Text implements Message.
func (o Opens) Text(s *Sheet) {
	s.Line("This turns auth off on cluster %q (%x), for: %s", o.Cluster, o.ClusterID, o.Reason)
	s.Line("While it is off:")
	for _, sentence := range o.Opens {
		s.Wrapped("  - ", "    ", sentence)
	}
}

// AuthOff is the answer of auth off.
type AuthOff struct {
	bootstrap.Opening
	Cluster string
}

// Text implements Answer.
func (o AuthOff) Text(s *Sheet) {
	members := strings.Join(o.Members, ", ")
	if o.Already {
		s.Line("auth of cluster %q (%x) was off already on %s; nothing was changed", o.Cluster, o.ClusterID, members)
	} else {
		s.Line("auth of cluster %q (%x) is off on %s since %s, for: %s", o.Cluster, o.ClusterID, members, o.At.UTC().Format(time.RFC3339), o.Reason)
	}
	s.Line("lockstep bootstrap turns it on again")
}

// authOffDocument is the answer of auth off (kind AuthOff).
type authOffDocument struct {
	Header
	Cluster   string   `json:"cluster"`
	ClusterID string   `json:"clusterID"` // hex
	Reason    string   `json:"reason"`
	Time      string   `json:"time"`         // RFC 3339, UTC; when it was turned off, or seen off
	Already   bool     `json:"already"`      // it was off before
	Revision  uint64   `json:"authRevision"` // afterwards
	Members   []string `json:"members"`
	Opens     []string `json:"opens"` // who may do what while auth is off, in sentences
}

// Document implements Answer.
func (o AuthOff) Document() any {
	return authOffDocument{header("AuthOff"), o.Cluster, fmt.Sprintf("%x", o.ClusterID), o.Reason, o.At.UTC().Format(time.RFC3339), o.Already, o.Revision, orEmpty(o.Members), orEmpty(o.Opens)}
}
