package view

import (
	"strings"
	"time"
)

// Signed is a certificate for a key that its component keeps.
type Signed struct {
	Name     string // the component's
	User     string
	Folder   string
	Serial   string // hexadecimal
	NotAfter time.Time
	Copy     []string // the files of the folder that the component needs
	Out      string   // the copy of the certificate that was asked for; "" for none
}

// Text implements Answer.
func (c Signed) Text(s *Sheet) {
	s.Line("signed for %s: user %q until %s", c.Name, c.User, c.NotAfter.UTC().Format(time.RFC3339))
	if c.Out != "" {
		s.Line("wrote %s", c.Out)
	}
	s.Line("copy from %s to the folder of its key, client.key: %s", c.Folder, strings.Join(c.Copy, ", "))
	s.Line("this gives no permission: lockstep apply adds the user where etcd has none")
}

// signedDocument is the answer of certs sign (kind Signed).
type signedDocument struct {
	Header
	Name     string   `json:"name"`
	User     string   `json:"user"`
	Folder   string   `json:"folder"`
	Serial   string   `json:"serial"`   // hexadecimal
	NotAfter string   `json:"notAfter"` // RFC 3339, UTC
	Copy     []string `json:"copy"`     // the files of the folder that the component needs
	Out      string   `json:"out,omitempty"`
}

// Document implements Answer.
func (c Signed) Document() any {
	return signedDocument{header("Signed"), c.Name, c.User, c.Folder, c.Serial, c.NotAfter.UTC().Format(time.RFC3339), c.Copy, c.Out}
}
