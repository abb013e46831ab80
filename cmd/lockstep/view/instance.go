package view

import "time"

// RemovedInstance is an instance of a component that is gone.
type RemovedInstance struct {
	Name      string // NAME/INSTANCE
	Component string
	User      string
	Diff      string    // of the policy file
	Retired   string    // folder of its certificates
	Until     time.Time // when its certificate ends; zero where it had none
	Serial    string    // of its certificate, in hexadecimal
}

// Text implements Answer.
func (r RemovedInstance) Text(s *Sheet) {
	Diff(r.Diff).Text(s)
	if r.Diff != "" {
		s.Line("")
	}
	if r.Until.IsZero() {
		s.Line("removed %s: it had no certificate", r.Name)
		return
	}
	s.Line("removed %s: its certificate is in %s, its key is deleted", r.Name, r.Retired)
	s.Line("user %q stays for the other instances: a copy of this certificate and key gives its access until %s", r.User, r.Until.UTC().Format(time.RFC3339))
	s.Line("  if its key may have leaked: lockstep certs revoke %s --serial %s", r.Component, r.Serial)
}

// removedInstanceDocument is the answer of remove --instance (kind RemovedInstance).
type removedInstanceDocument struct {
	Header
	Name    string `json:"name"` // NAME/INSTANCE
	User    string `json:"user"`
	Diff    string `json:"diff"`
	Retired string `json:"retired"`
	Until   string `json:"until,omitempty"`  // RFC 3339, UTC: when its certificate ends
	Serial  string `json:"serial,omitempty"` // of its certificate, in hexadecimal
}

// Document implements Answer.
func (r RemovedInstance) Document() any {
	d := removedInstanceDocument{Header: header("RemovedInstance"), Name: r.Name, User: r.User, Diff: r.Diff, Retired: r.Retired, Serial: r.Serial}
	if !r.Until.IsZero() {
		d.Until = r.Until.UTC().Format(time.RFC3339)
	}
	return d
}
