package view

import (
	"crypto/x509"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"lockstep/certgen"
	"lockstep/policies/count"
	"lockstep/policies/presets"
)

// CertificateSteps is what a command is about to do in the PKI folder.
type CertificateSteps []certgen.Step

// Text implements Message.
func (steps CertificateSteps) Text(s *Sheet) {
	for i, step := range steps {
		if i == planLines {
			more(s, "", len(steps)-planLines)
			return
		}
		s.Line("~ %s: %s", step, step.Reason)
	}
}

// NewCertificate is a certificate that was made anew.
type NewCertificate struct {
	Name    string // as commands take it
	Rekeyed bool   // with a new key
	Path    string // its Profile.Path
	Leaf    *x509.Certificate
	HasKey  bool // its key is in the folder
	Place   certgen.Place
	Folder  string // the PKI folder
	// Password is the path of the user's new password, which etcd does not know yet; "" for none.
	Password string
	Reload   presets.Reload
}

// Action is the verb that made it.
func (c NewCertificate) Action() string {
	if c.Rekeyed {
		return "rekey"
	}
	return "renew"
}

// files is what has to be copied.
func (c NewCertificate) files() string {
	crt := filepath.Join(c.Folder, filepath.FromSlash(c.Path)) + ".crt"
	switch {
	case c.Password != "":
		return crt + ", .key and password"
	case c.Rekeyed:
		return crt + " and .key"
	}
	return crt
}

// next says what the software does with the copied files.
func (c NewCertificate) next() string {
	reads := map[presets.Rereading]string{
		presets.Reread:  "it is used on the next connection, without a restart",
		presets.Restart: "restart the software",
		presets.EachRun: "it is used at the next run",
		"":              "restart the software, unless it rereads its certificate",
	}[c.Reload.Certificate]
	if c.Rekeyed && c.Reload.Certificate == presets.Reread {
		reads = "it is used on the next connection; between the copies of the two files new connections fail"
	}
	return reads
}

// HookRun is what a program of --exec said for one certificate.
type HookRun struct {
	Program, Certificate string
	Output               string
	Err                  error // nil: it succeeded
}

// Text implements Message.
func (h HookRun) Text(s *Sheet) {
	for line := range strings.Lines(h.Output) {
		s.Line("%s", strings.TrimRight(line, "\r\n"))
	}
	if h.Err != nil {
		s.Line("%s for %s: %v", h.Program, h.Certificate, h.Err)
	}
}

// Renewed is what certs renew and certs rekey have done.
type Renewed struct {
	Certificates []NewCertificate
	Left         []string // what was left as it is, and why
	Lists        []string // revocation lists that were signed
}

// Text implements Answer.
func (r Renewed) Text(s *Sheet) {
	if len(r.Certificates) == 0 && len(r.Left) == 0 {
		s.Line("nothing to do: no certificate is due")
		return
	}
	for _, c := range r.Certificates {
		s.Line("%s: valid until %s, serial number %x", c.Name, c.Leaf.NotAfter.UTC().Format(time.RFC3339), c.Leaf.SerialNumber)
		s.Wrapped("  copy ", "    ", fmt.Sprintf("%s to the %s; %s", c.files(), holderOf(c.Place), c.next()))
		if c.Password != "" {
			s.Wrapped("  then ", "    ", "run lockstep apply, which sets the new password in etcd: until then the former one counts there, and from then on "+
				"the component is refused until it uses the new one. One user has one password. A second user leaves no such gap (docs/gateway.md)")
		}
	}
	for _, file := range r.Lists {
		if host := filepath.Base(filepath.Dir(file)); filepath.Dir(file) != r.folder() {
			s.Wrapped("  copy ", "    ", fmt.Sprintf("%s to %s, after the certificates: until it is there, the former keys are taken there; it is read at the next connection", file, host))
		}
	}
	for _, left := range r.Left {
		s.Line("left alone: %s", left)
	}
	if len(r.Certificates) > 0 {
		s.Line("")
		s.Line("%s made anew; the old ones are in %s", count.Of(len(r.Certificates), "certificate"), filepath.Join(r.Certificates[0].Folder, certgen.RetiredDir))
	}
}

// folder is the PKI folder; "" when nothing was made.
func (r Renewed) folder() string {
	if len(r.Certificates) == 0 {
		return ""
	}
	return r.Certificates[0].Folder
}

// holderOf is who uses the files of a place.
func holderOf(place certgen.Place) string {
	switch place.Kind {
	case certgen.PlaceMember:
		return "member " + place.Name
	case certgen.PlaceProxy:
		return "proxy " + place.Name
	}
	return "component"
}

// renewedDocument is the answer of certs renew and certs rekey (kind Renewed).
type renewedDocument struct {
	Header
	Certificates []newCertificateDocument `json:"certificates"`
	Left         []string                 `json:"left"`            // what was left as it is, and why
	Lists        []string                 `json:"lists,omitempty"` // revocation lists that were signed
}

// newCertificateDocument is one certificate that was made anew.
type newCertificateDocument struct {
	Name      string `json:"name"`
	Action    string `json:"action"` // renew or rekey
	File      string `json:"file"`
	Serial    string `json:"serial"`   // hex
	NotAfter  string `json:"notAfter"` // RFC 3339, UTC
	Reloading string `json:"reloading,omitempty"`
	Password  string `json:"passwordFile,omitempty"` // the user's new password, which lockstep apply sets in etcd
}

// Document implements Answer.
func (r Renewed) Document() any {
	d := renewedDocument{Header: header("Renewed"), Certificates: []newCertificateDocument{}, Left: append([]string{}, r.Left...), Lists: r.Lists}
	for _, c := range r.Certificates {
		d.Certificates = append(d.Certificates, newCertificateDocument{
			Name: c.Name, Action: c.Action(), File: c.Path + ".crt", Serial: fmt.Sprintf("%x", c.Leaf.SerialNumber),
			NotAfter: c.Leaf.NotAfter.UTC().Format(time.RFC3339), Reloading: string(c.Reload.Certificate), Password: c.Password,
		})
	}
	return d
}
