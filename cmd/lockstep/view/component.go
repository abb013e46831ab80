package view

import (
	"fmt"
	"strings"
	"time"

	"lockstep/bootstrap/verify"
	"lockstep/policies"
	"lockstep/policies/count"
	"lockstep/policies/strict"
)

// Added is a component that was added and has tried itself.
type Added struct {
	Diff   string // of the policy file; "" when it was there already
	Folder string // to copy to the component
	Proof  verify.Proof
	Try    string // an etcdctl command that it is allowed
}

// Text implements Answer.
func (a Added) Text(s *Sheet) {
	Diff(a.Diff).Text(s)
	if a.Diff != "" {
		s.Line("")
	}
	p := Proof{Evidence: &verify.Evidence{Proofs: []verify.Proof{a.Proof}}}
	p.table(s)
	s.Line("")
	s.Line("copy to the component: %s", a.Folder)
	if !a.Proof.NotAfter.IsZero() {
		s.Line("valid until %s", a.Proof.NotAfter.UTC().Format(time.RFC3339))
	}
	s.Line("try it: (cd %s && set -a && . ./etcdctl.env && etcdctl %s)", a.Folder, a.Try)
}

// Document implements Answer.
func (a Added) Document() any {
	return addedDocument{header("Added"), a.Diff, a.Folder, componentDocument(a.Proof)}
}

// NewComponent is what to know about a component before it is added.
type NewComponent struct {
	Name     string
	Warnings strict.Problems
	Overlap  policies.Overlap
}

// Text implements Message.
func (n NewComponent) Text(s *Sheet) {
	Problems(n.Warnings).Text(s)
	for _, part := range []struct {
		may   string
		names []string
	}{{"write", n.Overlap.Written}, {"read", n.Overlap.Read}} {
		if len(part.names) > 0 {
			s.Wrapped("", "  ", fmt.Sprintf("%s may %s keys of %s: %s", n.Name, part.may, count.Of(len(part.names), "other component"), strings.Join(part.names, ", ")))
		}
	}
}

// Removed is a component that is gone.
type Removed struct {
	Name, User string
	Diff       string    // of the policy file
	Retired    string    // folder of its certificates
	Until      time.Time // when its certificate ends; zero where it had none
	External   bool      // the certificate was made outside lockstep
}

// Text implements Answer.
func (r Removed) Text(s *Sheet) {
	Diff(r.Diff).Text(s)
	if r.Diff != "" {
		s.Line("")
	}
	switch {
	case r.External:
		s.Line("removed %s: user %q is gone; its certificate is external and valid until %s, a copy is in %s", r.Name, r.User, r.Until.UTC().Format(time.DateOnly), r.Retired)
	default:
		s.Line("removed %s: user %q is gone, its certificate is in %s, its key is deleted", r.Name, r.User, r.Retired)
		if !r.Until.IsZero() {
			s.Line("the certificate stays valid until %s, without a user", r.Until.UTC().Format(time.RFC3339))
			s.Line("  if its key may have leaked: lockstep certs revoke %s", r.Name)
		}
	}
	s.Line("watches that it opened go on until its connections end")
}

// Document implements Answer.
func (r Removed) Document() any {
	d := removedDocument{Header: header("Removed"), Name: r.Name, User: r.User, Diff: r.Diff, Retired: r.Retired}
	if !r.Until.IsZero() {
		d.Until = r.Until.UTC().Format(time.RFC3339)
	}
	return d
}
