package policies

import (
	"fmt"
	"strings"
	"time"

	"lockstep/policies/hint"
	"lockstep/policies/strict"
)

// Accept is a finding of verify that the operator accepts until a day.
type Accept struct {
	Check   string    // code of the check, as verify prints it: users/unmanaged-root
	Subject string    // the finding's subject: a user, a member, a path
	Reason  string    // why, for those who read the policy and the report
	Finding string    `json:",omitempty"` // the text of the finding that is accepted; "": any of this check and subject
	Until   time.Time // the day that the policy names, in UTC: the last one on which it counts
	At      strict.Position
	Path    string // accept[2]
}

// Counts reports whether the acceptance still holds. It ends with the day that it names, in UTC.
func (a Accept) Counts(now time.Time) bool { return now.Before(a.Until.AddDate(0, 0, 1)) }

// Covers reports whether the acceptance is of a finding with this text.
func (a Accept) Covers(text string) bool { return a.Finding == "" || a.Finding == text }

// Accepts finds what the policy says about one finding, whether it still counts or not.
func (p *Policy) Accepts(check, subject string) (Accept, bool) {
	return find(p.Accept, func(a Accept) bool { return a.Check == check && a.Subject == subject })
}

func acceptType() strict.Type {
	return strict.Type{Kind: strict.Mapping, Fields: []strict.Field{
		{Name: "check", Required: true, Type: strict.Type{Kind: strict.Text, Pattern: `^[a-z]+/[a-z-]+$`, Says: "the code of a check, as verify prints it (users/unmanaged-write)"},
			Doc: "The code of the check, as verify prints it."},
		{Name: "subject", Required: true, Type: sentence(), Doc: "What the finding is about, as verify prints it before the colon: a user, a member, a path."},
		{Name: "finding", Type: sentence(), Doc: "The text of the finding, as verify prints it after the subject. With another text, as when a user reaches more keys, the finding counts again. Without it every finding of this check about this subject is accepted."},
		{Name: "reason", Required: true, Type: sentence(), Doc: "Why it is accepted."},
		{Name: "until", Required: true, Type: date(), Doc: "The last day on which it is accepted, as 2027-06-30. From the next day on the finding counts again."},
	}}
}

func sentence() strict.Type {
	return strict.Type{Kind: strict.Text, NonEmpty: true, Check: func(s string) error {
		if strings.TrimSpace(s) == "" {
			return fmt.Errorf("is empty")
		}
		return nil
	}}
}

func date() strict.Type {
	return strict.Type{Kind: strict.Text, Pattern: `^[0-9]{4}-[0-9]{2}-[0-9]{2}$`, Check: func(s string) error {
		if _, err := time.Parse(time.DateOnly, s); err != nil {
			return hint.With(fmt.Errorf("%q is no day", s), `write year, month and day in quotation marks: "2027-06-30"`)
		}
		return nil
	}}
}

// readAccept reads what is accepted. Whether such a check exists is known to verify, not
// here.
func (p *parser) readAccept(items []strict.Value) []Accept {
	var out []Accept
	for _, v := range items {
		if !v.Sound() {
			continue
		}
		until, err := time.Parse(time.DateOnly, v.Field("until").Text())
		if err != nil {
			continue // reported by the table
		}
		a := Accept{Check: v.Field("check").Text(), Subject: v.Field("subject").Text(), Finding: v.Field("finding").Text(), Reason: v.Field("reason").Text(), Until: until, At: v.Position, Path: v.Path}
		if first, twice := find(out, func(b Accept) bool { return a.Check == b.Check && a.Subject == b.Subject }); twice {
			p.Fail(v, "keep one of the two", "%s of %q is already accepted at %s", a.Check, a.Subject, first.At)
		}
		out = append(out, a)
	}
	return out
}
