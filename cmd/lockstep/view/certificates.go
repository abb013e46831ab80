package view

import (
	"fmt"
	"time"

	"lockstep/bootstrap/verify"
	"lockstep/certgen"
	"lockstep/policies/count"
)

// Certificates is the inventory of certificates.
type Certificates struct {
	Entries []certgen.Entry
	Now     time.Time
}

// Attention counts the entries for which the operator has something to do.
func (c Certificates) Attention() (n int) {
	for _, e := range c.Entries {
		if e.Health.Attention() {
			n++
		}
	}
	return n
}

// serialShown is how many hex digits of a serial number the table shows.
const serialShown = 8

// Text implements Answer.
func (c Certificates) Text(s *Sheet) {
	var rows [][]any
	for _, e := range c.Entries {
		serial := e.SerialText()
		if len(serial) > serialShown {
			serial = serial[:serialShown]
		}
		first := []string{e.Name}
		if e.Note != "" {
			first = append(first, "  "+e.Note) // below its row
		}
		rows = append(rows, []any{first, holder(e), e.CA, serial, c.left(e), e.Health})
	}
	s.Table([]string{"name", "for", "CA", "serial", "ends in", "state"}, rows)
	s.Line("")
	s.Line("%s, %d need attention", count.Of(len(c.Entries), "certificate"), c.Attention())
}

// left is how long e is valid.
func (c Certificates) left(e certgen.Entry) string {
	switch {
	case e.Ends.IsZero():
		return "-"
	case !c.Now.Before(e.Ends):
		return "ended"
	}
	return verify.Days(e.Ends.Sub(c.Now))
}

// holder is the user or the first host and how many more there are; of a CA nothing: its name
// says it.
func holder(e certgen.Entry) string {
	names := e.Holder()
	if e.Cert != nil && e.Cert.IsCA {
		names = nil
	}
	switch len(names) {
	case 0:
		return "-"
	case 1:
		return names[0]
	}
	return fmt.Sprintf("%s +%d", names[0], len(names)-1)
}

// certificatesDocument is the answer of certs list (kind Certificates).
type certificatesDocument struct {
	Header
	Certificates []certificateDocument `json:"certificates"` // by their ends
	Attention    int                   `json:"attention"`    // for how many the operator has something to do
}

// certificateDocument is one certificate, CA or revocation list.
type certificateDocument struct {
	Name      string   `json:"name"` // as commands take it
	File      string   `json:"file"` // below the PKI folder, or outside of it
	CA        string   `json:"ca,omitempty"`
	User      string   `json:"user,omitempty"`  // the CN of a client certificate
	Hosts     []string `json:"hosts,omitempty"` // the SANs of a server certificate
	Serial    string   `json:"serial,omitempty"`
	NotBefore string   `json:"notBefore,omitempty"` // RFC 3339, UTC
	NotAfter  string   `json:"notAfter,omitempty"`  // of a revocation list its next update
	State     string   `json:"state"`
	Note      string   `json:"note,omitempty"`
}

// Document implements Answer.
func (c Certificates) Document() any {
	d := certificatesDocument{Header: header("Certificates"), Certificates: []certificateDocument{}, Attention: c.Attention()}
	for _, e := range c.Entries {
		one := certificateDocument{Name: e.Name, File: e.File, CA: string(e.CA), Serial: e.SerialText(), State: string(e.Health), Note: e.Note}
		if e.Cert != nil {
			one.User, one.Hosts = certgen.UserOf(e.Cert), e.Hosts()
			one.NotBefore = e.Cert.NotBefore.UTC().Format(time.RFC3339)
		}
		if !e.Ends.IsZero() {
			one.NotAfter = e.Ends.UTC().Format(time.RFC3339)
		}
		d.Certificates = append(d.Certificates, one)
	}
	return d
}
