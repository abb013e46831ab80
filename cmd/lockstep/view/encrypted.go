package view

import (
	"strings"

	"lockstep/policies/count"
)

// Encrypted is the CA keys that were encrypted.
type Encrypted struct {
	Folder string
	CAs    []string // none: all had this passphrase already
}

// Text implements Answer.
func (e Encrypted) Text(s *Sheet) {
	if len(e.CAs) == 0 {
		s.Line("%s: every CA key is encrypted with this passphrase already", e.Folder)
		return
	}
	s.Line("%s: encrypted the keys of %s (%s)", e.Folder, count.Of(len(e.CAs), "CA"), strings.Join(e.CAs, ", "))
	s.Line("keep the passphrase where the keys are not: without it no CA here signs again")
	s.Line("delete what copies of the plain keys there are, in backups too")
}

// encryptedDocument is the answer of certs encrypt-ca (kind Encrypted).
type encryptedDocument struct {
	Header
	Folder string   `json:"folder"`
	CAs    []string `json:"cas"`
}

// Document implements Answer.
func (e Encrypted) Document() any { return encryptedDocument{header("Encrypted"), e.Folder, e.CAs} }
