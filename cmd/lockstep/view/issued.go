package view

import "time"

// Issued is a certificate that was written because the operator asked for it by name.
type Issued struct {
	Folder   string
	User     string
	NotAfter time.Time
}

// Text implements Answer.
func (i Issued) Text(s *Sheet) {
	s.Line("%s: user %q until %s", i.Folder, i.User, i.NotAfter.UTC().Format(time.RFC3339))
	s.Line("use it: (cd %s && set -a && . ./etcdctl.env && etcdctl member list)", i.Folder)
}

// Document implements Answer.
func (i Issued) Document() any {
	return issuedDocument{header("Issued"), i.Folder, i.User, i.NotAfter.UTC().Format(time.RFC3339)}
}
